#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A smartcard for QEMU's ccid-card-passthru: what it answers to an APDU are its bytes, backwards, many
times, so that they need several packets of a reader.

    card.py SOCKET       inserts it, until QEMU ends or this program is
    card.py --atr        prints what it says when it is reset
    card.py --answer APDU
"""
import socket
import struct
import sys

READER_ADD, ATR, APDU = 3, 5, 7
HEADER = struct.Struct('>III')

# Of T=0, which is all that QEMU's reader knows, and four bytes that make it this card.
ATR_BYTES = b'\x3b\x04usbr'


def answer(apdu):
    return apdu[::-1] * 8 + b'\x90\x00'


def serve(path):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    stream = peer.makefile('rwb', buffering=0)

    def send(kind, data):
        stream.write(HEADER.pack(kind, 0, len(data)) + data)

    send(READER_ADD, b'reader')
    send(ATR, ATR_BYTES)
    while True:
        header = peer.recv(HEADER.size, socket.MSG_WAITALL)
        if len(header) < HEADER.size:
            break
        kind, _, length = HEADER.unpack(header)
        data = peer.recv(length, socket.MSG_WAITALL) if length else b''
        if kind == APDU:
            send(APDU, answer(data))


if sys.argv[1] == '--atr':
    print(ATR_BYTES.hex(':'))
elif sys.argv[1] == '--answer':
    print(answer(bytes.fromhex(sys.argv[2])).hex().upper())
else:
    serve(sys.argv[1])
