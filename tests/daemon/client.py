#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of the control socket, for tests in bash and as a module for those in Python.

usage: client.py SOCKET LINE...   sends each line when the one before is answered, prints what comes
"""

import json
import socket
import sys
import time

LIMIT = 60


class Client:
    """One connection. Notifications that come meanwhile are kept in .events."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT)
        self.sock.connect(path)
        self.rest = b""
        self.events = []
        self.last = 0

    def send(self, text):
        if not isinstance(text, (str, bytes)):
            text = json.dumps(text)
        if isinstance(text, str):
            text = text.encode()
        self.sock.sendall(text + b"\n")

    def line(self):
        """The next line, None at the end."""
        while b"\n" not in self.rest:
            more = self.sock.recv(1 << 16)
            if not more:
                return None
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def answer(self):
        """The next line that is no notification."""
        while True:
            line = self.line()
            if line is None or "notification" not in line:
                return line
            self.events.append(line["notification"]["natfw:session-event"])

    def event(self, want=lambda e: True):
        """The next event that `want` says yes to."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if want(event):
                    return event
            line = self.line()
            if line is None:
                raise EOFError("no event")
            if "notification" in line:
                self.events.append(line["notification"]["natfw:session-event"])

    def state(self, state):
        return self.event(lambda e: e["state"] == state)

    def ask(self, **request):
        self.last += 1
        self.send({"id": self.last, **request})
        answer = self.answer()
        assert answer and answer["id"] == self.last, answer
        return answer

    def rpc(self, name, **content):
        return self.ask(rpc={"natfw:" + name: content})

    def burst(self, times, name, **content):
        """The same request many times, with no wait for each answer; the last one's."""
        first = self.last + 1
        self.last += times
        rpc = {"natfw:" + name: content}
        self.send("\n".join(json.dumps({"id": i, "rpc": rpc}) for i in range(first, self.last + 1)))
        return [self.answer() for i in range(times)][-1]

    def open(self, destination="192.0.2.99", **more):
        """A CREATE; its output."""
        content = {
            "kind": "create",
            "flow": {
                "source": "192.0.2.10",
                "destination": destination,
                "protocol": "udp",
                "destination-port": 5004,
            },
        }
        content.update(more)
        answer = self.rpc("session-open", **content)
        assert "output" in answer, answer
        return answer["output"]

    def get(self, what):
        """Entries of a list, and the last line."""
        self.last += 1
        self.send({"id": self.last, "get": what})
        entries = []
        while True:
            answer = self.answer()
            assert answer is not None, "the connection ended"
            assert answer["id"] == self.last, answer
            if "data" not in answer:
                return entries, answer
            part = answer["data"]["natfw:natfw"]
            if what == "config":
                entries.append(part)
                continue
            for value in part["state"][what].values():
                entries += value if isinstance(value, list) else [value]

    def ended(self):
        """Whether the other end closes it."""
        try:
            while self.line() is not None:
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        self.sock.close()


def wait_for(what, limit=LIMIT):
    end = time.monotonic() + limit
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def main():
    client = Client(sys.argv[1])
    for line in sys.argv[2:]:
        client.send(line)
        while True:
            answer = client.answer()
            print(json.dumps(answer))
            if answer is None or "data" not in answer:
                break


if __name__ == "__main__":
    main()
