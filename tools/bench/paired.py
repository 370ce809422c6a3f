# SPDX-License-Identifier: GPL-2.0-or-later
"""Groups that have to be measured in the same rounds, so that targets.py can compare them."""
import re

from figures import trouble
from gateway import Failed, Traffic
from impls import (Bare, IpForward, NatfwDirect, NatfwStack, NftConntrack, NftFlowtable,
                   NftFwd, NftSet)
from measure import Wanted, measure_group, say, size_of
from nl import NlError
from targets import NEW1, NEW16
from variants import Exact, NftShapes, Wild

MILLION = 1000000
ONE = ', one by one'    # groups whose packets do not come in polls


def under(traffic, *impls, family=4):
    return [Wanted(i, family, traffic) for i in impls]


def nat(flows, *others, arrive=None):
    return under(Traffic(flows, arrive=arrive), NatfwDirect('snat'), NftFlowtable('snat'),
                 Bare('snat'), *others)


def nat_1k():
    return nat(1000, NatfwStack('snat'), NftConntrack('snat'))


def nat_100k():
    return nat(100000, NatfwStack('snat'), NftConntrack('snat'))


def nat_1m():
    return nat(MILLION)


def allow_100k():
    return under(Traffic(100000), NatfwDirect('allow'), IpForward('allow'), NftFwd('allow'),
                 Bare('allow'), NftFlowtable('allow'), NftConntrack('allow'),
                 NatfwStack('allow'))


def deny():
    nft = NftSet('drop')
    nft.label, nft.more = 'deny', {'rules': 100000}
    return (under(Traffic(100000), Exact(MILLION, 'deny'), nft) +
            under(Traffic(MILLION), Exact(MILLION, 'deny')))


def lookup():
    return under(Traffic(1000), *(Exact(n) for n in (1000, 10000, 100000, MILLION)))


def lookup_100k():
    return under(Traffic(1000), *(Exact(n) for n in (1000, 10000, 100000)))


def wild_cached():
    nft = NftSet('drop')
    nft.label, nft.more = 'wild-cached', {'rules': 1000, 'note': 'exact'}
    return under(Traffic(1000), Wild('16 shapes, cached', 2000, False), Exact(1000, note='exact'),
                 nft)


def wild_new():
    return under(Traffic(1000), Wild(NEW16, 2000, True), Wild(NEW1, 10, True), NftShapes(NEW16),
                 NftShapes(NEW1, [(8, 8)]))


def cpus():
    return (under(Traffic(100000), NatfwDirect('snat')) +
            under(Traffic(100000, cpus=2), NatfwDirect('snat')))


def ipv6(flows):
    return (under(Traffic(flows), NatfwDirect('snat')) +
            under(Traffic(flows, size=size_of(6, 60)), NatfwDirect('snat'), family=6))


def one_by_one(flows):
    """What packets cost that do not come in polls."""
    return nat(flows, arrive='one')


# (name, how to make the group, profiles that leave it out)
GROUPS = (
    ('NAT, 1,000 flows', nat_1k, ()),
    ('NAT, 100,000 flows', nat_100k, ()),
    ('NAT, 1,000 flows' + ONE, lambda: one_by_one(1000), ()),
    ('NAT, 100,000 flows' + ONE, lambda: one_by_one(100000), ()),
    ('allow, 100,000 flows', allow_100k, ()),
    ('IPv6 and IPv4, 1,000 flows', lambda: ipv6(1000), ()),
    ('IPv6 and IPv4, 100,000 flows', lambda: ipv6(100000), ()),
    ('two processors and one', cpus, ()),
    ('wildcards, cached', wild_cached, ()),
    ('wildcards, every packet new', wild_new, ()),
    ('lookup, up to 100,000 rules', lookup_100k, ('medium', 'full')),
    ('lookup, up to 1,000,000 rules', lookup, ('quick',)),
    ('deny, 1,000,000 rules', deny, ('quick',)),
    ('NAT, 1,000,000 flows', nat_1m, ('quick',)),
)


def run(o, impls, rounds, since):
    """Rows of each group of the profile. Those that come one by one are beside the others only."""
    for name, make, without in GROUPS:
        if o.profile in without or (o.group and not re.search(o.group, name)):
            continue
        if name.endswith(ONE) and Traffic.usual == 'one':
            continue
        say(f'bench: {name} [{since():.0f} s]')
        try:
            yield measure_group([w for w in make() if w.impl.name in impls], rounds, o.seconds)
        except (Failed, NlError, OSError) as e:
            yield [trouble(name, NatfwDirect.name, e)]
