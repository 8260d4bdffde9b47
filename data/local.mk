# SPDX-License-Identifier: LGPL-2.1-or-later
include %D%/dbus-1/local.mk
include %D%/polkit-1/local.mk
include data/completions/local.mk
# What is installed beside the programs: units, the udev rule, the daemon's user.
systemdsystemunit_DATA = \
	%D%/systemd/usbredir.slice \
	%D%/systemd/usbredir-session.socket \
	%D%/systemd/usbredird-listen@.socket \
	$(generated_units)
udevrulesdir = $(udevdir)/rules.d
udevrules_DATA = %D%/udev/60-usbredir.rules $(generated_rules)
sysusers_DATA = %D%/sysusers.d/usbredir.conf

# Not by configure: it does not know directories in full.
generated_units = \
	%D%/systemd/usbredir-session@.service \
	%D%/systemd/usbredird.service
%D%/systemd/usbredird.service: %D%/systemd/usbredird.service.in
	$(make_unit)
%D%/systemd/usbredir-session@.service: %D%/systemd/usbredir-session@.service.in
	$(make_unit)
make_unit = $(AM_V_GEN)$(MKDIR_P) '$(@D)' && \
	sed -e 's|@bindir[@]|$(bindir)|' -e 's|@sbindir[@]|$(sbindir)|' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|' '$(srcdir)/$@.in' >'$@.tmp' && \
	mv '$@.tmp' '$@'
generated_rules = %D%/udev/61-usbredir-udisks.rules
$(generated_rules): %D%/udev/61-usbredir-udisks.rules.in
	$(make_unit)
$(generated_units) $(generated_rules): Makefile

CLEANFILES += $(generated_units) $(generated_rules)
EXTRA_DIST += \
	%D%/systemd/usbredir.slice \
	%D%/systemd/usbredir-session.socket \
	%D%/systemd/usbredird-listen@.socket \
	%D%/systemd/usbredird.service.in \
	%D%/systemd/usbredir-session@.service.in \
	%D%/udev/60-usbredir.rules \
	%D%/udev/61-usbredir-udisks.rules.in \
	$(sysusers_DATA)
include data/filters.d/local.mk
