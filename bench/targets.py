# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is to be reached, as data, and whether it was. A target is met only if the whole interval is on
the right side of its limit: luck does not meet it."""
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from cases import KIB, MIB, Case
from ratios import Interval

# The name of each metric for people, and its name in a run's figures.
METRICS = {
    'cpu': 'CPU per message', 'rate': 'messages/s', 'p50': 'p50', 'p99': 'p99',
    'syscalls': 'system calls per message',
}


def _is_small(c: Case) -> bool:
    return c.kind == 'control-in' or c.kind in ('bulk-in', 'bulk-out') and c.size <= 4 * KIB


def _is_large(kind: str):
    return lambda c: c.kind == kind and c.size >= 64 * KIB and c.depth > 1


SMALL = 'up to 4 KiB, 8 and more in flight'
MIDDLE = '16 KiB, 8 in flight'
MIDDLE_16 = '16 KiB, 16 in flight'
LARGE_IN = '64 KiB and 1 MiB in'
LARGE_OUT = '64 KiB and 1 MiB out'
ONE = 'one request at a time'
ISO = 'iso, 8 packets, 1000 URBs a second'
PACED = '8000 a second'
FLOODS = 'floods'

# Each case is in the first group that takes it.
GROUPS = {
    ONE: lambda c: c.depth == 1 and not c.is_paced and not c.is_flood,
    SMALL: lambda c: _is_small(c) and c.depth >= 8,
    MIDDLE: lambda c: c.kind.startswith('bulk-') and c.size == 16 * KIB and c.depth == 8,
    MIDDLE_16: lambda c: c.kind.startswith('bulk-') and c.size == 16 * KIB,
    LARGE_IN: _is_large('bulk-in'),
    LARGE_OUT: _is_large('bulk-out'),
    ISO: lambda c: c.kind == 'iso-in' and c.size == 8 and c.is_paced,
    PACED: lambda c: c.is_paced,
    FLOODS: lambda c: c.is_flood,
}


def group_of(case: Case) -> str:
    return next(name for name, takes in GROUPS.items() if takes(case))


# How it stands: the whole interval is on the worse side of the reference, whatever the target; it is
# missed otherwise; its median meets it, not its whole interval; it is met.
BEHIND, MISSED, UNCERTAIN, MET = STANDINGS = ('behind', 'missed', 'uncertain', 'met')


@dataclass(frozen=True)
class Target:
    """A ratio of ours, with its sandbox, to the reference."""
    group: str
    metric: str
    placement: str
    at_most: float | None = None
    at_least: float | None = None
    socket: str | None = None      # None: both
    size: int | None = None        # None: all of the group

    def applies(self, case: Case, socket: str, metric: str, placement: str) -> bool:
        return (self.group == group_of(case) and self.metric == metric
                and self.placement == placement and self.socket in (None, socket)
                and self.size in (None, case.size))

    @property
    def text(self) -> str:
        return limit_text(self.at_most, self.at_least)

    def is_met(self, ratio: Interval | None) -> bool:
        if ratio is None:
            return False
        return is_within(ratio.high, self.at_most, None) and is_within(ratio.low, None, self.at_least)

    def standing(self, ratio: Interval | None) -> str:
        """One of STANDINGS."""
        if ratio is None:
            return MISSED
        if ratio.low > 1 if self.at_most is not None else ratio.high < 1:
            return BEHIND
        if self.is_met(ratio):
            return MET
        return UNCERTAIN if is_within(ratio.median, self.at_most, self.at_least) else MISSED


def limit_text(at_most: float | None, at_least: float | None) -> str:
    return f'≤ {at_most:g}' if at_most is not None else f'≥ {at_least:g}'


def is_within(value: float, at_most: float | None, at_least: float | None) -> bool:
    """As it is printed: with two digits."""
    value = round(value, 2)
    return (at_most is None or value <= at_most) and (at_least is None or value >= at_least)


_T = Target

# The first that applies counts: exceptions come before their rule. System calls are counted on one
# core, where they do not depend on who is faster.
TARGETS = (
    _T(SMALL, 'cpu', '0/0', at_most=0.30),
    _T(SMALL, 'rate', '0/0', at_least=2.5),
    _T(SMALL, 'rate', '0/1', at_least=1.3),
    _T(SMALL, 'syscalls', '0/0', at_most=0.30),

    _T(MIDDLE, 'cpu', '0/0', at_most=0.55),
    _T(MIDDLE, 'rate', '0/0', at_least=1.6),
    _T(MIDDLE, 'rate', '0/1', at_least=0.95),
    _T(MIDDLE, 'syscalls', '0/0', at_most=0.30),

    _T(LARGE_IN, 'cpu', '0/0', at_most=0.50, socket='tcp', size=64 * KIB),
    _T(LARGE_IN, 'cpu', '0/0', at_most=0.35),
    _T(LARGE_IN, 'rate', '0/0', at_least=1.8),
    _T(LARGE_IN, 'rate', '0/1', at_least=1.8),
    _T(LARGE_IN, 'syscalls', '0/0', at_most=0.80, socket='unix', size=MIB),
    _T(LARGE_IN, 'syscalls', '0/0', at_most=0.45),

    _T(LARGE_OUT, 'cpu', '0/0', at_most=0.85),
    _T(LARGE_OUT, 'rate', '0/0', at_least=1.2, socket='unix'),
    _T(LARGE_OUT, 'rate', '0/0', at_least=0.85, socket='tcp'),
    _T(LARGE_OUT, 'rate', '0/1', at_least=1.2, socket='unix'),
    _T(LARGE_OUT, 'rate', '0/1', at_least=0.85, socket='tcp'),
    _T(LARGE_OUT, 'syscalls', '0/0', at_most=0.80),

    _T(ONE, 'cpu', '0/0', at_most=1.0),
    _T(ONE, 'p50', '0/0', at_most=1.05),
    _T(ONE, 'p50', '0/1', at_most=1.05),
    _T(ONE, 'p99', '0/0', at_most=1.3),
    _T(ONE, 'p99', '0/1', at_most=1.3),
    _T(ONE, 'syscalls', '0/0', at_most=0.80),

    _T(PACED, 'cpu', '0/0', at_most=1.10),
    _T(PACED, 'p50', '0/0', at_most=1.1),
    _T(PACED, 'p50', '0/1', at_most=1.1),
    _T(PACED, 'syscalls', '0/0', at_most=1.0),

    _T(ISO, 'cpu', '0/0', at_most=0.90),
    _T(ISO, 'p50', '0/0', at_most=0.8),
    _T(ISO, 'p50', '0/1', at_most=0.8),
    _T(ISO, 'syscalls', '0/0', at_most=0.55),

    _T(FLOODS, 'cpu', '0/0', at_most=0.15),
    _T(FLOODS, 'rate', '0/0', at_least=5),
    _T(FLOODS, 'rate', '0/1', at_least=5),
)

# What is not a ratio: of ours, with its sandbox.
IDLE_WAKEUPS_MAX = 1
PSS_KIB_MAX = 2560            # idle, and with messages up to 4 KiB
PSS_LARGE_KIB_MAX = 8192      # with 4 x 1 MiB in flight


def target_of(case: Case, socket: str, metric: str, placement: str) -> Target | None:
    return next((t for t in TARGETS if t.applies(case, socket, metric, placement)), None)


def pss_limit(case: Case) -> int | None:
    if case.kind == 'idle' or _is_small(case):
        return PSS_KIB_MAX
    return PSS_LARGE_KIB_MAX if case.size == MIB and case.depth == 4 else None


class Verdict(NamedTuple):
    """One target in one place."""
    where: str                    # case, socket, placement
    what: str                     # the metric
    wanted: str
    got: str
    is_met: bool
    standing: str                 # one of STANDINGS

    @property
    def name(self) -> str:
        return f'{self.where}: {self.what}'


def explanation(verdict: Verdict, path: Path) -> str | None:
    """Paragraphs of the file: the first line is a pattern of verdicts' names, the rest says why."""
    if not path.exists():
        return None
    for paragraph in path.read_text(encoding='utf-8').split('\n\n'):
        lines = [line for line in paragraph.splitlines() if not line.startswith('#')]
        if len(lines) > 1 and fnmatchcase(verdict.name, lines[0].strip()):
            return ' '.join(line.strip() for line in lines[1:])
    return None
