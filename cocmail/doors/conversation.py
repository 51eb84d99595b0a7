"""The upper half of the SMTP and LMTP door: what each command does (RFC 5321, RFC 2033), and how a message is taken.

The rule: 250 after the data means that the intake has sealed and committed the message, and only the size limit refuses
one for good. Content is kept byte for byte. A peer that must try again hears a bare 4xx.

The commands are ours, because aiosmtpd counts a null sender as none, refuses long lines, and answers LMTP once for
several recipients.
"""

from __future__ import annotations

import asyncio
import io
import ipaddress
from collections.abc import Sequence

from aiosmtpd.smtp import Session

from cocmail.core.model import Envelope
from cocmail.doors import paths, replies
from cocmail.doors.connection import Connection, Register
from cocmail.doors.dots import DotReader
from cocmail.doors.guard import RECIPIENTS, Share
from cocmail.doors.terms import Terms

READ_BYTES = 1 << 20
UNIX_PEER = "unix"


class Conversation(Connection):
    """The SMTP dialogue."""

    def __init__(self, terms: Terms, register: Register) -> None:
        self._greeted = False
        self._sender: str | None = None
        self._recipients: list[tuple[str, str]] = []
        super().__init__(terms, register)

    # Commands

    async def smtp_HELO(self, hostname: str) -> None:
        await self._greet(hostname, f"250 {self.hostname}")

    async def smtp_EHLO(self, hostname: str) -> None:
        offer_tls = self._terms.tls is not None and not self._is_encrypted()
        limit = self._terms.limits.max_message_bytes
        await self._greet(hostname, replies.capabilities(self.hostname, limit, offer_tls))

    async def _greet(self, name: str, reply: str) -> None:
        if name:
            self._set_rset_state()
            self._greeted = True
        await self.push(reply if name else replies.SYNTAX)

    async def smtp_MAIL(self, arg: str | None) -> None:
        await self.push(self._begin(arg or ""))

    def _begin(self, argument: str) -> str:
        if not self._greeted or self._sender is not None:
            return replies.OUT_OF_ORDER
        path = paths.read_path("FROM", argument)
        if path is None:
            return replies.SYNTAX
        sender, rest = path
        if not paths.is_printable(sender):
            return replies.BAD_SENDER
        refusal = self._check_parameters(paths.read_parameters(rest))
        if refusal is None:
            self._sender = sender
        return refusal or replies.SENDER_OK

    def _check_parameters(self, parameters: dict[str, str]) -> str | None:
        """What speaks against a message with these parameters of MAIL (RFC 1870, RFC 6152, RFC 6531)."""
        size = parameters.pop("SIZE", "0")
        if not (size.isascii() and size.isdigit() and len(size) <= 20):
            return replies.SYNTAX
        if parameters.pop("BODY", "7BIT").upper() not in ("7BIT", "8BITMIME") or parameters.pop("SMTPUTF8", ""):
            return replies.SYNTAX
        if parameters:
            return replies.PARAMETER_UNKNOWN
        if int(size) > self._terms.limits.max_message_bytes:
            return replies.TOO_BIG
        if not self._terms.guard.has_room(int(size)):
            return replies.NO_ROOM
        return None

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self.push(self._add_recipient(arg or ""))

    def _add_recipient(self, argument: str) -> str:
        if self._sender is None:
            return replies.OUT_OF_ORDER
        path = paths.read_path("TO", argument)
        if path is None:
            return replies.SYNTAX
        recipient, rest = path
        if not paths.is_printable(recipient):
            return replies.BAD_RECIPIENT
        if rest.strip():
            return replies.PARAMETER_UNKNOWN
        committee = self._terms.intake.committee_of(recipient)
        if committee is None:
            return replies.NOT_OURS
        if len(self._recipients) >= RECIPIENTS:
            return replies.TOO_MANY_RECIPIENTS
        self._recipients.append((committee, recipient))
        return replies.RECIPIENT_OK

    def _set_rset_state(self) -> None:
        super()._set_rset_state()
        self._sender = None
        self._recipients = []

    def _create_session(self) -> Session:
        """Called where a connection begins, and again after STARTTLS: the greeting too is void (RFC 3207, 4.2)."""
        self._greeted = False
        return super()._create_session()

    async def smtp_RSET(self, arg: str) -> None:
        self._set_rset_state()
        await self.push(replies.OK)

    async def smtp_NOOP(self, arg: str) -> None:
        await self.push(replies.OK)

    async def smtp_QUIT(self, arg: str) -> None:
        self._ending = True
        await self.push(replies.GOODBYE)

    async def smtp_VRFY(self, arg: str) -> None:
        await self.push(replies.CANNOT_VERIFY)

    async def smtp_HELP(self, arg: str) -> None:
        await self.push(replies.HELP)

    async def smtp_EXPN(self, arg: str) -> None:
        await self.push(replies.NOT_OFFERED)

    async def smtp_AUTH(self, arg: str | None) -> None:
        await self.push(replies.NOT_OFFERED)

    # The message

    async def smtp_DATA(self, arg: str | None) -> None:
        if not self._recipients:
            await self.push(replies.OUT_OF_ORDER)
            return
        if arg:
            await self.push(replies.SYNTAX)
            return
        await self.push(replies.SEND_DATA)
        reply = await self._take_message()
        answers = self._answers(reply)
        self._set_rset_state()
        self._reset_timeout()
        await self.push(answers)
        self._owes_reply = False

    def _answers(self, reply: str) -> str:
        return reply

    async def _take_message(self) -> str:
        """Read a message and have it stored. Returns the reply; raises only where the connection is gone."""
        share = self._terms.guard.share()
        try:
            raw, reply = await self._read_message(share)
            if raw is None:
                return reply
            storing = self._begin_storing(self._envelopes(), raw, share)
        except Exception as error:
            if self._is_gone(error):
                raise
            self._report(error)
            # It broke within the data: where they end is not known, and no rest of them may be read as commands.
            self._ending = True
            return replies.TRY_AGAIN
        finally:
            self._in_data = False
            if not self._owes_reply:
                share.give_back()
        # The peer may go away meanwhile, or this door be closed: a message that is being stored is stored all the same.
        return await asyncio.shield(storing)

    async def _read_message(self, share: Share) -> tuple[bytes | None, str]:
        """The message; or None and why it is not taken, after reading to its end (RFC 5321, section 4.2.5)."""
        self._in_data = True
        dots, content, size, refusal = DotReader(), io.BytesIO(), 0, ""
        rest: bytes | None = None
        while rest is None:
            chunk = await self._reader.read(READ_BYTES)
            if not chunk:
                raise EOFError
            certain, rest = dots.feed(chunk)
            size += len(certain)
            if size > self._terms.limits.max_message_bytes:
                refusal = replies.TOO_BIG
            elif not refusal and not share.take(len(certain)):
                refusal = replies.NO_ROOM
            if refusal:
                content = io.BytesIO()
                share.give_back()
            else:
                content.write(certain)
        # Commands that were pipelined behind the message. asyncio's reader has no public way to put something back.
        self._reader._buffer[:0] = rest  # type: ignore[attr-defined]
        if refusal == replies.NO_ROOM:
            self._ending = True
        return (None, refusal) if refusal else (content.getvalue(), "")

    def _envelopes(self) -> tuple[Envelope, ...]:
        """One for each committee, in the order in which their first recipients came."""
        by_committee: dict[str, list[str]] = {}
        for committee, recipient in self._recipients:
            by_committee.setdefault(committee, []).append(recipient)
        received_at = self._terms.now()
        return tuple(
            Envelope(self._terms.door, committee, self._sender, tuple(recipients), self._peer(), received_at)
            for committee, recipients in by_committee.items()
        )

    def _peer(self) -> str:
        """The peer's IP address, or "unix"."""
        name = self._writer.get_extra_info("peername")
        if not isinstance(name, tuple):
            return UNIX_PEER
        address = ipaddress.ip_address(str(name[0]).partition("%")[0])
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return str(mapped or address)

    def _begin_storing(self, envelopes: Sequence[Envelope], raw: bytes, share: Share) -> asyncio.Task[str]:
        self._owes_reply = True
        self._storing = self.loop.create_task(self._store(envelopes, raw))
        self._storing.add_done_callback(lambda _: share.give_back())
        # However long the store takes, the peer is not the one who is idle.
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        return self._storing

    async def _store(self, envelopes: Sequence[Envelope], raw: bytes) -> str:
        try:
            await self._terms.intake.accept(envelopes, raw)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Something inside the intake was cancelled, not this task: a failure like another.
            self._report(RuntimeError(type(error).__name__))
            return replies.TRY_AGAIN
        except Exception as error:
            self._report(error)
            return replies.TRY_AGAIN
        return replies.STORED


class LmtpConversation(Conversation):
    """The same as LMTP says it (RFC 2033): LHLO for EHLO, and one reply for each accepted recipient, in order."""

    async def smtp_LHLO(self, arg: str) -> None:
        await super().smtp_EHLO(arg)

    async def smtp_HELO(self, hostname: str) -> None:
        await self._misunderstand(replies.UNKNOWN_COMMAND)

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._misunderstand(replies.UNKNOWN_COMMAND)

    def _answers(self, reply: str) -> str:
        return "\r\n".join([reply] * len(self._recipients))
