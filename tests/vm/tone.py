#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three seconds of sound for 48000 frames a second, two channels, 16 bits. On the left a sawtooth of 480
periods a second, on the right the number of the period: each frame says which one it is.

    tone.py > FILE       writes it, with some silence before and after it
    tone.py WAV          prints what became of it: how many frames came, and how often they broke off;
                         fails if it was more than what clocks that stutter explain
"""
import struct
import sys

FRAMES = 3 * 48000
SILENCE = 4800
PERIOD = 100
WAV_HEADER = 44
FRAME = struct.Struct('<hh')

# Emulated processors are not always on time: what comes too late, or too much at a time, is lost. What
# comes is to be right, and most of it is to come.
GOOD_MIN = FRAMES * 3 // 4
BREAKS_MAX = 30


def frame(number):
    return (number % PERIOD + 1) * 100, number // PERIOD + 1


def number_of(left, right):
    return (right - 1) * PERIOD + left // 100 - 1


def compare(data):
    good = breaks = 0
    wanted = None
    for left, right in FRAME.iter_unpack(data[:len(data) // FRAME.size * FRAME.size]):
        number = number_of(left, right)
        is_tone = 0 <= number < FRAMES and frame(number) == (left, right)
        if is_tone:
            good += 1
            # None before the tone has begun.
            breaks += wanted is not None and number != wanted
            wanted = number + 1
        elif wanted is not None and wanted < FRAMES:
            breaks += 1
            # A break is counted once, however long: on its other side any frame is the right one.
            wanted = None
    print(f'{good} of {FRAMES} frames, {breaks} dropouts')
    return good >= GOOD_MIN and breaks <= BREAKS_MAX


if len(sys.argv) > 1:
    with open(sys.argv[1], 'rb') as file:
        sys.exit(not compare(file.read()[WAV_HEADER:]))
else:
    silence = bytes(SILENCE * FRAME.size)
    sys.stdout.buffer.write(silence)
    for n in range(FRAMES):
        sys.stdout.buffer.write(FRAME.pack(*frame(n)))
    sys.stdout.buffer.write(silence)
