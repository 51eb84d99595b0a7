"""The server that takes our mail: does it answer as the configuration says, and will it take what we send?

The rule: as in `doors/smtp_out.py`, what was asked to be encrypted is not said in the clear: a log-in is tried only
after TLS where TLS was asked for.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

from cocmail.config.settings import Settings, Smarthost
from cocmail.doctor.findings import Finding, away, fine, unknown, warning, wrong

ABOUT = "smarthost"
SECONDS = 15.0
# The operator's guide has Postfix at 36000000, a little below the 36700160 of ours: its filters add headers to what it
# hands over.
ENOUGH = 0.98
_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)")


class Client(smtplib.SMTP):
    """Keeps the banner: some servers tell the time in it."""

    banner = ""

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        code, said = super().connect(host, port)
        self.banner = said.decode("ascii", "replace")
        return code, said


class TlsClient(Client, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class NotUsable(Exception):
    """The smarthost cannot be used; the finding says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


def connected(way: Smarthost) -> smtplib.SMTP:
    """A connection as the daemon would make it: greeted, encrypted and logged in. Raises NotUsable."""
    name = f"{way.host}:{way.port}"
    try:
        client = _called(way)
    except ssl.SSLError as error:
        raise NotUsable(_about_tls(name, error)) from None
    except smtplib.SMTPResponseException as error:
        text = f"{name} turns us away with {error.smtp_code}: let this machine in there, or correct delivery.smtp"
        raise NotUsable(away(ABOUT, text)) from None
    except (OSError, smtplib.SMTPException):
        text = f"no mail server answers at {name}: start it, let this machine reach it, or correct delivery.smtp"
        raise NotUsable(away(ABOUT, text)) from None
    try:
        _prepare(client, way, name)
    except BaseException:
        client.close()
        raise
    return client


def _called(way: Smarthost) -> Client:
    if way.tls == "implicit":
        return TlsClient(way.host, way.port, timeout=SECONDS, context=ssl.create_default_context())
    return Client(way.host, way.port, timeout=SECONDS)


def _prepare(client: smtplib.SMTP, way: Smarthost, name: str) -> None:
    try:
        client.ehlo_or_helo_if_needed()
        if way.tls == "starttls":
            if not client.has_extn("starttls"):
                text = (
                    f"{name} offers no STARTTLS: turn it on there, or set delivery.smtp.tls and port to what it offers"
                )
                raise NotUsable(wrong(ABOUT, text))
            client.starttls(context=ssl.create_default_context())
            client.ehlo()
        if way.user and way.password_file:
            _log_in(client, way, name)
    except ssl.SSLError as error:
        raise NotUsable(_about_tls(name, error)) from None
    except smtplib.SMTPResponseException as error:
        raise NotUsable(away(ABOUT, f"{name} answers the greeting with {error.smtp_code}: see its log")) from None
    except (OSError, smtplib.SMTPException):
        raise NotUsable(away(ABOUT, f"{name} hangs up in the middle of the greeting: see its log")) from None


def _log_in(client: smtplib.SMTP, way: Smarthost, name: str) -> None:
    try:
        password = Path(str(way.password_file)).read_text().strip()
        client.login(str(way.user), password)
    except smtplib.SMTPAuthenticationError as error:
        text = (
            f"{name} refuses the log-in ({error.smtp_code}): correct delivery.smtp.user or what is in its password_file"
        )
        raise NotUsable(wrong(ABOUT, text)) from None
    except smtplib.SMTPNotSupportedError:
        text = f"{name} offers no log-in here: take user and password_file out, or use the port or tls that has one"
        raise NotUsable(wrong(ABOUT, text)) from None
    except (OSError, ValueError) as error:
        if isinstance(error, (ssl.SSLError, ConnectionError, TimeoutError, smtplib.SMTPException)):
            raise
        text = "delivery.smtp.password_file cannot be read by this user: run the doctor as root, or make it readable"
        raise NotUsable(wrong(ABOUT, text)) from None


def _about_tls(name: str, error: ssl.SSLError) -> Finding:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        text = f"the certificate of {name} is not good ({why}): give it a good one, or name it as its certificate does"
    else:
        text = f"{name} does not speak TLS as asked for: check that delivery.smtp.tls and port belong together"
    return wrong(ABOUT, text)


def look_at_terms(client: smtplib.SMTP, settings: Settings, alias: str) -> Iterator[Finding]:
    """What the server says it takes: size, and the null sender, by asking and taking it back (RSET)."""
    offered = client.esmtp_features.get("size", "")
    if offered.isascii() and offered.isdigit() and 0 < int(offered) < settings.max_message_bytes * ENOUGH:
        text = (
            f"takes {offered} bytes, cocmail accepts {settings.max_message_bytes}: raise the server's limit"
            " (Postfix: message_size_limit) or lower intake.max_message_bytes. Until then large reports reach members"
            " without their attachments, and large letters to people outside are parked"
        )
        yield warning(ABOUT, text)
    if settings.null_sender and alias.isascii():
        yield from _look_at_null_sender(client, alias)


def _look_at_null_sender(client: smtplib.SMTP, alias: str) -> Iterator[Finding]:
    try:
        code, said = client.mail("")
        if code == 250:
            code, said = client.rcpt(alias)
            # Who does not know the recipient says so of any sender: then nothing is known of this one.
            if code == 550 and _refuses_any(client, alias):
                return
        client.rset()
    except (OSError, smtplib.SMTPException):
        yield away(ABOUT, "hangs up when asked whether it takes the null sender <>: see its log")
        return
    if code >= 500:
        text = f"refuses the null sender <> ({shown(code, said)}): set delivery.null_sender: false, or allow it there"
        yield wrong(ABOUT, text)
    elif code >= 400:
        yield unknown(
            ABOUT, f"puts off mail with the null sender <> ({shown(code, said)}): see its log, try again later"
        )
    else:
        yield fine(ABOUT, "takes the null sender <>")


def _refuses_any(client: smtplib.SMTP, alias: str) -> bool:
    client.rset()
    client.mail(alias)
    code, _ = client.rcpt(alias)
    client.rset()
    return code != 250


def shown(code: int, said: bytes) -> str:
    """Three digits and the enhanced code (RFC 3463), never the server's text: it can repeat addresses."""
    enhanced = _CODE.search(said.decode("ascii", "replace")[:20])
    return f"{code} {enhanced[0]}" if enhanced else str(code)
