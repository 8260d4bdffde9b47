# SPDX-License-Identifier: LGPL-2.1-or-later
"""One picture: what a message costs, and how many there are, beside two other programs. The reference
is 1, so loads of all sizes fit one axis; the bars say their own figures."""
from pathlib import Path

import matplotlib

matplotlib.use('svg')
import matplotlib.pyplot as plt  # noqa: E402

from analysis import Results, number  # noqa: E402
from cases import BY_NAME  # noqa: E402

# Colours of Okabe and Ito: told apart by all eyes, and when printed in grey.
_SERVERS = {'ours': ('usbredir-session', '#0072b2'), 'reference': ('libusbredirhost', '#b8b8b8'),
            'usbredirect': ('usbredirect', '#e69f00')}
_CASES = {
    'control-in 64 B x 1': 'control 64 B, one at a time',
    'bulk-in 512 B x 16': 'bulk in 512 B, 16 in flight',
    'bulk-in 16 KiB x 8': 'bulk in 16 KiB, 8',
    'bulk-in 64 KiB x 8': 'bulk in 64 KiB, 8',
    'bulk-out 512 B x 16': 'bulk out 512 B, 16',
    'bulk-out 64 KiB x 8': 'bulk out 64 KiB, 8',
    'interrupt-in 64 B, flood': 'interrupt, as fast as it can',
    'iso-in 8 packets x 4, flood': 'isochronous, as fast as it can',
}
_PANELS = (('cpu', '0/0', 'CPU time for a message, server (less is better)', ' µs'),
           ('rate', '0/1', 'messages a second (more is better)', '/s'))
_WIDEST = 4          # beyond it a bar is cut off, and its figure has to do


def _bars(axes, results: Results, cases: list[str], panel: tuple[str, str, str, str]) -> None:
    figure, placement, title, unit = panel
    height = 0.8 / len(_SERVERS)
    for j, (server, (label, colour)) in enumerate(_SERVERS.items()):
        for i, name in enumerate(cases):
            place = BY_NAME[name], 'tcp', placement
            found = results.absolute(*place, server, figure)
            ratio = results.ratio(*place, figure, server=server)
            if not (found and ratio):
                continue
            width, y = min(ratio.median, _WIDEST), i + (j - 1) * height
            axes.barh(y, width, height * 0.92, color=colour, label=label if i == 0 else None)
            times = '' if server == 'reference' else f'  × {ratio.median:.2f}'
            cut_off = '» ' if ratio.median > _WIDEST else ''
            axes.text(width + 0.04, y, cut_off + number(found.median) + unit + times, va='center',
                      fontsize=7.5, color='#222222',
                      bbox={'facecolor': 'white', 'edgecolor': 'none', 'pad': 0.6})
    axes.axvline(1, color='#555555', linewidth=0.8, zorder=0)
    axes.set_title(title, fontsize=10, fontweight='bold', loc='left')
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.set_xlabel('libusbredirhost = 1', fontsize=8)
    axes.tick_params(axis='both', labelsize=8, length=0)
    axes.set_xlim(0, 1.3 * _WIDEST)


def write(results: Results, path: Path) -> bool:
    """False if this run has nothing of what it shows."""
    have = {case.name for case in results.cases}
    cases = [name for name in _CASES if name in have and results.absolute(
        BY_NAME[name], 'tcp', '0/0', 'reference', 'cpu')]
    if not cases:
        return False
    matplotlib.rcParams['svg.hashsalt'] = 'usbredird'
    picture, panels = plt.subplots(1, 2, figsize=(11, 0.75 * len(cases) + 1.4), sharey=True,
                                   facecolor='white', layout='constrained')
    for axes, panel in zip(panels, _PANELS):
        _bars(axes, results, cases, panel)
    panels[0].set_yticks(range(len(cases)), [_CASES[name] for name in cases])
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    picture.legend(handles, labels, loc='upper center', bbox_to_anchor=(0.5, 0), ncols=3, frameon=False,
                   fontsize=9)
    picture.savefig(path, metadata={'Date': None}, facecolor='white', bbox_inches='tight')
    plt.close(picture)
    return True
