"""READ THIS FIRST: everything that the doctor looks at, in order, and what it needs for it.

A thing that is found wrong ends no more than what rests on it: without a key there is no store, without a daemon no
test mail; the rest is looked at all the same.
"""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cocmail.config.load import examine, read
from cocmail.config.locate import locate_store
from cocmail.config.settings import Settings
from cocmail.core.model import Committee
from cocmail.doctor import backlog, domain, intake, mailbox, premises, returned, roundtrip, smarthost
from cocmail.doctor.findings import Finding, fine, warning, wrong
from cocmail.errors import ConfigError
from cocmail.mail.address import domain_of
from cocmail.store.engine import Store

WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to look. `resolver` is ADDRESS:PORT of a DNS server, `mail_user` as whom the mail server runs."""

    wait: float = WAIT_SECONDS
    resolver: str | None = None
    mail_user: str | None = None


def visit(path: Path, environ: Mapping[str, str], wishes: Wishes) -> Iterator[Finding]:
    """Everything, each finding as soon as it is known. Raises ConfigError for a wish that cannot be, StoreBusy."""
    resolver = domain.make_resolver(wishes.resolver)
    try:
        sources = read(path)
        url, key_file = locate_store(sources.main, environ)
    except ConfigError as error:
        yield from (wrong(premises.ABOUT_CONFIGURATION, problem) for problem in error.problems)
        return
    settings, problems = examine(sources, today=datetime.now(UTC).date(), environ=environ)
    yield from premises.look_at_configuration(problems)
    keyring, about_key = premises.load_key(key_file)
    yield about_key
    file = premises.file_of(url)
    if file is not None:
        largest = settings.max_message_bytes if settings is not None else 0
        yield from premises.look_at_place(file, largest)
    store = None
    if keyring is not None and (file is None or premises.is_there(file)):
        store, about_store = premises.open_store(url, keyring)
        yield about_store
    try:
        if store is not None:
            yield from backlog.look_at_backlog(store)
        if settings is None:
            yield warning("the rest", "is not looked at before the configuration has no error")
            return
        yield from premises.look_at_log(settings)
        yield from _look_at_mail(settings, store, wishes, resolver)
    finally:
        if store is not None:
            store.close()


def _look_at_mail(
    settings: Settings, store: Store | None, wishes: Wishes, resolver: domain.Resolver | None
) -> Iterator[Finding]:
    """Doors, smarthost, the test mails between them, and the DNS."""
    running = intake.is_running(settings)
    yield from intake.look_at_doors(settings, running, wishes.mail_user)
    yield from mailbox.look_at_mailbox(settings.imap)
    looks: dict[str, returned.Look] = {}
    if settings.smarthost is None:
        yield fine(smarthost.ABOUT, "there is none: mail goes into Maildirs, and no test mail can be sent")
    else:
        yield from _look_at_smarthost(settings, store if running else None, wishes, looks)
    named = {socket.getfqdn().lower()}
    if settings.smarthost is not None:
        named.add(settings.smarthost.host.lower())
    for committee in settings.committees:
        look = looks.get(committee.id)
        ours = named | {(committee.trust.authserv_id or "").lower()} | (look.passed if look is not None else set())
        signature = look.signature if look is not None else None
        yield from domain.look_at_domain(resolver, domain_of(committee.address), frozenset(ours), signature)


def _look_at_smarthost(
    settings: Settings, store: Store | None, wishes: Wishes, looks: dict[str, returned.Look]
) -> Iterator[Finding]:
    """`looks` is filled with what came back, by committee. Without a store no test mail is sent."""
    way = settings.smarthost
    assert way is not None
    try:
        client = smarthost.connected(way)
    except smarthost.NotUsable as error:
        yield error.finding
        return
    with closing(client):
        yield fine(smarthost.ABOUT, f"{way.host}:{way.port} answers, as the configuration asks for (tls: {way.tls})")
        found = list(smarthost.look_at_terms(client, settings, settings.committees[0].address))
        yield from found
        if store is None:
            yield warning("test mail", "not sent: it needs a running daemon and its store")
            return
        null_sender = settings.null_sender and all(each.level != "error" for each in found)
        yield from _send_and_look(settings.committees, store, client, null_sender, wishes.wait, looks)


def _send_and_look(
    committees: tuple[Committee, ...],
    store: Store,
    client: smtplib.SMTP,
    null_sender: bool,
    wait: float,
    looks: dict[str, returned.Look],
) -> Iterator[Finding]:
    for committee in committees:
        if not committee.address.isascii():
            yield warning(roundtrip.about(committee), "not sent: an address beyond ASCII is not tried")
    tests = [roundtrip.new(store, committee, wait) for committee in committees if committee.address.isascii()]
    try:
        on_the_way = []
        for test in tests:
            sent, found = roundtrip.send(client, test, null_sender=null_sender)
            yield from found
            on_the_way += [sent] if sent is not None else []
        for back in roundtrip.wait_for(store, on_the_way, wait):
            look = returned.look_at(back, str(getattr(client, "banner", "")))
            looks[back.sent.committee.id] = look
            yield roundtrip.arrived(back)
            yield from look.findings
        yield from (roundtrip.lost(sent, wait) for sent in on_the_way if sent.committee.id not in looks)
    finally:
        roundtrip.clean(store, [test.token for test in tests])
