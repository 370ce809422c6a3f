# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers do over SSH, and what they should not: see peer.py, whose --key says that SSH is spoken."""
import os
import re
import socket
import subprocess
import time

from peer import NS, Session, Ssh, want


def raw(l, seconds=5):
    """A connection, and what the device says on it first."""
    c = l.accept()
    c.settimeout(seconds)
    got = b""
    while not got.endswith(b"\n"):
        got += c.recv(1)
    return c, got


def ident(o, l, *args):
    """The device begins, as servers of SSH do, and is a server in what follows."""
    c, said = raw(l)
    print(said.decode().rstrip("\r\n"), said.endswith(b"\r\n"), flush=True)


def wait_closed(c):
    start = time.monotonic()
    c.settimeout(60)
    try:
        while c.recv(4096):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - start


def mute(o, l, *args):
    """Never says a word; prints how long that was put up with."""
    c, _ = raw(l)
    print("%.1f" % wait_closed(c), flush=True)


def lazy(o, l, *args):
    """Authenticates, and asks for nothing."""
    s = Ssh(o, l.accept(), "-N", ask=("gateway",))
    start = time.monotonic()
    s.over()
    print("%.1f" % (time.monotonic() - start), flush=True)


def garbage(o, l, *args):
    """What is not SSH, before and in the place of the key exchange."""
    for octets in (os.urandom(4096), b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n" + os.urandom(4096),
                   b"SSH-2.0-x\r\n" + b"\xff\xff\xff\xff" * 100, b"SSH-1.5-x\r\n", b"x" * 100000):
        c, _ = raw(l)
        try:
            c.sendall(octets)
            c.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        wait_closed(c)
        c.close()
    print("done", flush=True)


def rubbish(o, l, *args):
    """What is not NETCONF, in the subsystem."""
    s = Session(l.secure(l.accept()), greet=False)
    s.receive_marked()
    s.send_raw(os.urandom(100000))
    s.ended()
    print("over", s.s.over(), flush=True)


def denied(o, l, *args):
    """Is not let in; prints what ssh says why."""
    s = Ssh(o, l.accept(), *args)
    status = s.over()
    got = s.recv(100)
    want(status == 255 and not got, "status %d, came %r" % (status, got))
    print("denied", flush=True)


def log_of(s):
    return open(s.log, errors="replace").read()


def commands(o, l, *args):
    """A shell and commands come to nothing, and no terminal is there."""
    for more, ask in (((), ("gateway",)), (("-tt",), ("gateway",)), ((), ("gateway", "id")),
                      ((), ("gateway", "natfwd-netconf-" + "0" * 32 + "; id")),
                      ((), ("-s", "gateway", "sftp"))):
        s = Ssh(o, l.accept(), *more, ask=ask)
        status = s.over()
        got = b""
        try:
            while True:
                data = s.recv(4096)
                if not data:
                    break
                got += data
        except ConnectionError:
            pass
        want(status and b"uid=" not in got and b"hello" not in got, "%s: %d %r" % (ask, status, got))
    log = log_of(s)
    want("PTY allocation request failed" in log, log)
    want("there is the subsystem netconf, and nothing else" in log, log)
    want("subsystem request failed on channel 0" in log, log)
    print("done", flush=True)


def forwards(o, l, *args):
    """Nothing is forwarded, and the session is none the worse."""
    s = Session(Ssh(o, l.accept(), "-o", "ExitOnForwardFailure=no", "-R", "127.0.0.1:5555:127.0.0.1:22",
                    "-L", "127.0.0.1:5556:127.0.0.1:22", "-A", "-o", "ForwardX11=yes", "-o", "ForwardX11Trusted=yes",
                    "-o", "SetEnv=NATFWD=1 LD_PRELOAD=/tmp/x.so"))
    s.data("<get/>")
    with socket.create_connection(("127.0.0.1", 5556), 5) as c:
        c.settimeout(10)
        want(not c.recv(100), "something came through")
    s.data("<get/>")
    log = log_of(s.s)
    want("remote port forwarding failed" in log, log)
    want("administratively prohibited" in log, log)
    s.close()
    print("done", flush=True)


def channels(o, l, *args):
    """A second channel in the same connection."""
    path = os.path.join(o.certs, "mux")
    s = Session(Ssh(o, l.accept(), "-M", "-S", path))
    second = subprocess.run(["ssh", "-F", "none", "-S", path, "-o", "ProxyCommand=false", "-s", "gateway", "netconf"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    want(second.returncode and b"<hello" not in second.stdout, second.stdout)
    want(b"Session open refused by peer" in second.stderr, second.stderr)
    s.data("<get/>")
    s.close()
    print("done", flush=True)


def again(o, l, *args):
    """A token is good for one session: the channel is closed and opened again."""
    path = os.path.join(o.certs, "mux")
    s = Session(Ssh(o, l.accept(), "-M", "-S", path, "-o", "ControlPersist=60"))
    s.s.close()
    run = subprocess.run(["ssh", "-F", "none", "-S", path, "-o", "ProxyCommand=false", "-s", "gateway", "netconf"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    want(b"<hello" not in run.stdout, run.stdout)
    print("done", flush=True)


def offers(o, l, *args):
    """What the device would do: prints the lists of its KEXINIT."""
    s = Session(Ssh(o, l.accept(), "-vvv"))
    s.close()
    log = log_of(s.s)
    theirs = log.split("peer server KEXINIT proposal", 1)[1].split("first_kex_follows", 1)[0]
    for line in theirs.splitlines():
        if re.search("algorithms|ciphers|MACs", line):
            print(line.split("debug2: ")[1].strip())
    print("strict", "will use strict KEX ordering" in log, flush=True)


def methods(o, l, *args):
    """What one may authenticate by, as answered to who asks for none."""
    s = Ssh(o, l.accept(), "-v", "-o", "PreferredAuthentications=none")
    s.over()
    print(re.findall(r"Authentications that can continue: (.*)", log_of(s))[-1].strip(), flush=True)


def tries(o, l, *args):
    """Wrong keys, one after the other, as long as that is put up with."""
    c = l.accept()
    more = []
    for name in args:
        more += ["-i", os.path.join(o.certs, name)]
    s = Ssh(o, c, "-v", *more)
    s.over()
    log = log_of(s)
    print(len(re.findall("Offering public key", log)), "Too many authentication failures" in log, flush=True)


def rekey(o, l, *args):
    """New keys all the time, in the midst of long answers."""
    s = Session(Ssh(o, l.accept(), "-v", "-o", "RekeyLimit=64K"))
    for _ in range(20):
        s.data("<get/>")
        r = s.ask('<get-schema xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring">'
                  "<identifier>natfw</identifier></get-schema>")
        want(len(r[0].text) > 10000, "a short module")
    s.close()
    n = len(re.findall("rekeying in progress|SSH2_MSG_NEWKEYS received", log_of(s.s)))
    print("rekeyed", n > 5, flush=True)


def asked(o, l, *args):
    """The manager asks whether the device is there, by requests nobody knows."""
    s = Session(Ssh(o, l.accept(), "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"))
    time.sleep(5)
    s.data("<get/>")
    s.close()
    print("done", flush=True)


def big(o, l, *args):
    """Much at a time in both directions, read late."""
    s = Session(l.secure(l.accept()))
    n = 300
    op = ('<get-schema xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring">'
          "<identifier>natfw</identifier></get-schema>")
    text = '<rpc message-id="%%d" xmlns="%s">%s<!-- %s --></rpc>' % (NS, op, "x" * 4000)
    pid = os.fork()
    if not pid:
        for i in range(n):
            s.send(text % i)
        os._exit(0)
    time.sleep(2)
    for i in range(n):
        s.reply(str(i))
    os.waitpid(pid, 0)
    s.n = n
    s.close()
    print("done", flush=True)


def quits(o, l, *args):
    """Takes its leave of SSH, without a word in NETCONF."""
    for _ in range(int(args[0])):
        s = Session(l.secure(l.accept()))
        print("up %.2f" % time.monotonic(), flush=True)
        s.s.close()
        s.s.over()


def cut(o, l, *args):
    """The connection ends without a word of SSH."""
    for _ in range(int(args[0])):
        s = Session(l.secure(l.accept()))
        print("up %.2f" % time.monotonic(), flush=True)
        s.s.process.kill()
        s.s.over()
