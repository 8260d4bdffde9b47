# SPDX-License-Identifier: LGPL-2.1-or-later
"""From runs to figures, ratios and verdicts."""
from collections import defaultdict

import targets
from cases import BY_NAME, CASES, PLACEMENTS, SOCKETS, Case
from ratios import Interval, interval, paired
from targets import METRICS, Verdict, is_within, limit_text

# Of fewer messages a run has no 99.9th percentile.
P999_MESSAGES_MIN = 1000


def _latency(row: dict, name: str) -> float | None:
    return row['latency_us'][name] if row['latency_us'] else None


# A figure of one run.
FIGURES = {
    'rate': lambda r: r['messages'] / r['seconds'],
    'mb': lambda r: r['bytes'] / r['seconds'] / 1e6,
    'p50': lambda r: _latency(r, 'p50'),
    'p99': lambda r: _latency(r, 'p99'),
    'p999': lambda r: _latency(r, 'p999') if r['messages'] >= P999_MESSAGES_MIN else None,
    'cpu': lambda r: 1e6 * r['server_cpu_s'] / r['messages'],
    'cpu_both': lambda r: 1e6 * (r['server_cpu_s'] + r['guest_cpu_s']) / r['messages'],
    'cpu_gib': lambda r: r['server_cpu_s'] * 2**30 / r['bytes'],
    'pss': lambda r: r['pss_kib'],
    'lost': lambda r: r['lost'] / (r['lost'] + r['messages']),
    'others': lambda r: max(r['others_cpu_s'], 0) / r['seconds'],
    'syscalls': lambda r: r['per_message'],
    'syscalls_life': lambda r: r['per_message_of_life'],
}
_COUNTED = ('syscalls', 'syscalls_life')


class Results:
    def __init__(self, data: dict):
        self.data = data
        self._runs, self._counted = defaultdict(dict), defaultdict(dict)
        for index, rows in ((self._runs, data['runs']), (self._counted, data['syscalls'])):
            for row in rows:
                key = row['case'], row['socket'], row['placement'], row['server']
                index[key][row['round']] = row
        self.cases = [c for c in CASES if any(key[0] == c.name for key in self._runs)]
        self.servers = data['servers']

    def places(self, case: Case) -> list[tuple[str, str]]:
        return [(s, p) for s in SOCKETS for p in PLACEMENTS
                if any((case.name, s, p, server) in self._runs for server in self.servers)]

    def sockets(self, case: Case) -> list[str]:
        return list(dict.fromkeys(s for s, _ in self.places(case)))

    def values(self, case: Case, socket: str, placement: str, server: str,
               figure: str) -> list[float | None]:
        """One for each round; nothing unless all rounds are there."""
        counted = figure in _COUNTED
        rounds = self.data['syscall_rounds' if counted else 'rounds']
        rows = (self._counted if counted else self._runs).get((case.name, socket, placement, server), {})
        return [FIGURES[figure](row) for _, row in sorted(rows.items())] if len(rows) == rounds else []

    def absolute(self, case: Case, socket: str, placement: str, server: str,
                 figure: str) -> Interval | None:
        return interval(self.values(case, socket, placement, server, figure))

    def ratio(self, case: Case, socket: str, placement: str, figure: str, *, server: str = 'ours',
              to: str = 'reference') -> Interval | None:
        a, b = (self.values(case, socket, placement, s, figure) for s in (server, to))
        return paired(a, b) if a and b else None

    def verdict(self, case: Case, socket: str, placement: str, metric: str) -> Verdict | None:
        target = targets.target_of(case, socket, metric, placement)
        if not target:
            return None
        ratio = self.ratio(case, socket, placement, metric)
        return Verdict(f'{case.name}, {socket}, {placement}', METRICS[metric], target.text,
                       ratio_text(ratio), target.is_met(ratio), target.standing(ratio))

    def verdicts(self) -> list[Verdict]:
        ratios = [self.verdict(case, socket, placement, metric) for case in self.cases
                  for socket, placement in self.places(case) for metric in METRICS]
        return [v for v in ratios if v] + self._losses() + self._memory() + self._idle()

    def _losses(self) -> list[Verdict]:
        """Of all floods: those that were measured, and the long ones."""
        ours = defaultdict(list)
        for row in self.data['runs'] + self.data['floods']:
            if row['server'] == 'ours' and BY_NAME[row['case']].is_flood:
                ours[row['case'], row['socket'], row['placement']].append(row)
        verdicts = []
        for (case, socket, placement), rows in ours.items():
            lost = sum(row['lost'] for row in rows)
            sent = lost + sum(row['messages'] for row in rows)
            whole = all(row['lost_whole_frames'] for row in rows)
            is_iso = BY_NAME[case].kind == 'iso-in'
            verdicts.append(_verdict(
                f'{case}, {socket}, {placement}', 'loss', 'whole frames only' if is_iso else 'none',
                f'{lost} of {sent}{", whole frames" if is_iso and whole else ""}',
                whole if is_iso else lost == 0))
        return verdicts

    def _memory(self) -> list[Verdict]:
        verdicts = []
        for case in self.cases:
            limit = targets.pss_limit(case)
            for socket, placement in self.places(case) if limit else ():
                pss = self.absolute(case, socket, placement, 'ours', 'pss')
                verdicts.append(_at_most(f'{case.name}, {socket}, {placement}', 'PSS, KiB', limit,
                                         pss.high if pss else None))
        return verdicts

    def _idle(self) -> list[Verdict]:
        return [_at_most(f'idle {row["seconds"]:.0f} s', what, limit, row[figure])
                for row in self.data['idle'] if row['server'] == 'ours'
                for what, limit, figure in (
                    ('wake-ups', targets.IDLE_WAKEUPS_MAX, 'server_wakeups'),
                    ('PSS, KiB', targets.PSS_KIB_MAX, 'pss_kib'))]


def _verdict(where: str, what: str, wanted: str, got: str, is_met: bool) -> Verdict:
    """Of what is not a ratio."""
    return Verdict(where, what, wanted, got, is_met, targets.MET if is_met else targets.MISSED)


def _at_most(where: str, what: str, limit: int, value: float | None) -> Verdict:
    return _verdict(where, what, limit_text(limit, None), 'not measured' if value is None else
                    f'{value:g}', value is not None and is_within(value, limit, None))


def number(value: float) -> str:
    """Three digits, and a unit if it is large."""
    for size, unit in ((1e6, ' M'), (1e3, ' k')):
        if value >= 0.9995 * size:
            return f'{value / size:#.3g}'.rstrip('.') + unit
    return f'{value:.2f}' if value < 10 else f'{value:#.3g}'.rstrip('.')


def ratio_text(ratio: Interval | None) -> str:
    if ratio is None:
        return 'not measured'
    return f'{ratio.median:.2f} ({ratio.low:.2f}–{ratio.high:.2f})'
