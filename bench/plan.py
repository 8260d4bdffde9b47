# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is run, for how long, in which order: made before anything is measured, to fit the time."""
from dataclasses import dataclass, field
from itertools import product
from typing import Iterator

from cases import RAW_SIZES, SOCKETS, PLACEMENTS, Case, Cell, Server

# Of one run. Shorter ones measure how a server starts; longer ones make no figure better than a
# further round does.
SECONDS_MIN, SECONDS_MAX = 0.035, 0.2
VERIFY_SECONDS = 0.03
PERF_SECONDS = 0.03         # that perf takes to start and end
RAW_SECONDS = 0.2
# A guess, for the estimate only.
FLOOD_SECONDS = {'ours': 3.0, 'no-sandbox': 3.0, 'reference': 10.0, 'usbredirect': 10.0}


@dataclass
class Plan:
    cells: list[Cell]
    servers: tuple[Server, ...]
    overhead: float                 # seconds of a run beside warm-up and what is measured
    rounds: int = 7
    syscall_rounds: int = 2
    budget: float = 840             # seconds for all passes
    paced_seconds: float = 0.72     # in seven rounds more than five seconds
    idle_seconds: float = 30
    flood_messages: int = 1_000_000
    seconds: float = field(init=False, default=0)

    def __post_init__(self):
        unpaced = sum(not cell.case.is_paced for _, cell, _ in self.measured())
        unpaced += self.syscall_rounds * sum(not cell.case.is_paced for cell, _ in self.counted())
        rest = self.budget - sum(self.estimate().values())
        self.seconds = min(max(rest / max(unpaced, 1), SECONDS_MIN), SECONDS_MAX)

    def seconds_of(self, case: Case) -> float:
        return self.paced_seconds if case.is_paced else self.seconds

    def whole(self, case: Case) -> float:
        return case.warm_up + self.seconds_of(case)

    def measured(self) -> Iterator[tuple[int, Cell, Server]]:
        """All servers of a cell one after the other, beginning with another one each time."""
        for number in range(self.rounds):
            for i, cell in enumerate(self.cells):
                servers = cell.servers(self.servers)
                start = (number + i) % len(servers) if servers else 0
                for server in servers[start:] + servers[:start]:
                    yield number, cell, server

    def once(self, placement: str) -> list[tuple[Cell, Server]]:
        """Each load on each socket, with each server, for what is done once."""
        loads = dict.fromkeys((cell.case, cell.socket) for cell in self.cells)
        return [(cell, server) for case, socket in loads
                for cell in [Cell(case, socket, placement)] for server in cell.servers(self.servers)]

    def verified(self) -> list[tuple[Cell, Server]]:
        return self.once('0/0')

    def counted(self) -> list[tuple[Cell, Server]]:
        return [(c, s) for c, s in self.once('0/0') if s.is_counted]

    def flooded(self) -> list[tuple[Cell, Server]]:
        """Each server once: on a unix socket, which is the faster one, if it can."""
        return [(c, s) for c, s in self.once('0/1') if c.case.is_flood and c.socket == s.sockets[0]]

    def raw(self) -> list[tuple[int, str, str]]:
        return list(product(RAW_SIZES, SOCKETS, PLACEMENTS))

    def estimate(self) -> dict[str, float]:
        """Seconds of each pass."""
        def runs(chosen, seconds) -> float:
            return sum(seconds(cell.case) + self.overhead for cell, _ in chosen)

        def counted(case: Case) -> float:
            return PERF_SECONDS + self.whole(case)

        return {
            'bytes compared': runs(self.verified(), lambda _: 0.02 + VERIFY_SECONDS),
            'floods': sum(FLOOD_SECONDS.get(s.name, 10.0) * self.flood_messages / 1e6
                          for _, s in self.flooded()),
            'idle': self.idle_seconds,
            'raw sockets': len(self.raw()) * (RAW_SECONDS + 0.05),
            'system calls': self.syscall_rounds * runs(self.counted(), counted)
                            + runs(self.counted(), lambda _: PERF_SECONDS),
            'measured': runs(((c, s) for _, c, s in self.measured()), self.whole),
        }
