"""The mail server in front and behind, and the DNS, as an operator has them: a switch for each thing that is wrong.

with Border(house.lmtp) as border, Names() as names:
    border.delimiter = "-"
    house.run("doctor", "--resolver", names.address)
"""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from cocmail.doors.smtp_in import silence_library
from scene import ALIAS, AUTHSERV

SIGNATURE = "v=1; a=rsa-sha256; d=example.org; s=autumn;\r\n h=From:To:Subject; bh=Zm9v; b=YmFy"
RECORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("example.org", "MX"): ("10 mx.example.org.",),
    ("mx.example.org", "A"): ("192.0.2.25",),
    ("example.org", "TXT"): (
        '"google-site-verification=abc"',
        '"v=spf1 mx ip4:192.0.2.0/24 include:a.example -all"',
    ),
    ("autumn._domainkey.example.org", "TXT"): ('"v=DKIM1; k=rsa; " "p=MIIB"',),
    ("_dmarc.example.org", "TXT"): ('"v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org"',),
}


class Border:
    """Takes the daemon's mail, and hands what is for the alias back to it as Postfix with its filters would.

    Each attribute is one thing that an operator sets. `door` is where the daemon takes mail: a socket, or a port.
    """

    def __init__(self, door: Path) -> None:
        self._home: Path | int = door
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="border")
        self._server: asyncio.Server | None = None
        self.port = 0
        self.reset()

    def reset(self) -> None:
        """Everything as it should be."""
        self.door = self._home
        self.delimiter = "+"
        self.cuts_extension = False
        self.hands_back = True
        self.takes_null_sender = True
        self.writes_results: str | None = AUTHSERV
        self.results_below = False
        self.removes_forged = True
        self.writes_received = True
        self.signature = SIGNATURE
        self.clock = timedelta()
        self.size = 60_000_000
        self.tls: ssl.SSLContext | None = None
        self.password: str | None = None
        self.seen: list[bytes] = []

    def __enter__(self) -> Border:
        silence_library()
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self._server = await self._loop.create_server(self._speak, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _speak(self) -> SMTP:
        return SMTP(
            self,
            data_size_limit=self.size,
            hostname=AUTHSERV,
            tls_context=self.tls,
            authenticator=self._log_in,
            auth_require_tls=False,
            loop=self._loop,
        )

    def _log_in(self, server: SMTP, session: Session, envelope: Envelope, kind: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(right := data.password.decode() == self.password), handled=right)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        # The library gives the null sender as it is written.
        envelope.mail_from = address
        if address == "<>" and not self.takes_null_sender:
            return "501 5.1.7 the null sender is not taken here"
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        local, _, domain = address.partition("@")
        if local.partition(self.delimiter)[0] + "@" + domain != ALIAS:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        back = self._passed(envelope.content)
        self.seen.append(back)
        if self.hands_back:
            recipients = [ALIAS] if self.cuts_extension else envelope.rcpt_tos
            await asyncio.to_thread(self._hand_over, str(envelope.mail_from).strip("<>"), recipients, back)
        return "250 2.0.0 queued"

    def _passed(self, content: bytes) -> bytes:
        """The message with what stands on top of it when it has passed border and filters."""
        header, gap, body = content.partition(b"\r\n\r\n")
        if self.removes_forged:
            header = header.replace(b"Authentication-Results:", b"X-Was-Authentication-Results:")
        date = format_datetime(datetime.now(UTC) + self.clock)
        received = f"Received: from localhost (localhost [127.0.0.1])\r\n by {AUTHSERV} with ESMTP id 4; {date}\r\n"
        results = f"Authentication-Results: {self.writes_results}; dmarc=pass header.from=example.org\r\n"
        top = [results if self.writes_results else "", received if self.writes_received else ""]
        if self.results_below:
            top.reverse()
        signature = f"DKIM-Signature: {self.signature}\r\n" if self.signature else ""
        return ("".join(top) + signature).encode() + header + gap + body

    def _hand_over(self, sender: str, recipients: list[str], content: bytes) -> None:
        if isinstance(self.door, int):
            with smtplib.SMTP("127.0.0.1", self.door) as client:
                client.sendmail(sender, recipients, content)
        else:
            with smtplib.LMTP(str(self.door)) as client:
                client.sendmail(sender, recipients, content)


class Names:
    """A DNS server on loopback, over UDP. `records` maps (name, type) to the data of its records."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="names")
        self.reset()

    def reset(self) -> None:
        self.records = dict(RECORDS)
        self.refuses = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Names:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # An empty datagram is the end.
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(4096)
            if not data:
                return
            try:
                query = dns.message.from_wire(data)
            except dns.exception.DNSException:
                continue
            self._socket.sendto(self._answer(query).to_wire(), peer)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        asked = query.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
        found = self.records.get((name, kind), ())
        if self.refuses:
            answer.set_rcode(dns.rcode.REFUSED)
        elif found:
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found))
        elif not any(name == known for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
