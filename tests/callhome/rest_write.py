# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers change by RESTCONF, for rest.py. Each takes one call."""
import xml.etree.ElementTree as ET

from peer import NATFW, want
from rest import DATA, JSON, RC, TOP, XML, session

POLICY = TOP + "/policy"
CONFIG = "?content=config"


def entry(name, **more):
    return {"natfw:entry": [dict({"name": name, "action": "permit"}, **more)]}


def names(h):
    a = h.ask("GET", POLICY + CONFIG)
    return [e["name"] for e in a.json()["natfw:policy"].get("entry", [])] if a.status == 200 else []
