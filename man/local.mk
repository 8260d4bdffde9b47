# SPDX-License-Identifier: LGPL-2.1-or-later
dist_man_MANS += \
	%D%/usbredir.7 \
	%D%/usbredir-filters.5 \
	%D%/usbredir-guests.5 \
	%D%/usbredir-session.1 \
	%D%/usbredir-testguest.1 \
	%D%/usbredirctl.1 \
	%D%/usbredird.8 \
	%D%/usbredird.conf.5
