"""Stands for Twilio on a free port, until stdin ends: it takes messages as `POST
/2010-04-01/Accounts/{sid}/Messages.json` does, knows the account `AC0123` with the token `p@ss:word`, and answers in
Twilio's words. `+15005550001` is no number, `+15005550002` is busy the first time (429), `+15005550003` breaks the first
time (500). What it takes or refuses it prints, a JSON line each."""

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

ACCOUNT, TOKEN = "AC0123", "p@ss:word"
tried = set()


def say(**line):
    print(json.dumps(line), flush=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        credentials = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if self.headers["authorization"] != f"Basic {credentials}":
            return self.refuse(401, 20003, "Authenticate")
        if self.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            return self.refuse(404, 20404, f"The requested resource {self.path} was not found")
        if self.headers["content-type"] != "application/x-www-form-urlencoded":
            return self.refuse(415, 20415, "Unsupported media type")
        form = dict(parse_qsl(body, strict_parsing=True))
        to = form.get("To", "")
        if not form.get("From"):
            return self.refuse(400, 21603, "A 'From' phone number is required.")
        if not form.get("Body"):
            return self.refuse(400, 21602, "Message body is required.")
        if len(form["Body"]) > 1600:
            return self.refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        if not to.startswith("+") or not to[1:].isdigit() or to == "+15005550001":
            return self.refuse(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if to not in tried:
            tried.add(to)
            if to == "+15005550002":
                return self.refuse(429, 20429, "Too Many Requests")
            if to == "+15005550003":
                return self.refuse(500, None, "")
        say(**form)
        self.answer(201, {"sid": "SM" + "0" * 32, "status": "queued", "error_code": None, **form})

    def refuse(self, status, code, message):
        say(refused=status, code=code)
        more = f"https://www.twilio.com/docs/errors/{code}"
        self.answer(status, {"code": code, "message": message, "more_info": more, "status": status} if code else {})

    def answer(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
say(port=server.server_address[1])
sys.stdin.read()
