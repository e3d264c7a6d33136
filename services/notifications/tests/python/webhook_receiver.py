"""Somebody's server that gets webhooks, on a free port, until stdin ends. Each line of stdin is the time of those who
send (Unix seconds) and the secrets that are known: `{"now": 1893456000, "secrets": ["whsec_…"]}`. What comes is printed,
a JSON line each, with the secrets (by index) by which the library `standardwebhooks` verifies it, before it is answered
as the path says."""

import json
import sys
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import standardwebhooks.webhooks as library

known = {"now": 0, "secrets": []}
seen = {}
lock = threading.Lock()


def say(**line):
    print(json.dumps(line), flush=True)


class SendersTime(datetime):
    """The library asks for the present moment, which is in the hand of the test."""

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(known["now"], tz=tz or timezone.utc)


library.datetime = SendersTime


def verified_by(body, headers):
    good = []
    for index, secret in enumerate(known["secrets"]):
        try:
            library.Webhook(secret).verify(body, headers)
            good.append(index)
        except library.WebhookVerificationError:
            pass
    return good


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = self.path.split("?")[0].strip("/").split("/")
        with lock:
            count = seen[self.path] = seen.get(self.path, 0) + 1
            say(
                path=self.path,
                id=headers.get("webhook-id"),
                signatures=len(headers.get("webhook-signature", "").split()),
                verified=verified_by(body, headers),
                type=headers.get("content-type"),
                host=headers.get("host"),
                body=body,
            )
        self.answer_as(path[0], int(path[1]) if len(path) > 1 else 0, count)

    def answer_as(self, manner, number, count):
        if manner == "busy" and count <= number:
            self.answer(503, b"come back later")
        elif manner == "status":
            self.answer(number, b"as you like it")
        elif manner == "redirect":
            self.answer(307, b"", ("Location", "/ok"))
        elif manner == "hangup" and count <= number:
            self.close_connection = True
        elif manner == "silent" and count <= number:
            threading.Event().wait()
        elif manner == "large":
            self.answer(200, b"\0x" * 500_000)
        else:
            self.answer(200, b"ok")

    def answer(self, status, body, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # Who asked has read as much as it wants.
            self.close_connection = True

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
say(port=server.server_address[1])
for line in sys.stdin:
    known.update(json.loads(line))
    say(known=len(known["secrets"]))
