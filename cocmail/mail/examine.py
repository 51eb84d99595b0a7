"""What a message says beside its words, before anything is looked up: where it goes, who surely sent it, whom it names.

Each takes time with a hostile message: all of it is done in a thread, in one go.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cocmail.core.folding import fold
from cocmail.core.model import Committee, Envelope, Mail, Member, Wanted
from cocmail.core.namesakes import names_in
from cocmail.core.screening import screen
from cocmail.core.setting import Message
from cocmail.core.typed import means
from cocmail.core.vague import OFFICES
from cocmail.mail.address import extension, wanted
from cocmail.mail.proof import prove

_NO_LETTER = re.compile(r"[\W_]+")


def examined(message_id: str, envelope: Envelope, mail: Mail, today: Committee, sent: tuple[str, ...]) -> Message:
    """A message, for the committee as it is now. `sent` are letters of ours that it may quote."""
    return Message(
        id=message_id,
        mail=mail,
        envelope=envelope,
        wanted=wanted_by(envelope, mail, today),
        proof=prove(mail, envelope, today.trust),
        screening=screen(today, mail, sent),
        names=names_in(mail, today),
    )


def wanted_by(envelope: Envelope, mail: Mail, committee: Committee) -> Wanted:
    """Where a message is addressed to: the envelope says it; exclusions count wherever they stand (section 3).

    A door without an envelope (IMAP) goes by the headers.
    """
    ours = committee.addresses
    handles = {member.handle for member in committee.members}
    written = (*mail.delivered_to, *mail.to)
    said = wanted(envelope.recipients or written, ours, handles)
    own_written = [address for address in written if extension(address, ours) is not None]
    more = wanted(own_written, ours, handles)
    spellings = said.spellings | more.spellings
    return replace(
        said,
        excluded=said.excluded | more.excluded,
        unknown=said.unknown or more.unknown,
        spellings=spellings,
        guessed=_called(spellings, committee),
    )


def _called(spellings: frozenset[str], committee: Committee) -> frozenset[str]:
    """Who may be meant by what stands after `not-` in place of a short name: a given name, a surname, or both, as
    members themselves may type it, or what their own address begins with. Of two both are kept out.
    """
    typed = [_NO_LETTER.sub(" ", spelling).strip() for spelling in spellings]
    return frozenset(
        member.handle
        for member in committee.members
        for name in typed
        if means(name, member.name, member.handle) or _plain(name) in _run_on(member)
    )


def _run_on(member: Member) -> frozenset[str]:
    names = member.name.split()
    local = {address.partition("@")[0].partition("+")[0] for address in member.addresses}
    return frozenset(map(_plain, (*local, "".join(names), "".join(reversed(names))))) - OFFICES


def _plain(name: str) -> str:
    return _NO_LETTER.sub("", fold(name))
