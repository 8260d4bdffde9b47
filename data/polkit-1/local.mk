# SPDX-License-Identifier: LGPL-2.1-or-later
polkitactionsdir = $(datadir)/polkit-1/actions
dist_polkitactions_DATA = %D%/org.usbredir1.policy
