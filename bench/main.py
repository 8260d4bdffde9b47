#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The benchmark: plans, verifies, measures, and writes down what came out. scripts/bench builds what it
needs and starts it; README.md in this folder has the parts."""
import argparse
import json
import shlex
import sys
import time
from dataclasses import replace
from pathlib import Path

import cases
import document
import guest
import machine
import passes
import tables
from analysis import Results
from guest import Failure, Guests
from plan import Plan
from ratios import RESAMPLES
from targets import BEHIND, MISSED, UNCERTAIN

SOURCE = Path(__file__).resolve().parent.parent
EXPLANATIONS = SOURCE / 'bench/explanations'
# Of everything, from the start of scripts/bench on: less than 15, and estimates are not exact.
MINUTES = 13
QUICK = {'rounds': 3, 'syscall_rounds': 1, 'budget': 40, 'paced_seconds': 0.25, 'idle_seconds': 3,
         'flood_messages': 100_000}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='scripts/bench', description='Measures sessions beside other '
                                     'programs that do the same, and writes docs/performance.md.')
    parser.add_argument('--quick', action='store_true', help='some of each kind, in a minute or two')
    parser.add_argument('--rounds', type=int, metavar='N', help='of all servers in each case [7]')
    parser.add_argument('--only', metavar='PATTERN',
                        help='cases whose name has it, such as "bulk-in*tcp, 0/0"')
    parser.add_argument('--out', type=Path, metavar='DIR', help='for performance.json [the build tree]')
    parser.add_argument('--no-docs', action='store_true', help='write no document')
    parser.add_argument('--render', type=Path, metavar='FILE',
                        help='measure nothing: tables and documents again, from this performance.json')
    parser.add_argument('--server', action='append', default=[], metavar='NAME=COMMAND',
                        help='in the place of the server of that name; %%a or %%p is where to connect')
    parser.add_argument('--build', type=Path, required=True, metavar='DIR', help=argparse.SUPPRESS)
    parser.add_argument('--scale', type=Path, metavar='FILE', help=argparse.SUPPRESS)
    parser.add_argument('--started', type=float, default=time.time(), help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.out = (options.out or options.build).resolve()
    options.is_whole = not (options.quick or options.only or options.server)
    return options


def servers_of(options: argparse.Namespace) -> tuple[cases.Server, ...]:
    given = dict(text.split('=', 1) for text in options.server)
    unknown = given.keys() - {server.name for server in cases.SERVERS}
    if unknown:
        raise Failure(f'no such server: {", ".join(sorted(unknown))}')
    return tuple(replace(s, command=tuple(shlex.split(given[s.name]))) if s.name in given else s
                 for s in cases.SERVERS)


def plan_of(options: argparse.Namespace, guests: Guests) -> Plan:
    chosen = cases.cells(options.only, options.quick)
    if not chosen:
        raise Failure(f'no case has "{options.only}" in its name')
    servers = servers_of(options)
    elapsed = time.time() - options.started
    settings = dict(QUICK) if options.quick else {'budget': MINUTES * 60 - elapsed}
    if options.rounds:
        settings['rounds'] = options.rounds
    plan = Plan(chosen, servers, passes.overhead(guests, chosen, servers, time.monotonic), **settings)
    estimate = plan.estimate()
    print(f'{len(chosen)} cells, {plan.rounds} rounds, {1e3 * plan.seconds:.0f} ms a run and '
          f'{1e3 * plan.overhead:.0f} ms beside it: {sum(estimate.values()) / 60:.1f} minutes\n  '
          + ', '.join(f'{name} {seconds:.0f} s' for name, seconds in estimate.items()), flush=True)
    return plan


class Progress:
    """What was done, and how long it took."""

    def __init__(self):
        self.start = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f'{what}: {now - self.start:.0f} s', flush=True)
        self.start = now


def measure(options: argparse.Namespace) -> tuple[dict, list[str]]:
    """All passes. What does not work is found out first."""
    progress = Progress()
    guests = Guests(options.build)
    plan = plan_of(options, guests)
    progress.done('planned')
    failures = passes.verify(guests, plan)
    if failures:
        raise Failure('\n'.join(failures))
    progress.done('every byte compared')
    data = {'date': time.strftime('%Y-%m-%d'), 'machine': machine.describe(SOURCE),
            'servers': [s.name for s in plan.servers], 'rounds': plan.rounds,
            'syscall_rounds': plan.syscall_rounds, 'seconds': plan.seconds,
            'paced_seconds': plan.paced_seconds, 'resamples': RESAMPLES,
            'idle': [], 'raw': [], 'syscalls': [], 'perf': guest.why_perf_cannot_count()}
    data['floods'] = passes.floods(guests, plan)
    progress.done('floods')
    if not options.only:
        data['idle'] = passes.idle(guests, plan)
        progress.done('idle')
        data['raw'] = passes.raw(guests, plan)
        progress.done('raw sockets')
    if data['perf']:
        print(f'perf cannot count system calls here: {data["perf"]}')
    else:
        data['syscalls'] = passes.syscalls(guests, plan)
        progress.done('system calls')
    data['runs'], failures = passes.measure(guests, plan)
    progress.done('measured')
    data['elapsed'] = time.time() - options.started
    return data, failures


def show(results: Results) -> None:
    for group, chosen in tables.groups(results).items():
        print(f'\n{group}: ours to the reference (b)')
        print(tables.text(tables.ratios(results, group, chosen)))
    for socket, placement in sorted({place for c in results.cases for place in results.places(c)}):
        print(f'\n{socket}, {placement}: {tables.SIDES[socket]}')
        print(tables.text(tables.absolute(results, socket, placement)))
    for title, rows in (('ours with its sandbox, to ours without', tables.others(results, 'ours', 'no-sandbox')),
                        ('ours with TLS, to ours in clear text', tables.others(results, 'tls', 'ours')),
                        ('ours with kTLS, to ours with TLS', tables.others(results, 'ktls', 'tls')),
                        ('ours to usbredirect (a)', tables.others(results, 'ours', 'usbredirect')),
                        ('floods', tables.floods(results)), ('idle', tables.idle(results)),
                        ('raw sockets', tables.raw(results))):
        if len(rows) > 1:
            print(f'\n{title}')
            print(tables.text(rows))
    verdicts = results.verdicts()
    print('\ntargets')
    print(tables.text(tables.summary(results, verdicts)))
    for standing in (BEHIND, MISSED, UNCERTAIN):
        for line in document.lines_of(standing, verdicts, EXPLANATIONS):
            print(f'{standing}: {line}')


def write(options: argparse.Namespace, results: Results) -> None:
    """Documents of a part of the benchmark do not replace those of the whole."""
    folder = SOURCE / 'docs' if options.is_whole else options.out
    has_chart = False
    try:
        import chart
        has_chart = chart.write(results, folder / 'performance.svg')
    except ModuleNotFoundError as error:
        print(f'no chart: {error}')
    document.write(results, results.verdicts(), EXPLANATIONS, folder / 'performance.md', has_chart)
    print(f'written: {folder}/performance.md')


def run(options: argparse.Namespace) -> int:
    options.out.mkdir(parents=True, exist_ok=True)
    if options.render:
        data, failures = json.loads(options.render.read_text(encoding='utf-8')), []
        options.is_whole = data['is_whole']
    else:
        data, failures = measure(options)
        data['is_whole'] = options.is_whole
        data['scale'] = None
    if options.scale and options.scale.exists():
        data['scale'] = {'figures': json.loads(options.scale.read_text(encoding='utf-8')),
                         'markdown': options.scale.with_suffix('.md').read_text(encoding='utf-8')}
    (options.out / 'performance.json').write_text(json.dumps(data), encoding='utf-8')
    results = Results(data)
    show(results)
    if failures:
        raise Failure('\n'.join(failures))
    if not options.no_docs:
        write(options, results)
    return 0


def main() -> int:
    try:
        return run(arguments())
    except Failure as failure:
        for line in str(failure).splitlines():
            print(f'FAILED: {line}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
