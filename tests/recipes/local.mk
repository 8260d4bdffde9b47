# SPDX-License-Identifier: LGPL-2.1-or-later
# The recipes of docs/recipes.md: run by scripts/check, as root, not by "make check".
EXTRA_DIST += \
	%D%/README.md \
	%D%/bed.sh \
	%D%/check \
	%D%/hypervisor.sh \
	%D%/libvirt.sh \
	%D%/polkit.sh \
	%D%/qemu.sh \
	%D%/smartcards.sh \
	%D%/ssh.sh \
	%D%/thin-client.sh \
	%D%/tls.sh
