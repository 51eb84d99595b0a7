"""Hands finished messages to the smarthost, over one connection that is kept open between them.

The rule: the answer is one of three exceptions or none, and never carries the server's text. What was asked to be
encrypted is encrypted or not sent: a missing STARTTLS, a wrong certificate or a failed log-in is `Unreachable`, never a
reason to try in the clear.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import aiosmtplib

from cocmail.doors.client import Client
from cocmail.errors import Deferred, Refused, Unreachable
from cocmail.mail.compose import Outgoing

TIMEOUT = 120.0
DATA_SECONDS = 600.0
SLOWEST = 10_000.0
# Longer than between two letters of a thread, and shorter than it takes to change a server's settings and try again.
KEPT_OPEN = 30.0
TOO_LARGE = 552
_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?!\d)")


@dataclass(frozen=True, slots=True)
class Smarthost:
    """Where outgoing mail goes. `tls` is none, starttls or implicit."""

    host: str
    port: int
    tls: str = "none"
    user: str | None = None
    password_file: str | None = None


class SmtpSender:
    """One connection to the smarthost; used by one task at a time."""

    def __init__(self, smarthost: Smarthost, hostname: str) -> None:
        self._smarthost = smarthost
        self._hostname = hostname
        self._client: Client | None = None
        self._used_at = 0.0

    async def send(self, outgoing: Outgoing) -> None:
        """Send one message to one recipient.

        Raises Refused (5xx about this recipient or this message), Deferred (4xx, a refusal of us rather than of the
        message, or a connection lost in the middle) or Unreachable (no server answered, or not in the way that was
        asked for).
        """
        # RFC 5321, section 4.5.3.2: ten minutes for the end of the data alone, and a slow line needs time for the rest.
        patience = DATA_SECONDS + len(outgoing.content) / SLOWEST
        try:
            async with asyncio.timeout(patience + 3 * TIMEOUT):
                client = await self._connected()
                try:
                    await self._hand_over(client, outgoing, patience)
                finally:
                    self._used_at = monotonic()
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError):
            await self.close()
            raise Unreachable from None
        except asyncio.CancelledError:
            await self.close()
            raise

    async def close(self) -> None:
        """End the connection, politely if the server is still there."""
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(2):
                    await client.quit()
            client.close()

    async def _hand_over(self, client: Client, outgoing: Outgoing, patience: float) -> None:
        # RFC 3461: a bounce must not carry the content back through mailboxes that are not ours.
        options = ["RET=HDRS"] if client.supports_extension("dsn") else []
        if outgoing.needs_utf8:
            if not client.supports_extension("smtputf8"):
                raise Refused("553 5.6.7")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            await client.hand_over(
                outgoing.sender, outgoing.recipient, outgoing.content, options=options, seconds=patience
            )
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _answer(error.code, error.message) from None
        except aiosmtplib.SMTPDataError as error:
            raise _answer(error.code, error.message, content=True) from None
        except aiosmtplib.SMTPSenderRefused as error:
            # A 552 is about the size; anything else is about us, and so never for good.
            code = _code(error.code, error.message)
            raise (Refused(code) if error.code == TOO_LARGE else Deferred(code)) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            # It listened and then let go. Counted as a refusal: else the same message could go out again and again.
            await self.close()
            raise Deferred("451 4.4.2") from None

    async def _connected(self) -> Client:
        is_fresh = monotonic() - self._used_at < KEPT_OPEN
        if self._client is not None and self._client.is_connected and is_fresh:
            # The server may have let go of an idle connection.
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await self._client.rset()
                return self._client
        await self.close()
        asked = self._smarthost
        client = Client(
            hostname=asked.host,
            port=asked.port,
            local_hostname=self._hostname,
            timeout=TIMEOUT,
            use_tls=asked.tls == "implicit",
            start_tls=asked.tls == "starttls",
            validate_certs=True,
        )
        try:
            await client.connect()
            if asked.user and asked.password_file:
                password = await asyncio.to_thread(Path(asked.password_file).read_text)
                await client.login(asked.user, password.strip())
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            # The server speaks, but not with us: nothing about the message, so never for good.
            raise Deferred(_code(error.code, error.message)) from None
        except BaseException:
            client.close()
            raise
        self._client = client
        return client


def _answer(code: int, text: str, *, content: bool = False) -> Deferred | Refused:
    return Refused(_code(code, text), content=content) if 500 <= code < 600 else Deferred(_code(code, text))


def _code(code: int, text: str) -> str:
    """Three digits and the enhanced code (RFC 3463); the rest of what the server said is dropped."""
    enhanced = _ENHANCED.match(text.strip())
    return f"{code} {enhanced[1]}" if enhanced else str(code)
