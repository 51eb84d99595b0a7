"""What a member can look at: `#help #cases #sheet #show #doc`, and `#committee`, the talk outside of any case.

Sheet, thread and document are written when they are sent, so that they hold what the member may see at that moment.
"""

from __future__ import annotations

from cocmail.core import letters
from cocmail.core.commands.call import Call, Line, done, refuse
from cocmail.core.conflicts import exists_for
from cocmail.core.effects import Letter
from cocmail.core.model import member_person
from cocmail.core.tags import TABLE


def help_(call: Call) -> Line:
    """The table of tags, as it is."""
    rows = [{"form": row.form, "help": row.help, "who": row.who, "needs_case": row.needs_case} for row in TABLE]
    return done("help", rows=rows)


def cases(call: Call) -> Line:
    """The cases that this member has; listed when the receipt is sent."""
    return done("cases")


def sheet(call: Call) -> Line:
    """The status sheet by a mail of its own."""
    person = member_person(call.member.handle)
    call.plan.letters.append(
        Letter(
            id=letters.letter_id("", call.message.id, "sheet", str(person)),
            kind="sheet",
            to=person,
            template="sheet",
            address=call.member.email,
            token=call.plan.issue_unbound(call.member),
        )
    )
    return done("on-its-way", what="sheet")


def show(call: Call) -> Line:
    """The thread by a mail of its own."""
    original = call.tag.argument("word") == "original"
    # What a member took down did not come from the reporter.
    theirs = [entry for entry in call.case.entries if entry.author.kind == "reporter"]
    if original and len(theirs) <= bool(call.case.told_by):
        return refuse("no-original")
    template = "original" if original else "thread"
    about = f"{call.message.id} {template}"
    call.plan.letters.append(
        letters.to_reader(call.committee, call.case, call.member, "document", about, {}, template=template)
    )
    return done("on-its-way", what=template)


def doc(call: Call) -> Line:
    """The case's document by a mail of its own."""
    call.plan.letters.append(
        letters.to_reader(call.committee, call.case, call.member, "document", call.message.id, {}, template="document")
    )
    return done("on-its-way", what="document")


def committee(call: Call) -> Line:
    """A member's words to all members, outside of any case. Mail of a case never goes this way."""
    aimed = call.message.wanted
    if aimed.only or aimed.excluded or aimed.escrow or aimed.unknown:
        return refuse("not-to-all")
    if call.case_id or belongs_to_a_case(call):
        return refuse("belongs-to-a-case")
    words = {"name": call.member.name, "text": call.text}
    others = [member for member in call.committee.members if member.handle != call.member.handle]
    for other in others:
        person = member_person(other.handle)
        call.plan.letters.append(
            Letter(
                id=letters.letter_id("", call.message.id, "committee", str(person)),
                kind="forward",
                to=person,
                template="committee",
                address=other.email,
                token=call.plan.issue_unbound(other),
                words=words,
            )
        )
    left_out = [part.filename for part in call.message.mail.attachments]
    return done("committee", count=len(others), left_out=left_out)


def belongs_to_a_case(call: Call) -> bool:
    """Whether the mail names or answers a case that this member has, or had a letter of.

    Of any other case the answer must not depend: it would tell that there is one.
    """
    known, person = call.plan.setting.known, str(member_person(call.member.handle))
    theirs = {case.id for case in known.cases.values() if exists_for(call.member, case)}
    named = set(known.names.values()) & theirs
    answered = [ref for ref in known.references if ref.case_id in theirs or (ref.case_id and ref.person == person)]
    return bool(named or answered or (known.grant is not None and known.grant.case_id))
