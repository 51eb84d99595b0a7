"""What a text that leaves must not carry, compared with what was written in the case: for letters, for witnesses.

The words that are found go to whoever wrote them, by the receipt, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cocmail.core import leaks
from cocmail.core.case import Case, Entry
from cocmail.core.commands.call import Call, Line, refuse
from cocmail.core.files import FILES_MAX, FileRead
from cocmail.core.model import REPORTER, Mail, Person
from cocmail.core.names import names_in
from cocmail.core.ownwords import own_words
from cocmail.core.vague import OFFICES

# What stands before the @ is as good as a name from so many letters on: robinvale@visitors.example.
LONG_MAILBOX = 4
FILES_AT_ONCE = 10
# The last digits of a number tell it: in front of them stand a country's, or a zero.
LONG_NUMBER = 7
TEXT_OF_FILES = 200_000

_ADDRESS = re.compile(r"[a-z0-9_.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")
_NUMBER = re.compile(r"(?<![\w./:-])\+?\(?[0-9](?:[ ()/.-]{0,2}[0-9]){7,14}(?![\w:-])")
_DATE = re.compile(r"[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{1,4}(?![0-9])")


def said(entry: Entry, mail: Mail) -> str:
    """The words of an entry of a case; people outside chose their Subject, too, which members only steer with.

    And what they attached in words: a forwarded thread, a text file.
    """
    if entry.author.kind == "member":
        return mail.text
    return "\n\n".join(part for part in (mail.subject, mail.text, mail.hidden_text) if part)


@dataclass(frozen=True, slots=True)
class Sources:
    """What a text to `to` is compared with.

    `theirs` they wrote, were sent, or are to hear, `wrote` the first two of these; `told` others outside wrote; `ours`
    is that and the members' talk.
    `names` are those of people whom they must not hear of, `known` whom they know, `private` others' addresses.
    """

    to: Person
    theirs: list[str]
    wrote: list[str]
    ours: list[str]
    told: list[str]
    names: list[str]
    known: list[str]
    private: list[str]


def leaking(
    call: Call,
    text: str,
    to: Person,
    *,
    but: str = "",
    hears_outcome: bool = False,
    quoting: Collection[Person] = frozenset(),
    files: tuple[FileRead, ...] = (),
) -> Line | None:
    """The refusal of a letter that carries what must not go out, with the words; None where nothing was found.

    `to` may read what they wrote, or were sent, and, if they are to hear the outcome, what was decided. To everybody
    but the reporter what the reporter wrote is secret, and so are the reporter's name and address, and who was harmed
    or saw it; to the reporter, who they did not name themselves. `but` is the recipient's own name, `quoting` are those
    whose words the letter passes on.
    """
    may_be_read = {entry.id for entry in call.case.entries if entry.author in (to, *quoting)}
    if call.message.unread - may_be_read:
        # It may be what must not go out. Their own words, where those are missing, make this no less careful.
        return refuse("thread-unread")
    against = _sources(call, to, but, hears_outcome, quoting)
    found = _found(call, text, against)
    for file in files:
        found += _found_in(call, file, against)
    of_files = any(each["kind"] == "mark" or each["kind"].startswith("file-") for each in found)
    return refuse("leaks", words=found[: leaks.FINDINGS], files=of_files) if found else None


def _found(call: Call, text: str, against: Sources, where: str = "") -> list[Mapping[str, str]]:
    found = leaks.find_leaks(
        text,
        call.committee,
        call.case.code_name,
        theirs=against.theirs,
        ours=against.ours,
        told=against.told,
        private=against.private,
        said=against.known,
    )
    # A decision may name somebody, too; the reporter has not seen it.
    read = "\n".join(against.wrote) if against.to == REPORTER else ""
    kind = "unnamed" if against.to == REPORTER else "reporter"
    named = names_in(text, against.names, known=against.known, theirs=read)
    words = [{"kind": leak.kind, "words": leak.words} for leak in found]
    words += [{"kind": kind, "words": word} for word in named]
    words += [{"kind": "private-address", "words": number} for number in _numbers(text, against)]
    return [{**each, "where": where} for each in words]


def _numbers(text: str, against: Sources) -> list[str]:
    """Telephone numbers and the like that stand in what others outside wrote, however they are spaced."""
    secret = {_told_by(number) for each in against.told for number in _NUMBER.findall(each)}
    secret -= {_told_by(number) for each in against.wrote for number in _NUMBER.findall(each)}
    return [number for number in _NUMBER.findall(text) if _told_by(number) in secret and not _DATE.match(number)]


def _told_by(number: str) -> str:
    return re.sub(r"[^0-9]", "", number)[-LONG_NUMBER:]


def _found_in(call: Call, file: FileRead, against: Sources) -> list[Mapping[str, str]]:
    """What speaks against one file: its name, its words, its metadata, and what nobody can be sure of."""
    name = file.name
    found = _found(call, f"{name}\n\n{file.text}", against, name)
    found += [{"kind": "mark", "words": f"{field}: {words}", "where": name} for field, words in file.marks]
    if file.problem:
        found.append({"kind": f"file-{file.problem}", "words": "", "where": name})
    return found


def _sources(call: Call, to: Person, but: str, hears_outcome: bool, quoting: Collection[Person]) -> Sources:
    theirs, ours, told = _texts(call, to, hears_outcome, quoting)
    case, thread = call.case, call.message.thread
    wrote = [thread[entry.id] for entry in case.entries if entry.author == to and entry.id in thread]
    wrote += [sent.text for sent in case.proceedings.drafts if sent.sent_at is not None and sent.to == to]
    roles = ("harmed", "witness") if to == REPORTER else ("reporter", "harmed", "witness")
    names = [name for role in roles for name in case.called(role)]
    contacts = [contact for contact in case.proceedings.contacts if contact.name.casefold() != but.casefold()]
    names += [contact.name for contact in contacts if contact.role == "third"]
    asked = {entry.author.handle for entry in case.entries if entry.author.kind == "witness"}
    names += [member.name for member in call.committee.members if member.handle in asked]
    private = {contact.address for contact in contacts}
    # Whom the letter is to, or about, is called by name, whoever else is called so.
    known = [but, *case.called("reported")]
    if to == REPORTER:
        reporter = case.reporter
        known += [*case.called("reporter"), reporter.name if reporter is not None else ""]
    else:
        names += _called(case)
        private |= case.given.get(str(REPORTER), frozenset())
    for other in _others_of_one(call):
        # What is one case for the members is another person's report for everybody outside.
        names += [*_called(other), *other.called("harmed"), *other.called("witness")]
        private |= other.given.get(str(REPORTER), frozenset())
    private |= {address for text in told for address in _ADDRESS.findall(text.casefold())}
    private -= {contact.address for contact in case.proceedings.contacts if contact not in contacts}
    private -= {address for address in private if call.committee.owns(address) or call.committee.member_at(address)}
    if to == REPORTER:
        private = {address for address in private if not any(address in text.casefold() for text in wrote)}
    names = [name for name in dict.fromkeys(names) if name and name.casefold() != but.casefold()]
    return Sources(to, theirs, wrote, ours, told, names, [name for name in known if name], sorted(private - {""}))


def _others_of_one(call: Call) -> list[Case]:
    """The cases that are one with this, but those of the same reporter."""
    reporter = call.case.reporter
    own = reporter.address if reporter is not None else ""
    circle = [case for case in call.plan.circle(call.case_id) if case.id != call.case_id]
    return [case for case in circle if not own or case.reporter is None or case.reporter.address != own]


def _called(case: Case) -> list[str]:
    """As what the reporter is known: by the name in their mails, and by what stands before the @ of their address."""
    reporter = case.reporter
    if reporter is None:
        return []
    local = reporter.address.partition("@")[0].partition("+")[0]
    # Some programs write the address where the name belongs.
    name = reporter.name.partition("@")[0]
    is_name = len(local) >= LONG_MAILBOX and local.casefold() not in OFFICES and (local.isalpha() or not name)
    return [name, *([local] if is_name else [])]


def _quotes(call: Call, text: str, said: list[str]) -> bool:
    """Whether a text has words in a row of what others said."""
    return bool(leaks.find_leaks(text, call.committee, "", theirs=[], ours=said))


def _texts(
    call: Call, to: Person, hears_outcome: bool, quoting: Collection[Person]
) -> tuple[list[str], list[str], list[str]]:
    """(what the recipient wrote, was sent or is to hear; what anybody else wrote, or was sent, in the case; what of
    that came from outside).
    """
    thread, case = call.message.thread, call.case
    theirs = [thread[entry.id] for entry in case.entries if entry.author == to and entry.id in thread]
    others = [entry for entry in case.entries if entry.id in thread and entry.author not in (to, *quoting)]
    others += [entry for other in _others_of_one(call) for entry in other.entries if entry.id in thread]
    # What a member quotes of a draft while talking about it is the draft's own text.
    talk = [entry for entry in others if entry.author.kind == "member" and entry.kind != "record"]
    # A decision that quotes somebody outside is no way round this.
    told = [thread[entry.id] for entry in others if entry.author.kind != "member"]
    reported = [piece for text in told for piece in leaks.pieces_of(text)]
    ours = [*reported, *(own_words(thread[entry.id]) for entry in talk)]
    for sent in case.proceedings.drafts:
        if sent.sent_at is not None:
            (theirs if sent.to == to else ours).append(sent.text)
    ours += [remark.text for remark in case.proceedings.remarks]
    ours += [measure.text for measure in case.proceedings.measures]
    for motion in case.proceedings.motions:
        parts = [motion.finding, motion.plan, motion.consequence, motion.if_refused]
        # What was decided may be told in the words of the decision; what was only proposed may not.
        for part in parts:
            may_be_told = hears_outcome and motion.result == "passed" and not _quotes(call, part, told)
            (theirs if may_be_told else ours).append(part)
        ours.append(motion.text)
    ours += [each.area for each in case.statements] + [each.text for each in case.proceedings.challenges]
    return theirs, [text for text in ours if text], told


def attached(call: Call) -> tuple[tuple[FileRead, ...], Line | None]:
    """(the files that go with a letter that is drafted; why they cannot).

    What a mail program adds by itself (`FileRead.role`) stays behind.
    """
    if not call.message.mail.attachments:
        return (), None
    looked_at = call.message.files.get(call.message.id)
    if looked_at is None:
        return (), refuse("files-unread", names=[part.filename for part in call.message.mail.attachments])
    files = tuple(file for file in looked_at if not file.role)
    return files, _too_much(files)


def _too_much(files: tuple[FileRead, ...]) -> Line | None:
    too_large = sum(file.size for file in files) > FILES_MAX or sum(len(file.text) for file in files) > TEXT_OF_FILES
    if too_large or len(files) > FILES_AT_ONCE:
        return refuse("files-too-much", megabytes=FILES_MAX // 1_000_000, count=FILES_AT_ONCE)
    return None
