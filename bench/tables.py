# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables, as rows of text; for a terminal or for Markdown."""
from analysis import Results, number, ratio_text
from cases import PLACEMENTS, Case
from ratios import Interval
from targets import GROUPS, METRICS, TARGETS, Verdict, group_of

Rows = list[list[str]]

NOTHING = '–'

# Of a group without targets.
_COLUMNS = [('cpu', '0/0'), ('rate', '0/0'), ('rate', '0/1'), ('syscalls', '0/0')]

# Beside each other in one field: ours, the reference, usbredirect.
_SIDE_BY_SIDE = ('ours', 'reference', 'usbredirect')
SIDES = {'unix': 'ours / reference (b)', 'tcp': 'ours / reference (b) / usbredirect (a)'}
_ABSOLUTE = {
    'messages/s': 'rate', 'MB/s': 'mb', 'p50 µs': 'p50', 'p99 µs': 'p99', 'p99.9 µs': 'p999',
    'CPU µs': 'cpu', 'server + guest µs': 'cpu_both', 'CPU s/GiB': 'cpu_gib',
    'system calls': 'syscalls', 'of the whole life': 'syscalls_life', 'PSS KiB': 'pss',
    'lost %': 'lost', 'others, CPUs': 'others',
}


def text(rows: Rows) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return '\n'.join('  '.join(field.ljust(width) for field, width in zip(row, widths)).rstrip()
                     for row in rows)


def markdown(rows: Rows) -> str:
    head, *body = ('| ' + ' | '.join(row) + ' |' for row in rows)
    return '\n'.join([head, '|---' * len(rows[0]) + '|', *body])


def groups(results: Results) -> dict[str, list[Case]]:
    """Those that have cases here."""
    chosen = {name: [c for c in results.cases if group_of(c) == name] for name in GROUPS}
    return {name: cases for name, cases in chosen.items() if cases}


def columns(group: str) -> list[tuple[str, str]]:
    """Metric and placement."""
    wanted = [(t.metric, t.placement) for t in TARGETS if t.group == group]
    return list(dict.fromkeys(wanted)) or _COLUMNS


def _limits(group: str, metric: str, placement: str) -> str:
    texts = dict.fromkeys(t.text for t in TARGETS
                          if (t.group, t.metric, t.placement) == (group, metric, placement))
    return f' ({", ".join(texts)})' if texts else ''


def _ratio_field(results: Results, case: Case, socket: str, placement: str, metric: str,
                 loud: str) -> str:
    ratio = results.ratio(case, socket, placement, metric)
    verdict = results.verdict(case, socket, placement, metric)
    field = NOTHING if ratio is None else ratio_text(ratio)
    if verdict is None:
        return field
    return f'{field} met' if verdict.is_met else f'{loud}{field} missed {verdict.wanted}{loud}'


def ratios(results: Results, group: str, cases: list[Case], loud: str = '') -> Rows:
    """Ours to the reference; loud marks what was missed."""
    head = [f'{METRICS[m]} {p}{_limits(group, m, p)}' for m, p in columns(group)]
    return [['case', 'socket', *head]] + [
        [case.name, socket, *(_ratio_field(results, case, socket, p, m, loud)
                              for m, p in columns(group))]
        for case in cases for socket in results.sockets(case)]


def others(results: Results, server: str, to: str) -> Rows:
    """Server to another one, wherever both ran."""
    rows = []
    for case in results.cases:
        for socket, placement in results.places(case):
            found = [results.ratio(case, socket, placement, figure, server=server, to=to)
                     for figure in ('cpu', 'rate', 'p50')]
            if any(found):
                rows.append([case.name, socket, placement,
                             *(ratio_text(r) if r else NOTHING for r in found)])
    return [['case', 'socket', 'placement', 'CPU per message', 'messages/s', 'p50'], *rows]


def _with_spread(factor: float, figure: Interval) -> str:
    """The median, and how far the further end of its interval is from it."""
    text = number(factor * figure.median)
    if not figure.median:
        return text
    percent = 100 * max(figure.high - figure.median, figure.median - figure.low) / figure.median
    return text if percent < 0.5 else f'{text} ±{percent:.0f} %'


def _triple(results: Results, case: Case, socket: str, placement: str, figure: str) -> str:
    if figure == 'others':
        worst = [results.absolute(case, socket, placement, s, figure) for s in results.servers]
        return f'{max((w.median for w in worst if w), default=0):.2f}'
    factor = 100 if figure == 'lost' else 1
    found = [results.absolute(case, socket, placement, s, figure) for s in _SIDE_BY_SIDE
             if s in results.servers and (s != 'usbredirect' or socket == 'tcp')]
    if not any(found) or (figure == 'lost' and not case.is_flood):
        return NOTHING
    return ' / '.join(_with_spread(factor, f) if f else NOTHING for f in found)


def absolute(results: Results, socket: str, placement: str) -> Rows:
    figures = {name: figure for name, figure in _ABSOLUTE.items()
               if placement == PLACEMENTS[0] or not figure.startswith('syscalls')}
    cases = [c for c in results.cases if (socket, placement) in results.places(c)]
    return [['case', *figures]] + [
        [case.name, *(_triple(results, case, socket, placement, f) for f in figures.values())]
        for case in cases]


def floods(results: Results) -> Rows:
    return [['case', 'socket', 'server', 'received', 'lost', 'of whole frames', 'messages/s']] + [
        [row['case'], row['socket'], row['server'], str(row['messages']),
         f'{row["lost"]} ({100 * row["lost"] / (row["lost"] + row["messages"]):.1f} %)',
         'yes' if row['lost_whole_frames'] else 'no', number(row['messages'] / row['seconds'])]
        for row in results.data['floods']]


def idle(results: Results) -> Rows:
    return [['server', 'socket', 'seconds', 'wake-ups', 'CPU ms', 'PSS KiB']] + [
        [row['server'], row['socket'], f'{row["seconds"]:.0f}', str(row['server_wakeups']),
         f'{1e3 * row["server_cpu_s"]:.2f}', str(row['pss_kib'])] for row in results.data['idle']]


def raw(results: Results) -> Rows:
    """What the socket can do, and what of it comes through us, as MB/s."""
    rows = [['bytes', 'socket', 'placement', 'messages/s', 'MB/s', 'ours in', 'ours out']]
    for row in results.data['raw']:
        ours = [max((results.absolute(c, row['socket'], row['placement'], 'ours', 'mb').median
                     for c in results.cases if c.kind == kind and c.size == row['size']
                     and results.absolute(c, row['socket'], row['placement'], 'ours', 'mb')),
                    default=None) for kind in ('bulk-in', 'bulk-out')]
        rows.append([str(row['size']), row['socket'], row['placement'],
                     number(row['messages'] / row['seconds']),
                     number(row['bytes'] / row['seconds'] / 1e6),
                     *(number(o) if o else NOTHING for o in ours)])
    return rows


def summary(results: Results, verdicts: list[Verdict]) -> Rows:
    """How many of each group's targets are met."""
    where = {case.name: group for group, cases in groups(results).items() for case in cases}
    counts: dict[str, list[int]] = {}
    for v in verdicts:
        group = where.get(v.where.rsplit(', ', 2)[0], 'idle')
        group = 'memory' if v.what.startswith('PSS') else group
        count = counts.setdefault(group, [0, 0])
        count[not v.is_met] += 1
    return [['group', 'met', 'missed']] + [[g, str(m), str(n)] for g, (m, n) in counts.items()]
