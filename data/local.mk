# SPDX-License-Identifier: LGPL-2.1-or-later
include data/filters.d/local.mk
