# SPDX-License-Identifier: LGPL-2.1-or-later
"""Medians and their uncertainty. What other programs do to this machine changes from minute to
minute, so servers are compared within a round, where it is nearly the same for all."""
from functools import lru_cache
from typing import NamedTuple

import numpy as np

RESAMPLES = 10_000
SEED = 20260101


class Interval(NamedTuple):
    """A median, and the 95 % bootstrap interval around it."""
    median: float
    low: float
    high: float


@lru_cache(maxsize=None)
def _resamples(n: int) -> np.ndarray:
    return np.random.default_rng(SEED).integers(0, n, (RESAMPLES, n))


@lru_cache(maxsize=None)
def _interval(values: tuple[float, ...]) -> Interval:
    medians = np.median(np.array(values)[_resamples(len(values))], axis=1)
    low, high = np.percentile(medians, (2.5, 97.5))
    return Interval(float(np.median(values)), float(low), float(high))


def interval(values: list[float | None]) -> Interval | None:
    """None if there is nothing, or not everything: half a cell is no figure."""
    if not values or None in values:
        return None
    return _interval(tuple(values))


def paired(ours: list[float | None], theirs: list[float | None]) -> Interval | None:
    """Of ours / theirs, round by round."""
    if len(ours) != len(theirs):
        raise ValueError(f'{len(ours)} rounds against {len(theirs)}')
    if None in ours or None in theirs or 0 in theirs:
        return None
    return interval([o / t for o, t in zip(ours, theirs)])
