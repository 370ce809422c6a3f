# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the results that are not a packet rate, and timing of what is not traffic."""
import statistics
import time

from clock import Clock
from gateway import CLOCK


def figure(case, impl, note, values, unit, **more):
    """A row of one value, or of the median of several with the extremes beside it."""
    values = sorted(values) if isinstance(values, (list, tuple)) else [values]
    n = len(values)
    row = {'case': case, 'impl': impl, 'family': 4, 'flows': more.pop('flows', 0), 'note': note,
           'value': round(statistics.median(values)), 'unit': unit, **more}
    if n > 1:
        row.update(low=round(values[0]), high=round(values[-1]), rounds=n, rounds_of=n,
                   confidence=round(1 - 0.5 ** (n - 1), 3))
    return row


def under(rows, arrive):
    """The rows, which come of packets that arrive so."""
    return [{**r, 'arrive': arrive} for r in rows]


def trouble(case, impl, why):
    return {'case': case, 'impl': impl, 'family': 4, 'flows': 0, 'error': str(why)}


def timed(action):
    """Seconds it takes, less those in which the busiest thread waited for the host."""
    before, start = CLOCK.read(), time.monotonic()
    action()
    took, after = time.monotonic() - start, CLOCK.read()
    if not before or not after:
        return took
    return took * (1 - Clock.lost(before, after, 1))
