#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a walk through NATFW-MIB says what natfwctl says: snmp_same.py DIRECTORY

In it: walk (snmpbulkwalk -OnxetU), and BEFORE.NAME and AFTER.NAME of natfwctl as JSON. What moves meanwhile has to be between
the two. Prints how many objects of each table were compared; fails at the first that differs.
"""
import ipaddress
import json
import os
import re
import sys

ROOT = ".1.3.6.1.4.1.8072.9999.9999.5973.1."
ACTIONS = {"allow": 1, "deny": 2, "reject": 3, "nat": 4}


def value(text):
    kind, _, rest = text.partition(": ")
    if kind == "Hex-STRING":
        return bytes.fromhex(rest.replace(" ", ""))
    if text == '""' or kind == "STRING":
        return b"" if text == '""' else rest.strip('"').encode()
    return int(re.sub(r"[^0-9-]", "", rest if _ else text))


def walk(path):
    """Values by table, column and index."""
    found = {}
    with open(path, encoding="ascii") as f:
        # long strings go on in the next line
        text = re.sub(r"\n(?!\.1\.)", " ", f.read())
    for line in text.splitlines():
        name, _, rest = line.partition(" = ")
        if not name.startswith(ROOT):
            continue
        at = [int(x) for x in name[len(ROOT):].split(".")]
        scalar = at[-1] == 0 and len(at) == 3
        table, column, index = (at[0], at[1], ()) if scalar else (at[0], at[2], tuple(at[3:]))
        found.setdefault(table, {})[column, index] = value(rest.strip())
    return found


def address(text):
    if text is None:
        return 0, b""
    a = ipaddress.ip_address(text)
    return (1 if a.version == 4 else 2), a.packed


def kernel(j):
    n = j["net"]
    yield (1, ()), j["version"]["module"]["version"].encode()
    names = ("rules", "rule-max", "flows", "flow-max", "cached", "cache-max", "mappings", "subtables")
    for c, name in enumerate(names, 2):
        yield (c, ()), n[name]
    yield (10, ()), (n["memory"] + 1023) // 1024
    yield (11, ()), n["generation"]


def rules(j):
    for r in j["rules"]:
        m, at = r["match"], tuple(r["id"].to_bytes(8, "big"))
        owner = bytes.fromhex(r["owner"])
        src, dst = address(m.get("src")), address(m.get("dst"))
        row = [r.get("name", "").encode(), r["priority"], owner, ACTIONS[r["action"]], m.get("zone", 0),
               *src, m.get("src-len", 0), *dst, m.get("dst-len", 0), m.get("proto"), m.get("dport"),
               m.get("dport-max", m.get("dport")), r.get("expires", r.get("lifetime", 0) and None), r["packets"],
               r["bytes"], r["flows"]]
        for c, v in enumerate(row, 1):
            yield (c, at), v


def pools(j):
    for p in j["pools"]:
        row = [p[k] for k in ("ports", "used", "held", "hosts", "refused", "rules", "watermark")]
        row += [p["mapping"].encode(), p["filtering"].encode()]
        for c, v in enumerate(row, 1):
            yield (c, tuple(p["name"].encode())), v


def devices(j):
    for d in j["devices"]:
        for c, v in enumerate((d["ifname"].encode(), d["zone"], {"pass": 1, "drop": 2}[d["default"]]), 1):
            yield (c, (d["ifindex"],)), v


def reasons(j):
    index = {d["ifname"]: d["ifindex"] for d in j["devices"]}
    for device, counters in j["stats"].items():
        for r in counters:
            at = (index[device], *r["name"].encode())
            yield (1, at), r["packets"]
            yield (2, at), r["bytes"]
            yield (3, at), 1 if r.get("drop") else 2


def between(v, low, high):
    if isinstance(low, int) and isinstance(high, int):
        return isinstance(v, int) and min(low, high) <= v <= max(low, high)
    return v in (low, high)


def compare(name, got, before, after):
    want = {k: (v, dict(after).get(k, v)) for k, v in before}
    for k, (low, high) in want.items():
        if low is None and high is None:    # natfwctl does not say, or there is none
            continue
        if k not in got:
            sys.exit(f"{name} {k}: missing, natfwctl has {low!r}")
        if not between(got[k], low, high):
            sys.exit(f"{name} {k}: {got[k]!r}, natfwctl has {low!r} and later {high!r}")
    rows = {i for _, i in got}
    if extra := rows - {i for _, i in want}:
        sys.exit(f"{name}: {extra} are not natfwctl's")
    print(f"{name}: {len(want)} objects, {len(rows)} rows")


def main():
    at = sys.argv[1]
    both = []
    for when in ("before", "after"):
        both.append({})
        for name in ("version", "net", "rules", "pools", "devices", "stats"):
            with open(os.path.join(at, f"{when}.{name}"), encoding="ascii") as f:
                both[-1][name] = json.load(f)
    got = walk(os.path.join(at, "walk"))
    for number, make in ((1, kernel), (3, rules), (4, pools), (5, devices), (6, reasons)):
        compare(make.__name__, got.get(number, {}), list(make(both[0])), list(make(both[1])))


main()
