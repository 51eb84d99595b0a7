"""The lower half of the SMTP and LMTP door: one connection, its lines, timers, TLS and its end, on aiosmtpd's protocol.

The rule: a connection gives back what it took on every path, and nothing that a peer does keeps it open for ever. A
command that fails on our side answers a bare 451. What the commands mean stands in `conversation`. It must not log.

aiosmtpd gives the protocol, the session and the timer. Its loop over the commands is replaced, because that answers an
exception with a permanent 500 and the exception's text, and forgets pipelined commands once the peer closed its half.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP

from cocmail.doors import paths, replies
from cocmail.doors.terms import Terms

COMMAND_BYTES = 4096
BAD_COMMANDS = 20
FAREWELL_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class Register:
    """The connections of one door that still have something to do, and whether the door is closing."""

    present: set[Connection] = field(default_factory=set)
    closing: bool = False


class Connection(SMTP):
    """One connection from its first byte to its last. `smtp_*` methods are its commands."""

    # The stream's buffer, and by asyncio's rule twice that before the peer is made to wait. No limit for lines of mail.
    line_length_limit = 65536

    def __init__(self, terms: Terms, register: Register) -> None:
        self._terms = terms
        self._register = register
        self._in_data = False
        self._owes_reply = False
        self._ending = False
        self._bad_commands = 0
        self._storing: asyncio.Task[str] | None = None
        super().__init__(
            None,
            data_size_limit=terms.limits.max_message_bytes,
            enable_SMTPUTF8=True,
            hostname=terms.hostname,
            tls_context=terms.tls,
            timeout=terms.limits.idle_seconds,
            loop=asyncio.get_running_loop(),
        )

    # What asyncio calls

    def data_received(self, data: bytes) -> None:
        # aiosmtpd's timer runs from command to command: it would cut a slow sender of a big message who makes progress.
        if self._in_data:
            self._reset_timeout()
        super().data_received(data)

    def eof_received(self) -> bool | None:
        # A peer may send all it has to say, close its half and still wait for the answers. aiosmtpd would cancel here.
        return asyncio.StreamReaderProtocol.eof_received(self)

    def _timeout_cb(self) -> None:
        self._part(replies.IDLE)

    # What the door calls when it closes

    def hang_up(self) -> None:
        """A message that the intake already has is finished and answered; all else ends now."""
        self._ending = True
        if not self._owes_reply:
            self._part(replies.SHUTTING_DOWN)

    async def stored(self) -> None:
        """Wait until the intake has nothing of this connection in hand."""
        if self._storing is not None:
            await asyncio.wait([self._storing])

    async def ended(self, seconds: float) -> None:
        """Wait until the dialogue is over, at most that long; cut it off then."""
        if self._handler_coroutine is None:
            return
        _, lingering = await asyncio.wait([self._handler_coroutine], timeout=seconds)
        if lingering:
            self._handler_coroutine.cancel()
            self._writer.transport.abort()
            await asyncio.wait([self._handler_coroutine])

    # The dialogue

    def _set_rset_state(self) -> None:
        """aiosmtpd calls this where a connection begins. Forget the transaction."""
        self.envelope = self._create_envelope()

    async def _handle_client(self) -> None:
        """aiosmtpd starts this as the connection's task."""
        self._register.present.add(self)
        guard = self._terms.guard
        entered = not self._register.closing and guard.enter()
        try:
            if self._register.closing:
                await self.push(replies.SHUTTING_DOWN)
            elif not entered:
                await self.push(replies.TOO_MANY_CONNECTIONS)
            else:
                await self._converse()
        except (OSError, EOFError):
            pass  # The peer is gone: there is nobody to tell.
        finally:
            if entered:
                guard.leave()
            self._close()

    async def _converse(self) -> None:
        await self.push(replies.greeting(self.hostname, "LMTP" if self._terms.lmtp else "ESMTP"))
        while not self._ending:
            line = await self._read_line()
            self._reset_timeout()
            if line is None:
                await self._misunderstand(replies.LINE_TOO_LONG)
            else:
                await self._obey(line)

    async def _read_line(self) -> bytes | None:
        """A command line without its end; None for one that is too long, which is read to its end and forgotten."""
        too_long = False
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                await self._reader.read(overrun.consumed)
                too_long = True
            else:
                return None if too_long or len(line) > COMMAND_BYTES else line.rstrip(b"\r\n")

    async def _obey(self, line: bytes) -> None:
        command, _, argument = line.partition(b" ")
        method = self._smtp_methods.get(command.decode("ascii", "replace").upper())
        if method is None:
            await self._misunderstand(replies.UNKNOWN_COMMAND)
            return
        try:
            await method(paths.decode(argument.strip(b" \t")))
        except Exception as error:
            if self._is_gone(error):
                raise
            self._report(error)
            await self.push(await self.handle_exception(error))

    async def _misunderstand(self, reply: str) -> None:
        self._bad_commands += 1
        self._ending = self._ending or self._bad_commands > BAD_COMMANDS
        await self.push(replies.TOO_MANY_ERRORS if self._ending else reply)

    async def handle_exception(self, error: Exception) -> str:
        """What a peer hears of a failure on our side. aiosmtpd would say 500 and the exception's class and text."""
        return replies.TRY_AGAIN

    def _is_gone(self, error: Exception) -> bool:
        """Whether an exception only says that the peer went away, and is none of ours."""
        lost = self._writer.is_closing() or self._reader.at_eof() or self._reader.exception() is not None
        return lost and isinstance(error, (OSError, EOFError))

    def _report(self, error: Exception) -> None:
        try:
            self._terms.failed(error)
        except Exception:
            # Even a failure to report must not change what the peer hears; but then this connection goes no further.
            self._ending = True

    def _part(self, farewell: str) -> None:
        """A last word, if the peer listens at all, and the end of the dialogue."""
        if not self._writer.is_closing() and self._writer.transport.get_write_buffer_size() == 0:
            self._writer.write(farewell.encode("ascii") + b"\r\n")
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _close(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        transport = self._writer.transport
        if not transport.is_closing():
            unsent = transport.get_write_buffer_size() > 0
            transport.close()
            if unsent:
                # Closing waits until the peer has read: one that never reads would keep the connection for ever.
                self.loop.call_later(FAREWELL_SECONDS, transport.abort)
        if self._storing is None or self._storing.done():
            self._register.present.discard(self)
        else:
            self._storing.add_done_callback(lambda _: self._register.present.discard(self))

    # STARTTLS

    def _is_encrypted(self) -> bool:
        return self._writer.get_extra_info("ssl_object") is not None

    async def smtp_STARTTLS(self, arg: str) -> None:
        """RFC 3207. What the peer sent unencrypted behind this command is thrown away, and all it said before too."""
        if self._terms.tls is None or self._is_encrypted():
            await self.push(replies.NOT_OFFERED)
            return
        if arg:
            await self.push(replies.SYNTAX)
            return
        await self.push(replies.START_TLS)
        # Nothing waits from here to the switch of protocols within start_tls, so nothing can slip in between.
        self._reader._buffer.clear()  # type: ignore[attr-defined]
        try:
            transport = await self.loop.start_tls(
                self._writer.transport,
                self,
                self._terms.tls,
                server_side=True,
                ssl_handshake_timeout=self._terms.limits.idle_seconds,
            )
        except ssl.SSLError as error:
            raise ConnectionAbortedError from error
        if transport is None:
            raise ConnectionAbortedError  # Lost between the handshake and here.
        self._speak_over(transport)

    def _speak_over(self, transport: asyncio.Transport) -> None:
        """Change transports. aiosmtpd and the streams of asyncio (before 3.12) have no public way to do that."""
        self.transport = transport
        for holder in (self, self._reader, self._writer):
            holder._transport = transport  # type: ignore[union-attr]
        self._over_ssl = True
        self.session = self._create_session()
        self._set_rset_state()
        self._reset_timeout()
