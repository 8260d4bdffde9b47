# SPDX-License-Identifier: LGPL-2.1-or-later
"""The arithmetic of the benchmark, on data whose answers are known."""
import copy
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import targets
from analysis import Results
from cases import BY_NAME, CASES, SERVERS, Cell, cells
from guest import check_figures, perf_count
from plan import SECONDS_MIN, Plan
from ratios import Interval, interval, paired
from targets import TARGETS, Target, Verdict, explanation, group_of, target_of

BULK = BY_NAME['bulk-in 512 B x 8']
FLOOD = BY_NAME['iso-in 8 packets x 4, flood']
RUN = {
    'messages': 1000, 'bytes': 512000, 'seconds': 0.1, 'server_cpu_s': 0.01, 'guest_cpu_s': 0.02,
    'others_cpu_s': 0.0, 'server_wakeups': 3, 'pss_kib': 900, 'lost': 0, 'lost_whole_frames': True,
    'latency_us': {'p50': 10.0, 'p99': 20.0, 'p999': 30.0, 'max': 40.0},
    'life': {'messages': 1200, 'server_cpu_s': 0.02},
}


class Ratios(unittest.TestCase):
    def test_median_and_interval(self):
        self.assertEqual(interval([3.0, 1.0, 2.0])[0], 2.0)
        self.assertEqual(interval([5.0]), Interval(5.0, 5.0, 5.0))
        self.assertEqual(interval([4.0] * 7), Interval(4.0, 4.0, 4.0))
        # The median of 7 drawn from 7 is below the second smallest, or above the second largest, in
        # 1 % of all cases each: that is where 95 % end.
        self.assertEqual(interval([float(i) for i in range(1, 8)]), Interval(4.0, 2.0, 6.0))

    def test_ratios_are_of_the_same_round(self):
        ours, theirs = [1.0, 10.0, 100.0], [2.0, 20.0, 200.0]
        self.assertEqual(paired(ours, theirs), Interval(0.5, 0.5, 0.5))
        with self.assertRaises(ValueError):
            paired(ours, theirs[:2])

    def test_what_is_not_there_is_no_figure(self):
        self.assertIsNone(interval([]))
        self.assertIsNone(interval([1.0, None]))
        self.assertIsNone(paired([1.0, None], [1.0, 1.0]))
        self.assertIsNone(paired([1.0], [0]))


class Verdicts(unittest.TestCase):
    def test_the_whole_interval_counts(self):
        most = Target('', 'cpu', '0/0', at_most=0.30)
        least = Target('', 'rate', '0/0', at_least=2.5)
        for target, ratio, is_met in (
                (most, Interval(0.20, 0.10, 0.30), True), (most, Interval(0.20, 0.10, 0.306), False),
                (least, Interval(3.0, 2.5, 4.0), True), (least, Interval(3.0, 2.494, 4.0), False),
                (most, None, False)):
            self.assertEqual(target.is_met(ratio), is_met, (target, ratio))

    def test_what_stands_behind_is_said_even_if_it_is_met(self):
        most = Target('', 'p50', '0/0', at_most=1.1)
        least = Target('', 'rate', '0/0', at_least=0.95)
        for target, ratio, standing in (
                (most, Interval(1.05, 1.02, 1.08), 'behind'), (most, Interval(1.05, 0.99, 1.08), 'met'),
                (most, Interval(1.05, 0.99, 1.2), 'uncertain'), (most, Interval(1.15, 0.99, 1.2), 'missed'),
                (least, Interval(0.97, 0.96, 0.99), 'behind'), (least, None, 'missed')):
            self.assertEqual(target.standing(ratio), standing, ratio)

    def test_targets_apply_where_they_say(self):
        for name, socket, metric, placement, limit in (
                ('bulk-in 64 KiB x 8', 'tcp', 'cpu', '0/0', '≤ 0.5'),
                ('bulk-in 64 KiB x 8', 'unix', 'cpu', '0/0', '≤ 0.35'),
                ('bulk-in 1 MiB x 8', 'tcp', 'cpu', '0/0', '≤ 0.35'),
                ('bulk-in 1 MiB x 4', 'unix', 'syscalls', '0/0', '≤ 0.8'),
                ('bulk-out 64 KiB x 8', 'tcp', 'rate', '0/1', '≥ 0.85'),
                ('bulk-out 1 MiB x 1', 'unix', 'p99', '0/1', '≤ 1.3'),
                ('iso-in 8 packets x 4, 8000/s', 'unix', 'p50', '0/1', '≤ 0.8'),
                ('iso-in 1 packets x 16, 8000/s', 'unix', 'p50', '0/1', '≤ 1.1'),
                ('interrupt-in 64 B, flood', 'unix', 'rate', '0/1', '≥ 5')):
            self.assertEqual(target_of(BY_NAME[name], socket, metric, placement).text, limit, name)

    def test_every_case_has_a_group_and_every_target_a_case(self):
        self.assertEqual(len(BY_NAME), len(CASES) + 1)
        used = {target_of(c.case, c.socket, metric, c.placement)
                for c in cells() for metric in targets.METRICS}
        self.assertEqual(set(TARGETS) - used, set())
        self.assertEqual({group_of(c) for c in CASES}, set(targets.GROUPS))

    def test_explanations_are_found_by_pattern(self):
        verdict = Verdict('bulk-in 512 B x 8, tcp, 0/1', 'messages/s', '≥ 1.3', '', False, 'missed')
        with TemporaryDirectory() as folder:
            path = Path(folder) / 'explanations'
            self.assertIsNone(explanation(verdict, path))
            path.write_text('# why\n\nbulk-out*\nno.\n\nbulk-in*tcp, 0/1: messages/s\nfor\na reason.\n')
            self.assertEqual(explanation(verdict, path), 'for a reason.')


class Figures(unittest.TestCase):
    def test_a_run_without_all_figures_is_refused(self):
        self.assertIs(check_figures(RUN, BULK), RUN)
        for path in [(key,) for key in RUN] + [('life', 'messages'), ('latency_us', 'p99')]:
            run = copy.deepcopy(RUN)
            inner = run if len(path) == 1 else run[path[0]]
            del inner[path[-1]]
            with self.assertRaisesRegex(ValueError, path[-1]):
                check_figures(run, BULK)

    def test_a_figure_that_is_none_is_refused(self):
        for key, value in (('messages', 0), ('messages', 1.5), ('seconds', 0), ('server_cpu_s', 0),
                           ('pss_kib', 0), ('lost', -1), ('seconds', float('nan')), ('bytes', '1'),
                           ('lost_whole_frames', 1), ('latency_us', None), ('others_cpu_s', None)):
            with self.assertRaisesRegex(ValueError, key):
                check_figures({**RUN, key: value}, BULK)
        with self.assertRaises(ValueError):
            check_figures([], BULK)

    def test_a_flood_has_no_latency(self):
        run = {**RUN, 'latency_us': None}
        self.assertIs(check_figures(run, FLOOD), run)

    def test_perf_output(self):
        self.assertEqual(perf_count('# x\n\n3457,,raw_syscalls:sys_enter,12,100.00,,\n'), 3457)
        self.assertIsNone(perf_count('<not supported>,,raw_syscalls:sys_enter,0,100.00,,\n'))


class Plans(unittest.TestCase):
    def test_each_round_begins_with_another_server(self):
        cell = Cell(BULK, 'tcp', '0/0')
        n = len(cell.servers(SERVERS))
        plan = Plan([cell], SERVERS, 0.05, rounds=n)
        names = [server.name for _, _, server in plan.measured()]
        self.assertEqual(len(set(names[::n])), n)
        for i in range(0, n * n, n):
            self.assertEqual(len(set(names[i:i + n])), n)

    def test_the_plan_fits_the_time(self):
        plan = Plan(cells(), SERVERS, 0.03)
        self.assertLessEqual(sum(plan.estimate().values()), plan.budget + 1)
        self.assertEqual(Plan(cells(), SERVERS, 5.0).seconds, SECONDS_MIN)


class Analysis(unittest.TestCase):
    @staticmethod
    def data(case, ours, theirs, rounds=3):
        where = {'case': case.name, 'socket': 'unix', 'placement': '0/0'}
        runs = [{**where, 'server': server, 'round': i, **RUN, **figures}
                for i in range(rounds) for server, figures in (('ours', ours), ('reference', theirs))]
        return {'servers': ['ours', 'reference'], 'rounds': rounds, 'syscall_rounds': 1, 'runs': runs,
                'syscalls': [], 'floods': [], 'idle': [], 'raw': []}

    def met(self, data):
        return {v.what: v.is_met for v in Results(data).verdicts()}

    def test_faster_is_met_and_what_was_not_measured_is_missed(self):
        met = self.met(self.data(BULK, {'server_cpu_s': 0.002, 'messages': 3000}, {}))
        self.assertEqual(met, {'CPU per message': True, 'messages/s': True, 'PSS, KiB': True,
                               'system calls per message': False})

    def test_a_cell_that_lacks_a_round_is_no_figure(self):
        data = self.data(BULK, {'server_cpu_s': 0.002, 'messages': 3000}, {})
        del data['runs'][-1]
        self.assertFalse(self.met(data)['messages/s'])

    def test_nothing_is_where_nothing_ran(self):
        results = Results(self.data(BULK, {}, {}))
        self.assertIsNone(results.ratio(BULK, 'tcp', '0/1', 'cpu'))
        self.assertEqual(results.places(BULK), [('unix', '0/0')])

    def test_losses(self):
        interrupt = BY_NAME['interrupt-in 64 B, flood']
        self.assertFalse(self.met(self.data(interrupt, {'lost': 1}, {}))['loss'])
        self.assertTrue(self.met(self.data(interrupt, {}, {'lost': 1}))['loss'])
        self.assertTrue(self.met(self.data(FLOOD, {'lost': 8}, {}))['loss'])
        self.assertFalse(self.met(self.data(FLOOD, {'lost': 8, 'lost_whole_frames': False}, {}))['loss'])


if __name__ == '__main__':
    unittest.main()
