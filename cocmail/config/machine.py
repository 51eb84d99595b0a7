"""The machine's side: what `cocmail.yaml` says, judged as a whole and turned into `Settings`.

The rule: a door nobody opened, a delivery nobody chose or a key that others can read is an error here, before the
first report arrives. It must not open a socket, a database or a key.
"""

from __future__ import annotations

import ipaddress
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from cocmail.config.document import Path
from cocmail.config.files import (
    absolute,
    key_is_missing,
    open_to_others,
    secret_path,
    seems_absolute,
    store_url,
    trouble_with,
)
from cocmail.config.problems import Findings
from cocmail.config.schema import MainFile, SmtpDelivery
from cocmail.config.settings import Listener, Mailbox, Settings, Smarthost
from cocmail.core.flood import Flood
from cocmail.core.model import Committee
from cocmail.mail.address import extension

# sockaddr_un.sun_path holds 108 bytes with its final NUL (unix(7)).
SOCKET_PATH_MAX = 107
# cocmail has no list of who may connect; what stands in front of it has.
NO_BORDER = (
    "others than this machine can reach it, past your mail server and what that looks at: use 127.0.0.1 or a unix"
    " socket, or let the mail server alone through (firewall)"
)
FOR_ALL_TO_SEE = (
    "others than this machine can read it, and how many cases there are, and when, is nobody's business: use 127.0.0.1,"
    " or let the monitoring alone through (firewall)"
)
PORT_BY_TLS = {"none": 25, "starttls": 587, "implicit": 465}
IMAP_PORT_BY_TLS = {"none": 143, "implicit": 993}


def make_settings(
    main: MainFile, committees: tuple[Committee, ...], findings: Findings, environ: Mapping[str, str]
) -> Settings:
    """The settings, with everything that is wrong in `findings`; of use only where that holds no error."""
    if not main.admins and not findings.given(("admins", 0)):
        findings.warning(("admins",), "no one is told when mail cannot be sent or handled")
    if main.metrics is not None and not is_loopback(main.metrics.listen.rpartition(":")[0]):
        findings.warning(("metrics", "listen"), FOR_ALL_TO_SEE)
    delivery = main.delivery
    flood = Flood(main.flood.reports, main.flood.per) if main.flood else None
    return Settings(
        listeners=_listeners(main, findings, environ),
        max_message_bytes=main.intake.max_message_bytes,
        smarthost=_smarthost(main, findings, environ),
        maildir=absolute(delivery.maildir, findings.file) if delivery.maildir else None,
        retry=tuple(delivery.retry),
        give_up_after=delivery.give_up_after,
        null_sender=delivery.null_sender,
        store_url=_store_url(main.store.url, findings),
        key_file=_key_file(main.store.key_file, findings, environ),
        log_level=main.logging.level,
        log_format=main.logging.format,
        metrics=main.metrics.listen if main.metrics else None,
        flood=flood,
        admins=tuple(dict.fromkeys(main.admins)),
        committees=tuple(replace(committee, flood=flood) for committee in committees),
        imap=_mailbox(main, committees, findings, environ),
    )


def check_admins(main: MainFile, ours: tuple[str, ...], findings: Findings) -> None:
    """No notice to an admin may come back to us as a report."""
    for number, admin in enumerate(main.admins):
        if extension(admin, ours) is not None:
            findings.error(("admins", number), "is an address of a committee: this would loop")


def _listeners(main: MainFile, findings: Findings, environ: Mapping[str, str]) -> tuple[Listener, ...]:
    found: list[tuple[Path, Listener]] = []
    smtp, lmtp = main.intake.smtp, main.intake.lmtp
    if smtp is not None:
        place: Path = ("intake", "smtp")
        certificate = _file(smtp.tls_cert_file, (*place, "tls_cert_file"), findings, environ)
        key = _file(smtp.tls_key_file, (*place, "tls_key_file"), findings, environ, secret=True)
        _belong_together(place, "tls_cert_file", "tls_key_file", findings)
        for number, each in enumerate(smtp.listen):
            address = _listening_address(each, (*place, "listen", number), findings)
            found.append(((*place, "listen", number), Listener("smtp", address, certificate, key)))
    if lmtp is not None:
        for number, each in enumerate(lmtp.listen):
            place = ("intake", "lmtp", "listen", number)
            found.append((place, Listener("lmtp", _listening_address(each, place, findings))))
    if not any(findings.given(("intake", door)) for door in ("smtp", "lmtp", "imap")):
        findings.error(("intake",), "no door is open: smtp, lmtp or imap is required")
    taken = Counter(listener.address for _, listener in found)
    for place, listener in found:
        if taken[listener.address] > 1 and not listener.address.endswith(":0"):
            findings.error(place, "two doors listen at the same place")
    return tuple(listener for _, listener in found)


def _belong_together(place: Path, one: str, other: str, findings: Findings) -> None:
    if findings.given((*place, one)) != findings.given((*place, other)):
        findings.error(place, f"{one} and {other} belong together")


def _listening_address(value: str, place: Path, findings: Findings) -> str:
    if "/" not in value:
        if not is_loopback(value.rpartition(":")[0]):
            findings.warning(place, NO_BORDER)
        return value
    path = absolute(value, findings.file)
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        findings.error(place, f"the absolute path of a unix socket must be at most {SOCKET_PATH_MAX} bytes long")
    return path


def _mailbox(
    main: MainFile, committees: tuple[Committee, ...], findings: Findings, environ: Mapping[str, str]
) -> Mailbox | None:
    imap, place = main.intake.imap, ("intake", "imap")
    if imap is None:
        return None
    if imap.tls == "starttls":
        findings.error((*place, "tls"), "must be implicit: STARTTLS is not known here, take the TLS port (usually 993)")
    if imap.tls == "none" and not is_loopback(imap.host):
        findings.error((*place, "tls"), "must be implicit: reports and password would cross the network unencrypted")
    if findings.given((*place, "password_file")) == findings.given((*place, "oauth2_token_file")):
        findings.error(place, "exactly one of password_file and oauth2_token_file is required")
    for number, folder in enumerate(imap.folders):
        if folder in imap.folders[:number]:
            findings.error((*place, "folders", number), "stands in this list twice")
        if not folder.isascii():
            findings.error((*place, "folders", number), "must be written in modified UTF-7, such as Entw&APw-rfe")
    if imap.committee is None and len(committees) > 1:
        findings.error(place, "committee is required: which of them gets mail that names none of their addresses?")
    if imap.committee is not None and not any(imap.committee in each.addresses for each in committees):
        findings.error((*place, "committee"), "is no committee's address")
    return Mailbox(
        host=imap.host,
        port=imap.port if imap.port is not None else IMAP_PORT_BY_TLS.get(imap.tls, 993),
        tls=imap.tls,
        user=imap.user,
        password_file=_file(imap.password_file, (*place, "password_file"), findings, environ, secret=True),
        oauth2_token_file=_file(imap.oauth2_token_file, (*place, "oauth2_token_file"), findings, environ, secret=True),
        folders=tuple(imap.folders),
        committee=imap.committee or "",
    )


def _smarthost(main: MainFile, findings: Findings, environ: Mapping[str, str]) -> Smarthost | None:
    smtp, place = main.delivery.smtp, ("delivery", "smtp")
    if findings.given(place) == findings.given(("delivery", "maildir")):
        findings.error(("delivery",), "exactly one of smtp and maildir is required")
    if smtp is None:
        return None
    tls = smtp.tls or ("none" if is_loopback(smtp.host) else "starttls")
    if tls == "none" and not is_loopback(smtp.host):
        findings.warning((*place, "tls"), "mail and password cross the network unencrypted")
    _belong_together(place, "user", "password_file", findings)
    password = _file(smtp.password_file, (*place, "password_file"), findings, environ, secret=True)
    return Smarthost(smtp.host, _port(smtp, tls), tls, smtp.user, password)


def _port(smtp: SmtpDelivery, tls: str) -> int:
    return smtp.port if smtp.port is not None else PORT_BY_TLS[tls]


def is_loopback(host: str) -> bool:
    """Whether what is sent to this host stays on this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _store_url(url: str, findings: Findings) -> str:
    place = ("store", "url")
    try:
        found = store_url(url, findings.file)
    except ValueError as error:
        findings.error(place, str(error))
        return url
    parts = urlsplit(found)
    if parts.password or "password=" in parts.query:
        findings.error(place, "holds a password: put it into the file that PGPASSFILE names")
    if file := seems_absolute(url, findings.file):
        findings.warning(place, f"is relative, and means {file}: an absolute path begins with four slashes")
    return found


def _key_file(value: str, findings: Findings, environ: Mapping[str, str]) -> str:
    place = ("store", "key_file")
    try:
        path = secret_path(value, findings.file, environ)
    except ValueError as error:
        findings.error(place, str(error))
        return value
    trouble = trouble_with(path)
    if trouble == "no such file":
        findings.error(place, key_is_missing(path))
    elif trouble:
        findings.error(place, f"master key file {trouble}")
    elif mode := open_to_others(path, environ):
        findings.error(place, f"master key file is readable by others ({mode}); it must be 0600")
    return path


def _file(
    value: str | None, place: Path, findings: Findings, environ: Mapping[str, str], *, secret: bool = False
) -> str | None:
    if value is None:
        return None
    try:
        path = secret_path(value, findings.file, environ)
    except ValueError as error:
        findings.error(place, str(error))
        return value
    if trouble := trouble_with(path):
        findings.error(place, trouble)
    elif secret and (mode := open_to_others(path, environ)):
        findings.warning(place, f"is readable by others ({mode}); it should be 0600")
    return path
