# SPDX-License-Identifier: GPL-2.0-or-later
"""Statistics of paired rounds. Nothing here knows of kernels or packets.

A median is given with the narrowest pair of order statistics between which the true one lies
with at least so much probability, by the binomial distribution: no assumption about how the
values are distributed, which on a busy machine is never normal.
"""
import collections
import math
import statistics

CONFIDENCE = 0.95
LOST = 0.05         # of a run's time: more, and the run is not counted

Estimate = collections.namedtuple('Estimate', 'median low high n of confidence')


def ranks(n, confidence=CONFIDENCE):
    """(k, real confidence): the kth smallest and kth largest of n hold the median.

    With fewer than six values nothing reaches 95 %: then smallest and largest, and what
    they do reach.
    """
    def reached(k):
        return 1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2 ** n
    k = 1
    while 2 * (k + 1) <= n and reached(k + 1) >= confidence:
        k += 1
    return k, reached(k)


def estimate(values, of=None, confidence=CONFIDENCE):
    """Estimate of the median; of: how many there were before some were left out."""
    values = sorted(values)
    k, real = ranks(len(values), confidence)
    return Estimate(statistics.median(values), values[k - 1], values[-k], len(values),
                    len(values) if of is None else of, real)


def undisturbed(losses, limit=LOST):
    """Indices of the rounds to count, from what share of its time each lost to others.

    Those that lost little; if that is less than half of them, the better half: a machine
    that is always busy has no others, and the interval will show it.
    """
    order = sorted(range(len(losses)), key=lambda i: losses[i])
    good = [i for i in order if losses[i] <= limit]
    half = order[:max(min(3, len(order)), (len(order) + 1) // 2)]
    return sorted(good if len(good) >= len(half) else half)


def rounds(*rows):
    """Rounds in which all of these were measured, those that were disturbed left out.

    A row has `ns` and `lost`, lists by round; a round in which it failed is None.
    Leaves ([round...], how many rounds there were).
    """
    total = min(len(r['ns']) for r in rows)
    there = [i for i in range(total) if all(r['ns'][i] is not None for r in rows)]
    worst = [max(r['lost'][i] for r in rows) for i in there]
    return [there[i] for i in undisturbed(worst)], total


def added(row, floor):
    """What a packet costs above the floor, round by round. None without a round."""
    use, total = rounds(row, floor)
    if not use:
        return None
    return estimate([row['ns'][i] - floor['ns'][i] for i in use], total)


def proportion(a, b):
    """a of b, where noise can make either negative: infinite then, not small."""
    return a / b if b > 0 else math.inf


def ratio(row, floor, peer, peer_floor, scale=1.0):
    """Added cost of row in proportion to that of peer, of the same round each."""
    use, total = rounds(row, floor, peer, peer_floor)
    if not use:
        return None
    return estimate([scale * proportion(row['ns'][i] - floor['ns'][i],
                                        peer['ns'][i] - peer_floor['ns'][i])
                     for i in use], total)


def of_total(row, peer, scale=1.0):
    """Whole time a packet, generator included, in proportion to that of peer."""
    use, total = rounds(row, peer)
    if not use:
        return None
    return estimate([scale * proportion(row['ns'][i], peer['ns'][i]) for i in use], total)
