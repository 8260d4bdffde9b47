# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/performance.md, whole: nobody edits it."""
from pathlib import Path

import tables
from analysis import Results
from cases import PLACEMENTS, SOCKETS
from tables import markdown
from targets import BEHIND, MISSED, UNCERTAIN, Verdict, explanation

_TITLES = {
    BEHIND: 'Where the reference is better, as far as the interval tells',
    MISSED: 'Where we are not as much better as we want to be, and other targets that are missed',
    UNCERTAIN: 'Where the median meets the target, but not the whole interval: missed',
}

_HEAD = '''# Performance

Written by `scripts/bench`, never edited. On a fresh Debian 12, as root, in {minutes}:

```
scripts/bench            # everything, and this page anew
scripts/bench --quick    # some of each kind, in a minute or two
```

`ours` is `usbredir-session` with its sandbox. `(b)`, the reference, is one poll loop around Debian's
libusbredirhost with TCP_NODELAY: `bench/bench-reference.c`, as good as that library allows. `(a)` is
Debian's `usbredirect`. All run on a device made of code (`tests/fake-libusb`), so USB itself costs
nothing but to make and compare data, which is the same for all. The other end is `bench/bench-guest`.
`0/0` is server and guest on one core, `0/1` on two. For 16 requests of 1 MiB usbfs has 32 MiB instead of
its 16.
'''

_METHOD = '''## How it is measured

- In each of {rounds} rounds all servers run one after the other in each case, the first one
  another each time. A run measures {seconds:.0f} ms, paced ones {paced:.0f} ms; start and warm-up
  do not count. The warm-up is longer for large messages: in a virtual machine whose host takes free
  memory back, what is written to again is slow at first.
- A figure is the median of the rounds; ± tells how far off the further end of its 95 % bootstrap
  interval is, from 0.5 % on. A ratio is that of ours to another's in the same round, then
  the median of the rounds; in parentheses its interval ({resamples} resamples).
- A target is met if the whole interval is on its right side, as printed: what the median alone meets is
  missed.
- CPU is the time that the kernel counts for the process, in user and system mode; beside it that of
  server and guest together, for TCP has one do the other's work. Of a flood it is for each message that
  arrived.
- p50, p99 and p99.9 are of one request from sending it to its answer; of paced packets from when the device
  had them. A run of less than 100 messages has its slowest as p99; of less than 1000 it has no p99.9.
- TCP is loopback's, of a network namespace of its own if root measures: nothing filters there, and nothing
  paces by guesses, as BBR does.
- System calls: `perf stat -e raw_syscalls:sys_enter` over the server's whole life, on one core,
  in {syscall_rounds} rounds; less those of a life with next to no messages. Beside it, nothing taken
  off: for usbredirect, which makes them with nothing to do, only that.
- PSS is read at the end of the measured time, with requests in flight.
- Others: how many CPUs everything else on the machine used meanwhile, the most of the servers' medians.
- Before that, every byte is compared once in each case with each server, both ways, and
  `bench/check` has servers that lie be found out.
'''


def _section(title: str, *parts: str) -> str:
    return f'## {title}\n\n' + '\n\n'.join(part for part in parts if part) + '\n'


def _folded(title: str, rows: tables.Rows) -> str:
    return f'<details><summary>{title}</summary>\n\n{markdown(rows)}\n\n</details>'


def lines_of(standing: str, verdicts: list[Verdict], explanations: Path) -> list[str]:
    """A line for each target that stands so, with what is known of why."""
    lines = []
    for v in verdicts:
        if v.standing == standing:
            why = explanation(v, explanations)
            lines.append(f'{v.name}: {v.got}, wanted {v.wanted}' + (f'. {why}' if why else ''))
    return lines


def _in_short(results: Results, verdicts: list[Verdict], explanations: Path, has_chart: bool) -> str:
    lists = []
    for standing, title in _TITLES.items():
        lines = lines_of(standing, verdicts, explanations)
        if lines:
            lists.append(f'<details{" open" if standing == BEHIND else ""}><summary>{title}: {len(lines)}'
                         '</summary>\n\n' + '\n'.join(f'- {line}' for line in lines) + '\n\n</details>')
    chart = ('![CPU time for a message and messages a second, beside libusbredirhost and '
             'usbredirect](performance.svg)\n\nOver TCP; CPU time on one core, messages a second on two.')
    return _section('In short', chart if has_chart else '',
                    f'{sum(v.is_met for v in verdicts)} of {len(verdicts)} targets are met.',
                    markdown(tables.summary(results, verdicts)), *lists)


def _ratios(results: Results) -> str:
    parts = [f'### {group[0].upper() + group[1:]}\n\n' + markdown(tables.ratios(results, group, cases, '**'))
             for group, cases in tables.groups(results).items()]
    return _section('Ours to the reference (b)',
                    'Less than 1 is better for us, but for messages/s. In parentheses what is wanted, and '
                    'intervals.', *parts)


def _other_servers(results: Results) -> list[str]:
    chosen = (('The sandbox', 'Ours with it, to ours without it (`--no-sandbox`).', 'ours', 'no-sandbox'),
              ('TLS', 'Ours encrypted, with a pre-shared key, to ours in clear text. The guest encrypts in its '
               'own process.', 'tls', 'ours'),
              ('kTLS', 'What is sent, encrypted by the kernel instead of OpenSSL, at both ends.', 'ktls', 'tls'),
              ('Ours to usbredirect (a)', 'It never sleeps, and holds small packets back (Nagle).', 'ours',
               'usbredirect'))
    return [_section(title, text, _folded('CPU time, messages/s and p50', rows))
            for title, text, server, to in chosen if len(rows := tables.others(results, server, to)) > 1]


def _absolute(results: Results) -> str:
    parts = [_folded(f'{socket}, {placement}: {tables.SIDES[socket]}', rows) for socket in SOCKETS for placement in PLACEMENTS
             if len(rows := tables.absolute(results, socket, placement)) > 1]
    return _section('Absolute figures', '(a) has no unix sockets.', *parts)


def write(results: Results, verdicts: list[Verdict], explanations: Path, path: Path,
          has_chart: bool) -> None:
    data = results.data
    perf = f'System calls are not here: {data["perf"]}.' if data['perf'] else ''
    scale = (data['scale'] or {}).get('markdown', '')
    minutes = f'{data["elapsed"] / 60:.0f} minutes' if data['elapsed'] >= 90 else 'a minute or two'
    parts = [
        _HEAD.format(minutes=minutes),
        _in_short(results, verdicts, explanations, has_chart),
        _section('The machine', f'Measured on {data["date"]}.',
                 markdown([['', '']] + [[k, v] for k, v in data['machine'].items()]), perf),
        _ratios(results),
        *_other_servers(results),
        _section('Floods', 'Of a device that is faster than everything, each server once.',
                 markdown(tables.floods(results))) if data['floods'] else '',
        _section('Idle', 'All at the same time.', markdown(tables.idle(results))),
        _section('What the socket alone can do', 'Without any protocol, one way, a system call for each message; '
                 'beside it, in MB/s, the most that comes through us, who put small ones together.', markdown(tables.raw(results))),
        _absolute(results),
        scale.strip() + '\n' if scale else '',
        _METHOD.format(rounds=data['rounds'], syscall_rounds=data['syscall_rounds'],
                       seconds=1e3 * data['seconds'], paced=1e3 * data['paced_seconds'],
                       resamples=data['resamples']),
    ]
    path.write_text('\n'.join(part for part in parts if part), encoding='utf-8')
