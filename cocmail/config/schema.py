"""The keys of both configuration files and what each may hold (contract, section 2), as pydantic models.

The rule: one field here is one key of the contract, with its default. A model sees one place of one file; whatever
takes two places to judge stands in `checks.py`. It must not touch the disk.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from cocmail.config.calendars import known_calendar
from cocmail.config.durations import parse_length
from cocmail.mail.address import is_address, normal

HANDLE = re.compile(r"[a-z][a-z0-9-]{0,20}")
RESERVED_PREFIXES = ("not-", "confirm-", "bounce-")
DEFAULT_MAX_MESSAGE_BYTES = 36_700_160
DEFAULT_RETRY = ("1m", "10m", "1h", "4h", "12h")


def _one_line(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError("is empty")
    if not text.isprintable() or len(text) > 500:
        raise ValueError("must be one line of at most 500 characters")
    return text


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("must be a mail address, such as name@example.org")
    return normal(text)


def _handle(text: str) -> str:
    if not HANDLE.fullmatch(text):
        raise ValueError("must begin with a letter a-z and hold up to 21 of a-z, 0-9 and -")
    if text == "escrow" or text.startswith(RESERVED_PREFIXES):
        raise ValueError("must not be `escrow` nor begin with `not-`, `confirm-` or `bounce-`: addresses use these")
    return text


def _date(value: object) -> date:
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("must be a date, such as 2026-12-31")


def _host_and_port(text: str) -> str:
    """HOST:PORT or [IPv6]:PORT. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not host or (":" in host and not bracketed) or not re.fullmatch(r"[0-9]{1,5}", port):
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8025")
    if int(port) > 65535:
        raise ValueError("must have a port of at most 65535")
    return text


def _listening_place(text: str) -> str:
    if "/" in text:
        return text
    try:
        return _host_and_port(text)
    except ValueError as error:
        raise ValueError(f"{error}, or the path of a unix socket with a / in it") from None


def _ip_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("must be an IP address, such as 127.0.0.1") from None


def _header_name(text: str) -> str:
    if not re.fullmatch(r"[!-9;-~]{1,76}", text):
        raise ValueError("must be the name of a header, such as X-Spam-Flag")
    return text


def _one_or_more(value: object) -> object:
    if not isinstance(value, str | list):
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8025, a path with a / in it, or a list of these")
    return [value] if isinstance(value, str) else value


def _off(value: object) -> object:
    """`flood: off`; YAML 1.1, which a %YAML line can ask for, reads that as false."""
    return None if value == "off" or value is False else value


def _language(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?", text):
        raise ValueError("must be a language code such as en or pt-BR")
    return text


def _not_yet(_: object) -> object:
    raise ValueError("not yet supported by this release")


def _reserved(_: object) -> object:
    raise ValueError("is reserved and has no meaning yet")


Text = Annotated[str, AfterValidator(_one_line)]
Address = Annotated[str, AfterValidator(_address)]
Handle = Annotated[str, AfterValidator(_handle)]
Day = Annotated[date, BeforeValidator(_date)]
Length = Annotated[timedelta, BeforeValidator(parse_length)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
Places = Annotated[
    list[Annotated[str, AfterValidator(_listening_place)]], BeforeValidator(_one_or_more), Field(min_length=1)
]
Peer = Annotated[str, AfterValidator(_ip_address)]
NotYet = Annotated[object, BeforeValidator(_not_yet)]
Reserved = Annotated[object, BeforeValidator(_reserved)]


class Part(BaseModel):
    """One map of keys: unknown ones are errors, and a value of another type is never converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SmtpDoor(Part):
    listen: Places
    tls_cert_file: Text | None = None
    tls_key_file: Text | None = None


class LmtpDoor(Part):
    listen: Places


class ImapDoor(Part):
    host: Text
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    user: Text
    password_file: Text | None = None
    oauth2_token_file: Text | None = None
    folders: list[Text] = Field(default=["INBOX"], min_length=1, max_length=10)
    after: Literal["delete"] = "delete"
    committee: Address | None = None


class Intake(Part):
    smtp: SmtpDoor | None = None
    lmtp: LmtpDoor | None = None
    imap: ImapDoor | None = None
    max_message_bytes: int = Field(default=DEFAULT_MAX_MESSAGE_BYTES, ge=1024, le=1_000_000_000)


class SmtpDelivery(Part):
    host: Text
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["none", "starttls", "implicit"] | None = None
    user: Text | None = None
    password_file: Text | None = None


class Delivery(Part):
    smtp: SmtpDelivery | None = None
    maildir: Text | None = None
    retry: list[Length] = Field(default=[parse_length(each) for each in DEFAULT_RETRY], min_length=1)
    give_up_after: Length = timedelta(days=2)
    null_sender: bool = True


class Store(Part):
    url: Text = "sqlite:///var/cocmail.db"
    key_file: Text = "master.key"


class Logging(Part):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class Metrics(Part):
    listen: HostAndPort


class FloodLimit(Part):
    reports: int = Field(default=30, ge=1)
    per: Length = timedelta(hours=1)


class MainFile(Part):
    """`cocmail.yaml`: the machine's side."""

    version: Literal[1] = 1
    intake: Intake
    delivery: Delivery
    store: Store = Store()
    logging: Logging = Logging()
    metrics: Metrics | None = None
    flood: Annotated[FloodLimit | None, BeforeValidator(_off)] = FloodLimit()
    admins: list[Address] = []
    committees: list[Text] = Field(min_length=1)


class TrustPart(Part):
    authserv_id: Text | None = None
    peers: list[Peer] = []
    spam_header: Annotated[str, AfterValidator(_header_name)] | None = None
    level: Literal["proof", "token"] = "proof"


class TriagePart(Part):
    size: int | None = Field(default=None, ge=1, le=50)
    rotation: Literal["weekly"] | None = None
    order: list[str] = []


class TargetPart(Part):
    email: Address
    confidentiality_agreed: Day | None = None


class Period(Part):
    start: Day | None = Field(default=None, alias="from")
    end: Day | None = Field(default=None, alias="to")


class Absence(Part):
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")


class ConflictPart(Part):
    name: Text = Field(alias="with")
    emails: list[Address] = []
    kind: Literal["hard", "soft"] = "hard"


class MemberPart(Part):
    handle: Handle
    name: Text
    email: Address
    also: list[Address] = []
    role: Literal["primary", "alternate", "mediator"] = "primary"
    employer: Text | None = None
    openpgp: NotYet = None
    smime: Reserved = None
    known_conflicts: list[ConflictPart] = []
    confidentiality_agreed: Day | None = None
    term: Period | None = None
    away: list[Absence] = []
    time_zone: Text = "UTC"


class ContentRetention(Part):
    no_violation: Length | None = None
    violation: Length | None = None
    ban: Length | None = None
    spam: Length | None = None
    not_a_report: Length | None = None


class Retention(Part):
    content_after_close: ContentRetention | None = None
    escrow: Length | None = None
    safety_locator: Length | None = None
    statistics: Literal["forever"] | None = None
    warn_before: Length | None = None


class CommitteeFile(Part):
    """One committee, edited by its chair. `override` is judged by `preset.py`."""

    name: Text
    address: Address
    aliases: list[Address] = []
    policy: str = "basic"
    override: dict[str, object] = {}
    chair: str | None = None
    trust: TrustPart = TrustPart()
    triage: TriagePart = TriagePart()
    transfer_targets: dict[str, TargetPart] = {}
    members: list[MemberPart] = Field(min_length=1)
    openpgp_key_file: NotYet = None
    calendar: Annotated[str, AfterValidator(known_calendar)] | None = None
    language: Annotated[str, AfterValidator(_language)] = "en"
    templates_dir: Text | None = None
    other_contact: Text | None = None
    retention: Retention | None = None
