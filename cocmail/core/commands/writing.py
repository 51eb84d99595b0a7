"""Letters to people outside: `#reporter`, `#reported` and `#contact` draft one, `#send` sends it.

The rule: what goes out is what everybody has seen, sent by somebody other than its author, and nothing of the
committee's own talk, addresses or names of cases goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from cocmail.core import acts, letters
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged, wait_for_yes
from cocmail.core.commands.parties import LONGEST_NAME
from cocmail.core.commands.record import LONGEST
from cocmail.core.commands.texts import attached, leaking
from cocmail.core.conflicts import exists_for
from cocmail.core.files import FileRead
from cocmail.core.meant import questions_about
from cocmail.core.model import REPORTER, Person, contact_person
from cocmail.core.outreach import missing_parts
from cocmail.core.reaching import can_reach, relay
from cocmail.core.record import Draft

# The first line of a draft to somebody whose address is not known yet: "To: kit@example.org", in whatever dress.
_TO = re.compile(r"[^\w\n]*To[^\w\n]*:(.*)(?:\n|$)", re.IGNORECASE)
# RFC 5321, section 4.5.3.1.3, without the angle brackets.
LONGEST_ADDRESS = 254
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{{2,}}")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a letter is for: the reporter, or a contact, by the name under which the members know them."""

    person: Person
    address: str
    role: str = "reporter"
    name: str = ""

    @property
    def hears_outcome(self) -> bool:
        return self.role in ("reporter", "reported")


def draft(call: Call, quoting: Collection[Person] = frozenset()) -> Line:
    """A letter to the reporter for the others to look at. Nothing goes out yet. `quoting`: whose words it passes on."""
    unable = _cannot_write(call)
    if unable is not None:
        return unable
    return propose(call, _to_reporter(call), _text(call), quoting)


def _to_reporter(call: Call) -> Recipient:
    reporter = call.case.reporter
    return Recipient(REPORTER, reporter.address if reporter is not None else "")


def reported(call: Call) -> Line:
    """A letter to the reported person; where there are several, `#contact` says to which."""
    names = call.case.called("reported")
    if len(names) != 1:
        return refuse("which-reported", names=list(names))
    return to_contact(call, "reported", names[0])


def contact(call: Call) -> Line:
    """A letter to somebody else outside, by a name; to a reported person too, where there are several."""
    name = " ".join(call.tag.text.split())
    if len(name) > LONGEST_NAME:
        return refuse("too-long", limit=LONGEST_NAME)
    roles = {party.name.casefold(): party.role for party in call.case.parties}
    return to_contact(call, roles.get(name.casefold(), "third"), name)


def to_contact(call: Call, role: str, name: str) -> Line:
    """A letter to somebody outside, at the address that the text begins with, else where they were written to."""
    missing = [what for what in ("scope", "risk") if what not in {fact.what for fact in call.case.proceedings.facts}]
    if missing:
        # Whether it is safe to write to them has to be thought of first (domain R35).
        return refuse("judge-first", missing=missing)
    text, known = _text(call), _known(call, role, name)
    written = _TO.match(text)
    address = _address_in(written[1]) if written is not None else known.address if known is not None else ""
    if not address:
        return refuse("whose-address", name=name)
    taken = _is_somebody_else(call, address)
    if taken:
        return refuse(taken, name=name)
    number = known.number if known is not None else len(call.case.proceedings.contacts) + 1
    there = Recipient(contact_person(number), address, role, name)
    line = propose(call, there, text[written.end() :].strip() if written is not None else text)
    if "refused" not in line and (known is None or known.address != address):
        call.plan.add(call.case_id, acts.ContactNoted(number, role, name, address, call.member.handle, call.at))
    return line


def _address_in(line: str) -> str:
    """The one address of a line, with or without a name or brackets; "" where there is none, or more than one."""
    words = line.casefold().replace("<", " ").replace(">", " ").split()
    found = {word.removeprefix("mailto:").strip("*,;") for word in words if "@" in word}
    address = found.pop() if len(found) == 1 else ""
    return address if len(address) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(address) else ""


def _known(call: Call, role: str, name: str) -> acts.ContactNoted | None:
    wanted = (role, name.casefold())
    contacts = call.case.proceedings.contacts
    return next((each for each in contacts if (each.role, each.name.casefold()) == wanted), None)


def _is_somebody_else(call: Call, address: str) -> str:
    """Why a letter of this kind cannot go to that address, or ""."""
    reporter = call.case.reporter
    if call.committee.owns(address):
        return "address-ours"
    if any(address in member.addresses for member in call.committee.members):
        return "address-of-member"
    return "address-of-reporter" if reporter is not None and reporter.address == address else ""


def _text(call: Call) -> str:
    # The whole mail, not what stands above a quote: a draft is what its author wrote, or it is stopped.
    return call.message.mail.text.strip()


def propose(call: Call, there: Recipient, text: str, quoting: Collection[Person] = frozenset()) -> Line:
    """A draft that everybody sees, or why there can be none."""
    if not text:
        return refuse("no-words")
    if len(text) > LONGEST:
        return refuse("too-long", limit=LONGEST)
    files, unable = attached(call)
    stopped = unable or _leaking(call, text, there, files, quoting)
    if stopped is not None:
        return stopped if there.person == REPORTER else {**stopped, "secret": True, "again": str(call.tag)}
    number = len(call.case.proceedings.drafts) + 1
    address = "" if there.person == REPORTER else there.address
    carried = (call.message.id if files else "", tuple(file.digest for file in files))
    written = acts.DraftWritten(number, str(there.person), call.member.handle, call.at, text, address, *carried)
    call.plan.add(call.case_id, written)
    chosen = call.case.proceedings.drafts[-1]
    _show(call, chosen, there, files)
    names, left_out, second = [file.name for file in files], _left_out(call, files), _has_second_reader(call)
    words = {"to": there.role, "who": there.name, "address": address}
    return done("draft", label=chosen.label, second=second, files=names, left_out=left_out, **words)


def _show(call: Call, chosen: Draft, there: Recipient, files: tuple[FileRead, ...]) -> None:
    label, text = chosen.label, chosen.text
    reporter, relayed = call.case.reporter, _relay_name(call) if there.person == REPORTER else ""
    quoted = there.person == REPORTER and not relayed
    thread = call.message.thread
    wrote = [thread[entry.id] for entry in call.case.entries if entry.author == there.person and entry.id in thread]
    words = {
        "label": label,
        "name": call.member.name,
        "text": text,
        "second": _has_second_reader(call),
        "proven": there.person != REPORTER or (reporter is not None and reporter.proven),
        "relay": relayed,
        "forged": there.person == REPORTER and "forged" in call.case.marks,
        "role": there.role,
        "who": there.name,
        "to_address": "" if there.person == REPORTER else there.address,
        "files": [file.name for file in files],
        "missing": missing_parts(text) if there.role == "reported" else [],
        **questions_about(text, call.committee, call.case, wrote, is_quoted=quoted),
    }
    for member in (call.member, *call.others):
        said = {**words, "own": member.handle == call.member.handle}
        letter = letters.to_reader(call.committee, call.case, member, "draft", label, said)
        call.plan.letters.append(replace(letter, entry=chosen.entry, files=chosen.files))


def _relay_name(call: Call) -> str:
    member = relay(call.committee, call.case)
    return member.name if member is not None else ""


def _left_out(call: Call, files: tuple[FileRead, ...]) -> list[str]:
    """What a mail program added to the mail: a logo, a signature, the same text as HTML."""
    names = [part.filename for part in call.message.mail.attachments if part.role in ("layout", "signature")]
    return [name for name in names if name not in {file.name for file in files}]


def _cannot_write(call: Call) -> Line | None:
    """Why nobody can write to this reporter now, or None."""
    if not can_reach(call.committee, call.case):
        via_member = call.committee.policy.get("reporter.anonymous") == "via_member"
        unknown = "relay-gone" if via_member else "no-contact"
        return refuse(unknown if call.case.anonymous else "no-address")
    if call.case.proceedings.opted_out:
        return refuse("opted-out")
    return None


def _has_second_reader(call: Call) -> bool:
    """Whether somebody other than the author has to send. With one member left there is nobody who could."""
    return call.committee.policy.get("outreach.second_reader") is True and bool(call.others)


def _recipient(call: Call, chosen: Draft) -> Recipient:
    found = call.case.proceedings.contact(chosen.to)
    if found is not None:
        return Recipient(chosen.to, found.address, found.role, found.name)
    return _to_reporter(call)


def send(call: Call) -> Line:
    """Sends a draft: another member at once; where there is no second reader, anybody, after a confirmation."""
    named = call.tag.argument("draft")
    found = call.case.proceedings.draft(int(named.removeprefix("d")))
    if found is None:
        return refuse("no-draft", label=named.upper())
    if found.sent_at is not None:
        return unchanged("sent-again", label=found.label, day=found.sent_at.date().isoformat())
    author = call.committee.member(found.author)
    if author is None or not exists_for(author, call.case):
        # Whoever is out of the case has no say in it, not by what was written before either.
        return refuse("author-out", label=found.label)
    if _has_second_reader(call) and author.handle == call.member.handle:
        return refuse("own-draft", label=found.label, names=[member.name for member in call.others])
    there = _recipient(call, found)
    unable = _cannot_write(call) if there.person == REPORTER else _goes_elsewhere(call, found, there)
    stopped = unable or _leaking_again(call, found, there)
    if stopped is not None:
        again = "#reported" if there.role == "reported" else f'#contact "{there.name}"'
        return stopped if there.person == REPORTER else {**stopped, "secret": True, "again": again}
    if not _has_second_reader(call) and not call.confirmed:
        return wait_for_yes("send-confirm", label=found.label)
    _send(call, found, there)
    passes_on = _relay_name(call) if there.person == REPORTER else ""
    return done("sent", label=found.label, to=there.role, who=there.name, relay=passes_on)


def _quoted(call: Call, chosen: Draft) -> frozenset[Person]:
    """Whose words a draft passes on: the reported person's, where it brings an apology."""
    brought = {each.draft for each in call.case.proceedings.outward.apologies if each.how == "relay"}
    return call.case.proceedings.people("reported") if chosen.number in brought else frozenset()


def _leaking_again(call: Call, chosen: Draft, there: Recipient) -> Line | None:
    """What was written since may make a letter tell more than it told when it was drafted."""
    looked_at = call.message.files.get(chosen.entry, ())
    files = tuple(file for file in looked_at if file.digest in chosen.files)
    if {file.digest for file in files} != set(chosen.files):
        return refuse("files-changed", label=chosen.label)
    return _leaking(call, chosen.text, there, files, _quoted(call, chosen))


def _leaking(
    call: Call, text: str, there: Recipient, files: tuple[FileRead, ...], quoting: Collection[Person]
) -> Line | None:
    hears = there.hears_outcome
    return leaking(call, text, there.person, but=there.name, hears_outcome=hears, quoting=quoting, files=files)


def _goes_elsewhere(call: Call, chosen: Draft, there: Recipient) -> Line | None:
    """Why a letter to a contact cannot go to where everybody was told that it goes."""
    if chosen.address != there.address:
        return refuse("address-changed", label=chosen.label, name=there.name)
    taken = _is_somebody_else(call, there.address)
    return refuse(taken, name=there.name) if taken else None


def _send(call: Call, chosen: Draft, there: Recipient) -> None:
    plan, passes_on = call.plan, relay(call.committee, call.case)
    plan.add(call.case_id, acts.DraftSent(chosen.number, call.member.handle, call.at))
    if there.person == REPORTER and passes_on is not None:
        said = {"text": chosen.text}
        plan.letters.append(
            letters.to_reader(call.committee, call.case, passes_on, "outreach", chosen.label, said, template="relay")
        )
        call.tell_others("sent", label=chosen.label, role=there.role, who=there.name)
        return
    token = plan.issue(call.case_id, there.person, there.address)
    words = {"text": chosen.text}
    letter = letters.to_outside(
        call.case, there.person, there.address, chosen.label, "outreach", "outreach", token, words
    )
    plan.letters.append(replace(letter, entry=chosen.entry, files=chosen.files))
    call.tell_others("sent", label=chosen.label, role=there.role, who=there.name)
