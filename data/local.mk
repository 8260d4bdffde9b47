# SPDX-License-Identifier: LGPL-2.1-or-later
include %D%/dbus-1/local.mk
include %D%/polkit-1/local.mk
include data/completions/local.mk
