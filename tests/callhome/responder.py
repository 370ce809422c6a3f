#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Responses of OCSP, right and wrong ones.

	responder.py make  --issuer PEM --cert PEM [OPTION...] --out FILE
	responder.py serve --issuer PEM --cert PEM... [OPTION...] --port PORT --state FILE [--ready FILE]

serve reads FILE, JSON with members named as the options below, anew for every request, so a test changes what it answers;
for each it prints "asked SERIAL". Members besides: "mode", of which "answer" is the usual one.
"""
import argparse
import datetime
import http.server
import json
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

STATUS = {"good": ocsp.OCSPCertStatus.GOOD, "revoked": ocsp.OCSPCertStatus.REVOKED,
          "unknown": ocsp.OCSPCertStatus.UNKNOWN}
DIGEST = {"sha1": hashes.SHA1, "sha256": hashes.SHA256}


def load(name):
    with open(name, "rb") as f:
        return x509.load_pem_x509_certificate(f.read())


def load_key(name):
    with open(name, "rb") as f:
        return serialization.load_pem_private_key(f.read(), None)


def moment(seconds):
    return datetime.datetime.utcfromtimestamp(int(time.time()) + seconds)


def make(o, cert):
    """About CERT, as O says."""
    signer = load(o.signer or o.issuer)
    revoked = o.status == "revoked"
    b = ocsp.OCSPResponseBuilder().add_response(
        cert=cert, issuer=load(o.issuer), algorithm=DIGEST[o.digest](), cert_status=STATUS[o.status],
        this_update=moment(o.since), next_update=moment(o.until) if o.until else None,
        revocation_time=moment(o.since) if revoked else None, revocation_reason=None)
    b = b.responder_id(ocsp.OCSPResponderEncoding.HASH, signer)
    if o.signer:
        b = b.certificates([signer])
    r = b.sign(load_key(o.key), hashes.SHA256())
    return r.public_bytes(serialization.Encoding.DER)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    o = None

    def log_message(self, *_):
        pass

    def head(self, status, kind="application/ocsp-response", **fields):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def do_POST(self):
        o = argparse.Namespace(**vars(self.o))
        o.mode = "answer"
        with open(self.o.state) as f:
            vars(o).update(json.load(f))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        serial = ocsp.load_der_ocsp_request(body).serial_number
        print("asked", serial, self.headers["Content-Type"], self.headers["Host"], self.path, flush=True)
        getattr(self, o.mode)(o, serial)
        self.close_connection = True

    def do_GET(self):
        print("followed", flush=True)
        self.head(200, Content_Length=0)

    def about(self, o, serial):
        return make(o, [c for c in map(load, o.cert) if c.serial_number == serial][0])

    def answer(self, o, serial):
        data = self.about(o, serial)
        self.head(200, Content_Length=len(data))
        self.wfile.write(data)

    def chunked(self, o, serial):
        data = self.about(o, serial)
        self.head(200, Transfer_Encoding="chunked")
        for i in range(0, len(data), 100):
            piece = data[i:i + 100]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def another(self, o, serial):
        data = make(o, [c for c in map(load, o.cert) if c.serial_number != serial][0])
        self.head(200, Content_Length=len(data))
        self.wfile.write(data)

    def later(self, _o, _serial):
        r = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
        data = r.public_bytes(serialization.Encoding.DER)
        self.head(200, Content_Length=len(data))
        self.wfile.write(data)

    def slow(self, _o, _serial):
        self.head(200, Content_Length=100)
        self.wfile.write(b"0")
        self.wfile.flush()
        time.sleep(60)

    def huge(self, o, serial):
        data = self.about(o, serial) + bytes(200000)
        self.head(200, Content_Length=len(data))
        try:
            self.wfile.write(data)
        except OSError:
            pass

    def garbage(self, _o, _serial):
        self.head(200, Content_Length=5)
        self.wfile.write(b"0\x80abc")

    def wrong_kind(self, o, serial):
        data = self.about(o, serial)
        self.head(200, "text/html", Content_Length=len(data))
        self.wfile.write(data)

    def error(self, _o, _serial):
        self.head(500, Content_Length=0)

    def redirect(self, _o, _serial):
        self.head(302, Location="http://%s/elsewhere" % self.headers["Host"], Content_Length=0)


def serve(o):
    Handler.o = o
    s = http.server.ThreadingHTTPServer((o.address, o.port), Handler)
    s.daemon_threads = True
    if o.ready:
        open(o.ready, "w").close()
    s.serve_forever()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=("make", "serve"))
    p.add_argument("--issuer", required=True)
    p.add_argument("--key", required=True, help="of the signer, who is the issuer unless there is another")
    p.add_argument("--signer")
    p.add_argument("--cert", action="append", required=True)
    p.add_argument("--status", choices=STATUS, default="good")
    p.add_argument("--since", type=int, default=-60)
    p.add_argument("--until", type=int, default=3600, help="seconds from now; 0: it does not say")
    p.add_argument("--digest", choices=DIGEST, default="sha1")
    p.add_argument("--out")
    p.add_argument("--address", default="0.0.0.0")
    p.add_argument("--port", type=int)
    p.add_argument("--state")
    p.add_argument("--ready")
    o = p.parse_args()
    if o.what == "serve":
        serve(o)
    data = make(o, load(o.cert[0]))
    with open(o.out, "wb") as f:
        f.write(data)


if __name__ == "__main__":
    sys.exit(main())
