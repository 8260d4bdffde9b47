# SPDX-License-Identifier: LGPL-2.1-or-later
# Two virtual machines, minutes: run by scripts/check, not by "make check".
EXTRA_DIST += \
	%D%/README.md \
	%D%/check \
	%D%/card.py \
	%D%/check-daemon \
	%D%/check-gadget \
	%D%/check-plugs \
	%D%/check-devices \
	%D%/check-speed \
	%D%/daemon-devices.sh \
	%D%/daemon-figures.sh \
	%D%/daemon-guests.sh \
	%D%/daemon-restarts.sh \
	%D%/daemon-shell \
	%D%/daemon-tls.sh \
	%D%/daemon-users.sh \
	%D%/daemon.sh \
	%D%/debian-disk \
	%D%/debian-init \
	%D%/debian.sh \
	%D%/devices \
	%D%/devices-shell \
	%D%/devices-use.sh \
	%D%/facts.sh \
	%D%/gadget-shell \
	%D%/gadget.sh \
	%D%/image.sh \
	%D%/init \
	%D%/interop.sh \
	%D%/kernel.sh \
	%D%/listen.c \
	%D%/machine.sh \
	%D%/microphone.c \
	%D%/microphone.sh \
	%D%/offers.c \
	%D%/plugs-shell \
	%D%/shell \
	%D%/speed-disk.c \
	%D%/speed-memory.c \
	%D%/speed-trace.awk \
	%D%/speed-wire.c \
	%D%/speed.sh \
	%D%/testusb.c \
	%D%/tone.py \
	%D%/usb.sh
