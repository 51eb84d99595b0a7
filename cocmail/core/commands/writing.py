"""Letters to the reporter: `#reporter` drafts one, `#send` sends it, `#optout` and `#optin` keep the reporter's wish.

The rule: what goes out is what everybody has seen, sent by somebody other than its author, and nothing of the
committee's own talk, addresses or names of cases goes with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from cocmail.core import acts, letters
from cocmail.core.commands.call import Call, Line, done, refuse, unchanged, wait_for_yes
from cocmail.core.commands.record import LONGEST
from cocmail.core.commands.texts import leaking
from cocmail.core.conflicts import exists_for
from cocmail.core.model import REPORTER
from cocmail.core.record import Draft


def draft(call: Call) -> Line:
    """A letter to the reporter for the others to look at. Nothing goes out yet."""
    unable = _cannot_write(call)
    if unable is not None:
        return unable
    # The whole mail, not what stands above a quote: a draft is what its author wrote, or it is stopped.
    text = call.message.mail.text.strip()
    if len(text) > LONGEST:
        return refuse("too-long", limit=LONGEST)
    stopped = leaking(call, text)
    if stopped is not None:
        return stopped
    number = len(call.case.proceedings.drafts) + 1
    call.plan.add(call.case_id, acts.DraftWritten(number, str(REPORTER), call.member.handle, call.at, text))
    label = f"D{number}"
    _show(call, label, text)
    return done("draft", label=label, second=_has_second_reader(call), left_out=_attached(call))


def _show(call: Call, label: str, text: str) -> None:
    reporter = call.case.reporter
    words = {
        "label": label,
        "name": call.member.name,
        "text": text,
        "second": _has_second_reader(call),
        "proven": reporter is not None and reporter.proven,
        "forged": "forged" in call.case.marks,
    }
    for member in (call.member, *call.others):
        said = {**words, "own": member.handle == call.member.handle}
        call.plan.letters.append(letters.to_reader(call.committee, call.case, member, "draft", label, said))


def _attached(call: Call) -> list[str]:
    return [part.filename for part in call.message.mail.attachments]


def _cannot_write(call: Call) -> Line | None:
    """Why nobody can write to this reporter now, or None."""
    reporter = call.case.reporter
    if reporter is None or not reporter.address:
        return refuse("no-address")
    if call.case.proceedings.opted_out:
        return refuse("opted-out")
    return None


def _has_second_reader(call: Call) -> bool:
    """Whether somebody other than the author has to send. With one member left there is nobody who could."""
    return call.committee.policy.get("outreach.second_reader") is True and bool(call.others)


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
    stopped = _cannot_write(call) or leaking(call, found.text)
    if stopped is not None:
        return stopped
    if not _has_second_reader(call) and not call.confirmed:
        return wait_for_yes("send-confirm", label=found.label)
    _send(call, found)
    return done("sent", label=found.label)


def _send(call: Call, chosen: Draft) -> None:
    plan, case = call.plan, call.case
    address = case.reporter.address if case.reporter is not None else ""
    token = plan.issue(call.case_id, REPORTER, address)
    plan.add(call.case_id, acts.DraftSent(chosen.number, call.member.handle, call.at))
    words = {"text": chosen.text}
    plan.letters.append(letters.to_reporter(case, address, chosen.label, "outreach", "outreach", token, words))
    call.tell_others("sent", label=chosen.label)


def optout(call: Call) -> Line:
    """The reporter wants no more mail: none is written, what is queued goes."""
    if call.case.proceedings.opted_out:
        return unchanged("optout-again", undo="#optin")
    call.plan.add(call.case_id, acts.ReporterAsked(call.member.handle, call.at, wants=False))
    for address in _addresses(call):
        call.plan.cancelled.append((call.case_id, REPORTER, address))
    call.tell_others("optout")
    return done("optout", undo="#optin")


def _addresses(call: Call) -> Iterable[str]:
    return sorted(call.case.given.get(str(REPORTER), frozenset()))


def optin(call: Call) -> Line:
    """The reporter wants to hear from us again."""
    if not call.case.proceedings.opted_out:
        return unchanged("optin-again", undo="#optout")
    call.plan.add(call.case_id, acts.ReporterAsked(call.member.handle, call.at, wants=True))
    call.tell_others("optin")
    return done("optin", undo="#optout")
