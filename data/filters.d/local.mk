# SPDX-License-Identifier: LGPL-2.1-or-later
# The rules that come with the package; admins write theirs below $(sysconfdir)/usbredir.
filtersdir = $(prefix)/lib/usbredir/filters.d
dist_filters_DATA = \
	%D%/40-defaults.rules \
	%D%/50-udev.rules \
	%D%/90-defaults.rules

# Where the daemon writes rules that people add; its unit may, if it is there.
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/usbredir/filters.d'
