# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured: loads, servers, sockets and placements, each said once."""
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Callable, NamedTuple

KIB, MIB = 1024, 1024 * 1024
USBFS_MIB = 16      # for all devices together, unless an admin raises usbcore.usbfs_memory_mb

SOCKETS = ('unix', 'tcp')

# Cores of the server and of the guest. On one core a wake-up is cheap and CPU time is all there is;
# on two they work at the same time, and each wake-up crosses from one to the other.
PLACEMENTS = ('0/0', '0/1')


def bytes_text(size: int) -> str:
    for unit, name in ((MIB, 'MiB'), (KIB, 'KiB')):
        if size >= unit and size % unit == 0:
            return f'{size // unit} {name}'
    return f'{size} B'


@dataclass(frozen=True)
class Case:
    kind: str             # of bench-guest
    size: int             # bytes; of iso-in packets in an URB
    depth: int            # requests, transfers or URBs in flight
    rate: int = 0         # packets a second of the fake device; 0: as fast as it can
    is_flood: bool = False
    is_quick: bool = False

    @property
    def is_paced(self) -> bool:
        return self.rate > 0

    @property
    def name(self) -> str:
        size = f'{self.size} packets' if self.kind == 'iso-in' else bytes_text(self.size)
        depth = '' if self.kind == 'interrupt-in' else f' x {self.depth}'
        pace = f', {self.rate}/s' if self.is_paced else ', flood' if self.is_flood else ''
        return f'{self.kind} {size}{depth}{pace}'

    @property
    def warm_up(self) -> float:
        """Seconds. Socket buffers of large messages go through much memory, and a virtual machine's is slow
        when it is written to for the first time, or again after it was given back to its host."""
        return 0.1 if self.size >= 64 * KIB else 0.02

    @property
    def usbfs_mib(self) -> int:
        """What usbfs must give for this load; 0: no more than it gives by itself."""
        needed = self.size * self.depth // MIB
        return 2 * needed if needed >= USBFS_MIB else 0

    @property
    def fake_libusb(self) -> str:
        memory = f',memory={self.usbfs_mib * MIB}' if self.usbfs_mib else ''
        return f'rate={self.rate}{memory}'


def _bulk() -> list[Case]:
    depths = {512: (1, 8, 16), 4 * KIB: (8, 16), 16 * KIB: (1, 8, 16), 64 * KIB: (1, 8, 16),
              MIB: (1, 4, 8, 16)}
    quick = {(512, 16), (16 * KIB, 8), (64 * KIB, 8), (MIB, 4)}
    return [Case(kind, size, depth, is_quick=(size, depth) in quick)
            for kind in ('bulk-in', 'bulk-out') for size in depths for depth in depths[size]]


# The rate of iso-in counts packets: 8 x 1000 URBs, and 1 x 8000.
CASES = (
    Case('control-in', 64, 1, is_quick=True),
    Case('control-in', 64, 8),
    *_bulk(),
    Case('interrupt-in', 64, 1, rate=8000, is_quick=True),
    Case('iso-in', 8, 4, rate=8000),
    Case('iso-in', 1, 16, rate=8000),
    Case('interrupt-in', 64, 1, is_flood=True, is_quick=True),
    Case('bulk-receiving', 512, 16, is_flood=True),
    Case('iso-in', 8, 4, is_flood=True, is_quick=True),
)

IDLE = Case('idle', 64, 1)

BY_NAME = {case.name: case for case in (*CASES, IDLE)}

RAW_SIZES = (512, 4 * KIB, 16 * KIB, 64 * KIB, MIB)


@dataclass(frozen=True)
class Server:
    name: str
    label: str                    # for people
    command: tuple[str, ...]      # {build}: the build tree; {keys}: a file; {user}, {memory}: options
    sockets: tuple[str, ...] = SOCKETS
    is_sampled: bool = False      # on two cores only with the cases of --quick
    is_busy: bool = False         # with nothing to do: what it uses is not for messages alone
    is_counted: bool = True       # its system calls
    takes: Callable[[Case], bool] = lambda case: True
    guest: tuple[str, ...] = ()   # options of bench-guest


# A key that both have: who is who is asked once, and what is sent goes through the same ciphers.
_TLS = '--tls=psk={keys}'


def _takes_tls(case: Case) -> bool:
    return case.is_quick and case.kind in ('control-in', 'bulk-in')


def _has_ktls() -> bool:
    """Is the kernel's module that encrypts loaded?"""
    protocols = Path('/proc/sys/net/ipv4/tcp_available_ulp')
    return protocols.exists() and 'tls' in protocols.read_text().split()


# The system call filter costs CPU time, wherever the guest runs: on two cores some cases will do.
_SESSION = ('{build}/usbredir-session', '--device=fd:3', '--to=%a', '{user}', '{memory}')
_KTLS = Server('ktls', 'ours, kTLS', (*_SESSION, f'{_TLS},ktls=yes'), sockets=('tcp',), is_counted=False,
               takes=_takes_tls, guest=(f'{_TLS},ktls=yes',))
SERVERS = (
    Server('ours', 'ours', _SESSION),
    Server('no-sandbox', 'ours, no sandbox', (*_SESSION, '--no-sandbox'), is_sampled=True,
           is_counted=False),
    Server('tls', 'ours, TLS', (*_SESSION, _TLS), sockets=('tcp',), is_counted=False,
           takes=_takes_tls, guest=(_TLS,)),
    *((_KTLS,) if _has_ktls() else ()),
    Server('reference', 'reference (b)', ('{build}/bench/bench-reference', '%p')),
    Server('usbredirect', 'usbredirect (a)', ('usbredirect', '--device', '1209:0001', '--to', '%p'),
           sockets=('tcp',), is_busy=True),
)


class Cell(NamedTuple):
    """Where servers are compared."""
    case: Case
    socket: str
    placement: str

    @property
    def name(self) -> str:
        return f'{self.case.name}, {self.socket}, {self.placement}'

    def servers(self, servers: tuple[Server, ...]) -> list[Server]:
        is_sample = self.case.is_quick or self.placement == '0/0'
        return [s for s in servers if self.socket in s.sockets and (is_sample or not s.is_sampled)
                and s.takes(self.case)]


def cells(pattern: str | None = None, quick: bool = False) -> list[Cell]:
    """All of them, or those whose name has the pattern (* and ? as in file names)."""
    chosen = (Cell(*c) for c in product(CASES, SOCKETS, PLACEMENTS))
    return [c for c in chosen if (c.case.is_quick or not quick)
            and (pattern is None or fnmatchcase(c.name, f'*{pattern}*'))]
