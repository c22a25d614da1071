"""A mail server, aiosmtpd, that tells on standard output what happens to it.

Its set-up is JSON on the first line of standard input; it ends with that.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def tell(**event):
    print(json.dumps(event), flush=True)


class Inbox:
    def __init__(self, setup):
        self.setup = setup
        self.busy = setup.get("busy", 0)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.busy:
            self.busy -= 1
            tell(event="busy")
            return "451 4.3.2 Come again later"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if refusal := self.setup.get("refuse"):
            return f"550 5.7.1 {refusal}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        tell(
            event="mail",
            sender=envelope.mail_from,
            receivers=envelope.rcpt_tos,
            encrypted=session.ssl is not None
            or server.transport.get_extra_info("sslcontext") is not None,
            signed_in=bool(session.authenticated),
            headers={name.lower(): str(value) for name, value in mail.items()},
            text=mail.get_content(),
            defects=[str(defect) for defect in mail.defects],
        )
        return "250 OK"


def authenticator(setup):
    def check(server, session, envelope, mechanism, data):
        name, password = data.login.decode(), data.password.decode()
        good = [name, password] == [setup["name"], setup["password"]]
        tell(event="sign_in", mechanism=mechanism, good=good)
        if good:
            return AuthResult(success=True)
        # As careless as a server can be.
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 No {password}")

    return check


async def serve(setup):
    context = None
    if setup["security"] != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(setup["certificate"], setup["key"])
    wrapped = setup["security"] == "tls"
    inbox = Inbox(setup)

    def connected():
        tell(event="connected")
        return SMTP(
            inbox,
            hostname="mail.test",
            tls_context=None if wrapped else context,
            require_starttls=setup["security"] == "start_tls",
            authenticator=authenticator(setup) if "name" in setup else None,
            auth_required="name" in setup,
            auth_require_tls=setup["security"] == "start_tls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        connected, "127.0.0.1", 0, ssl=context if wrapped else None
    )
    tell(event="ready", port=server.sockets[0].getsockname()[1])
    # Until whoever started it closes its input.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(serve(json.loads(sys.stdin.readline())))
