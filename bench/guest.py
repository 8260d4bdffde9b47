# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs bench-guest, and believes nothing: a run that failed, or whose figures are not all there, is
an error that names case and server, never a hole in a table."""
import json
import os
import secrets
import signal
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import Callable

from cases import Case, Cell, Server

# bench-guest gives up by itself 30 s after the time it was to measure.
PATIENCE = 60

COUNT = (int,)
FIGURE = (int, float)
FIGURES = {
    'messages': COUNT, 'bytes': COUNT, 'seconds': FIGURE, 'server_cpu_s': FIGURE,
    'guest_cpu_s': FIGURE, 'others_cpu_s': FIGURE, 'server_wakeups': COUNT, 'pss_kib': COUNT,
    'lost': COUNT, 'lost_whole_frames': (bool,), 'latency_us': (dict, type(None)), 'life': (dict,),
}

# What cannot be 0: of loads, and of idleness. Below perf the child is perf, which sleeps.
NEEDED = {False: ('messages', 'bytes', 'seconds', 'server_cpu_s', 'guest_cpu_s', 'pss_kib'),
          True: ('seconds', 'pss_kib')}
BELOW_PERF = ('messages', 'bytes')

# What is left of the machine's time, which the kernel counts in ticks, may come out below nothing.
BELOW_0 = ('others_cpu_s',)
LATENCIES = ('p50', 'p99', 'p999', 'max')
LIFE = {'messages': COUNT, 'server_cpu_s': FIGURE}


class Failure(Exception):
    """A sentence: where, and what."""


def _is(value: object, types: tuple[type, ...], least: float = 0) -> bool:
    return type(value) in types and not (type(value) in FIGURE and not least <= value < float('inf'))


def check_figures(figures: object, case: Case, is_below_perf: bool = False) -> dict:
    """Raises ValueError unless this is a complete run of that case."""
    if not isinstance(figures, dict):
        raise ValueError('no JSON object')
    life = figures.get('life')
    latency = figures.get('latency_us')
    wrong = [k for k, types in FIGURES.items()
             if k not in figures or not _is(figures[k], types, -1e9 if k in BELOW_0 else 0)]
    if isinstance(life, dict):
        wrong += [f'life.{k}' for k, types in LIFE.items() if not _is(life.get(k), types)]
    if isinstance(latency, dict):
        wrong += [f'latency_us.{k}' for k in LATENCIES if not _is(latency.get(k), FIGURE)]
    elif case.kind != 'idle' and not case.is_flood:
        wrong.append('latency_us')
    if not wrong:
        wrong = [k for k in (BELOW_PERF if is_below_perf else NEEDED[case.kind == 'idle'])
                 if figures[k] == 0]
    if wrong:
        raise ValueError(f'no figure for {", ".join(wrong)}')
    return figures


class Guests:
    """bench-guest of a build tree."""

    def __init__(self, build: Path):
        self.build = build
        self.keys = tempfile.NamedTemporaryFile(mode='w', prefix='bench-keys-')
        self.keys.write(f'qemu:{secrets.token_hex(32)}\n')
        self.keys.flush()

    def command(self, cell: Cell, server: Server, prefix: tuple[str, ...], *options: str) -> list[str]:
        user = '--user=nobody' if os.geteuid() == 0 else ''
        case = cell.case
        memory = f'--usbfs-memory={case.usbfs_mib}' if case.usbfs_mib else ''
        given = {'build': self.build, 'keys': self.keys.name, 'user': user, 'memory': memory}
        command = [part.format(**given) for part in server.command]
        options = (*options, *(part.format(**given) for part in server.guest))
        server_core, guest_core = cell.placement.split('/')
        return [f'{self.build}/bench/bench-guest', case.kind, str(case.size), str(case.depth),
                f'--socket={cell.socket}', f'--server-core={server_core}',
                f'--guest-core={guest_core}', *options, '--', *prefix, *filter(None, command)]

    def start(self, cell: Cell, server: Server, *, seconds: float = 0.1, count: int = 0,
              verify: bool = False, warm_up: float | None = None, prefix: tuple[str, ...] = ()) -> 'Run':
        warm_up = cell.case.warm_up if warm_up is None else warm_up
        options = [f'--count={count}' if count else f'--seconds={seconds:.3f}', f'--warm-up={warm_up:g}']
        if verify:
            options.append('--verify')
        environment = dict(os.environ, LD_LIBRARY_PATH=f'{self.build}/tests/fake-libusb',
                           FAKE_LIBUSB=cell.case.fake_libusb)
        return Run(f'{cell.name}, {server.name}',
                   self.command(cell, server, prefix, *options), environment, seconds + PATIENCE,
                   partial(check_figures, case=cell.case, is_below_perf=bool(prefix)))

    def run(self, cell: Cell, server: Server, **options) -> dict:
        return self.start(cell, server, **options).result()

    def syscalls(self, cell: Cell, server: Server, **options) -> tuple[int, dict]:
        """System calls of the server's whole life, and the run's figures."""
        with tempfile.NamedTemporaryFile(mode='r', prefix='bench-perf-') as output:
            figures = self.run(cell, server, prefix=perf(output.name), **options)
            count = perf_count(output.read())
        if count is None:
            raise Failure(f'{cell.name}, {server.name}: perf counted nothing')
        return count, figures


class Run:
    """One bench-guest that runs."""

    def __init__(self, name: str, command: list[str], environment: dict, patience: float,
                 check: Callable[[object], dict]):
        self.name, self.patience, self.check = name, patience, check
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        start_new_session=True)

    def stop(self) -> None:
        """With its server, which is in its process group."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()

    def result(self) -> dict:
        try:
            out, err = self.process.communicate(timeout=self.patience)
        except subprocess.TimeoutExpired:
            raise Failure(f'{self.name}: bench-guest does not end') from None
        finally:
            self.stop()
        if self.process.returncode:
            said = [line for line in err.splitlines() if line.startswith('bench-guest: ')]
            raise Failure(f'{self.name}: {said[-1] if said else f"exit {self.process.returncode}"}')
        try:
            return self.check(json.loads(out))
        except ValueError as error:
            raise Failure(f'{self.name}: refused: {error}') from None


def raw(build: Path, size: int, socket: str, placement: str, seconds: float) -> dict:
    """What the socket alone can do."""
    server_core, guest_core = placement.split('/')
    command = [f'{build}/bench/bench-raw', str(size), f'--socket={socket}',
               f'--server-core={server_core}', f'--guest-core={guest_core}', f'--seconds={seconds}']
    name = f'bench-raw {size}, {socket}, {placement}'
    try:
        out = subprocess.run(command, capture_output=True, check=True, text=True,
                             timeout=PATIENCE).stdout
        figures = json.loads(out)
        if not all(_is(figures.get(k), FIGURE) and figures[k] > 0
                   for k in ('messages', 'bytes', 'seconds')):
            raise ValueError('figures are missing')
    except subprocess.CalledProcessError as error:
        raise Failure(f'{name}: {error.stderr.strip() or error}') from None
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Failure(f'{name}: {error}') from None
    return figures


def perf(output: str) -> tuple[str, ...]:
    return ('perf', 'stat', '-x,', '-o', output, '-e', 'raw_syscalls:sys_enter', '--')


def perf_count(text: str) -> int | None:
    for line in text.splitlines():
        fields = line.split(',')
        if len(fields) > 2 and fields[2].startswith('raw_syscalls:sys_enter') and fields[0].isdigit():
            return int(fields[0])
    return None


def why_perf_cannot_count() -> str | None:
    """None if it can."""
    with tempfile.NamedTemporaryFile(mode='r', prefix='bench-perf-') as output:
        try:
            r = subprocess.run([*perf(output.name), 'true'], capture_output=True, text=True,
                               timeout=PATIENCE, check=False)
        except OSError as error:
            return str(error)
        if perf_count(output.read()):
            return None
        said = [line for line in r.stderr.splitlines() if line.strip()]
        return said[0] if said else 'it counts nothing'
