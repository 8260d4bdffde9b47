# SPDX-License-Identifier: LGPL-2.1-or-later
dist_man_MANS += %D%/usbredirctl.1
dist_man_MANS += \
	%D%/usbredir-filters.5 \
	%D%/usbredir-guests.5 \
	%D%/usbredird.conf.5
dist_man_MANS += %D%/usbredir-session.1
