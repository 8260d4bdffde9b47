# SPDX-License-Identifier: LGPL-2.1-or-later
"""The passes over a plan: each returns what was measured, as plain data. Nothing is computed from it
here, so that tables can be made again from the same data."""
from typing import Callable

import guest
from cases import IDLE, Cell, Server
from guest import Failure, Guests
from plan import RAW_SECONDS, VERIFY_SECONDS, Plan


def _row(cell: Cell, server: Server, figures: dict, **more) -> dict:
    return {'case': cell.case.name, 'socket': cell.socket, 'placement': cell.placement,
            'server': server.name, **more, **figures}


def overhead(guests: Guests, cells: list[Cell], servers: tuple[Server, ...],
             clock: Callable[[], float]) -> float:
    """Seconds that a run takes beside those that it measures."""
    seconds, times = 0.01, []
    cell = next((c for c in cells if not c.case.is_paced), cells[0])
    for server in servers:
        for socket in server.sockets[:1]:
            start = clock()
            guests.run(Cell(cell.case, socket, '0/0'), server, seconds=seconds, warm_up=0.0)
            times.append(clock() - start - seconds)
    return sum(times) / len(times)


def verify(guests: Guests, plan: Plan) -> list[str]:
    """Every byte, both ways. What fails here is not worth measuring: returns sentences."""
    failures = []
    for cell, server in plan.verified():
        try:
            guests.run(cell, server, seconds=VERIFY_SECONDS, warm_up=0.02, verify=True)
        except Failure as failure:
            failures.append(str(failure))
    return failures


def floods(guests: Guests, plan: Plan) -> list[dict]:
    return [_row(cell, server, guests.run(cell, server, count=plan.flood_messages))
            for cell, server in plan.flooded()]


def idle(guests: Guests, plan: Plan) -> list[dict]:
    """All servers at the same time, for they do nothing; the one that is busy on the other core. What
    belongs to the start is over after a second."""
    runs = []
    try:
        for server in plan.servers:
            cell = Cell(IDLE, server.sockets[0], '1/1' if server.is_busy else '0/0')
            runs.append((cell, server, guests.start(cell, server, seconds=plan.idle_seconds,
                                                    warm_up=1.0)))
        return [_row(cell, server, run.result()) for cell, server, run in runs]
    finally:
        for _, _, run in runs:
            run.stop()


def raw(guests: Guests, plan: Plan) -> list[dict]:
    return [{'size': size, 'socket': socket, 'placement': placement,
             **guest.raw(guests.build, size, socket, placement, RAW_SECONDS)}
            for size, socket, placement in plan.raw()]


def syscalls(guests: Guests, plan: Plan) -> list[dict]:
    """perf counts a whole life. A life with next to no messages is taken off: start and end do not count."""
    rows, short = [], {}
    for number in range(plan.syscall_rounds):
        for cell, server in plan.counted():
            key = (cell.case.name, cell.socket, server.name)
            if key not in short:
                calls, figures = guests.syscalls(cell, server, count=1, warm_up=0.0)
                short[key] = calls, figures['life']['messages']
            calls, figures = guests.syscalls(cell, server, seconds=plan.seconds_of(cell.case))
            messages = figures['life']['messages']
            more_calls, more = calls - short[key][0], messages - short[key][1]
            if not server.is_busy and (more <= 0 or more_calls <= 0):
                raise Failure(f'{cell.name}, {server.name}: {calls} system calls for {messages} messages, '
                              f'{short[key][0]} for {short[key][1]}')
            rows.append(_row(cell, server, {}, round=number, calls=calls, messages=messages,
                             per_message_of_life=calls / messages,
                             per_message=None if server.is_busy else more_calls / more))
    return rows


def measure(guests: Guests, plan: Plan) -> tuple[list[dict], list[str]]:
    """A cell that fails once is not run again with that server: returns runs and sentences."""
    rows, failures, failed = [], [], set()
    for number, cell, server in plan.measured():
        if (cell, server) in failed:
            continue
        try:
            figures = guests.run(cell, server, seconds=plan.seconds_of(cell.case))
            rows.append(_row(cell, server, figures, round=number))
        except Failure as failure:
            failures.append(str(failure))
            failed.add((cell, server))
    return rows, failures
