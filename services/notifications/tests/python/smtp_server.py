"""A mail server on a free port, until stdin ends. It wants the user `stoa` with the password `p@ss word`, has no mailbox
`nobody`, and is busy the first time that something comes for `busy`. What it takes it prints, a JSON line a mail."""

import json
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

said_busy = set()


def say(**line):
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 <" + address + "> has no mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        for address in envelope.rcpt_tos:
            if address.startswith("busy@") and address not in said_busy:
                said_busy.add(address)
                say(busy=address)
                return "451 4.3.0 come back later"
        say(
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            mail=envelope.content.decode(),
        )
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = LoginPassword(b"stoa", b"p@ss word")
    # Not handled: the server itself says what is wrong.
    return AuthResult(success=data == good, handled=False)


class FreePortController(Controller):
    """The controller calls its server to see that it runs, so it has to know which port it got."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = FreePortController(
    Handler(),
    hostname="127.0.0.1",
    port=0,
    authenticator=authenticate,
    auth_required=True,
    auth_require_tls=False,
    ready_timeout=60,
)
controller.start()
say(port=controller.port)
sys.stdin.read()
controller.stop()
