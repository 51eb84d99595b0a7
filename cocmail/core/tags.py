"""Subject tags: the one table of them (contract, section 5).

Parser, permission checks, help mail, docs page and tests are made from `TABLE`. A new tag is a new row here, a sentence
in the receipt's template and a handler in `commands`; nothing else knows tags by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from cocmail.core.lifecycle import EARLY, KEPT, LIVE, State
from cocmail.core.signature import Argument, TagRow


def _word(name: str, *words: str, required: bool = False) -> Argument:
    return Argument(name, "word", words, required)


_QUESTION = Argument("question", "question", required=True)
_DRAFT = Argument("draft", "draft", required=True)
_MEMBER = Argument("member", "member", required=True)
_NUMBER = Argument("number", "number")
_STOP = _word("how", "stop")
_LATE = KEPT - EARLY
_RISKS = tuple(f"{key}:{value}" for key in ("safety", "repeat") for value in ("yes", "no", "maybe"))

TABLE: tuple[TagRow, ...] = (
    TagRow(
        "clear",
        "member",
        "you have no conflict of interest with this case; with a number: with that one of the list that you were sent",
        (_NUMBER,),
    ),
    TagRow(
        "recuse",
        "member",
        "you withdraw from this case: your access ends at once; say why only if your procedure asks for it",
        (_word("kind", "hard", "soft"),),
        takes_text=True,
        optional_text=True,
        off_record=True,
        any_length=True,
    ),
    TagRow("unrecuse", "member", "you ask the others to let you back into a case that you withdrew from"),
    TagRow(
        "new",
        "member",
        "opens a case from your mail's text, for somebody who told you; a line From: or Reporter: says who. "
        "`anonymous`: only you know who, and what names them is taken out; `escrow`: nobody reads it for now",
        (
            _word("way", "email", "phone", "inperson", "dm", "self", required=True),
            _word("hidden", "anonymous"),
            _word("sealed", "escrow"),
        ),
        needs_case=False,
        takes_text=True,
        optional_text=True,
        any_length=True,
    ),
    TagRow(
        "party",
        "triage",
        "who is involved, and how; a member who is meant, or has a conflict with them, is kept out",
        (
            _word("role", "reported", "reporter", "harmed", "witness", required=True),
            Argument("name", "text", required=True),
        ),
        states=LIVE,
        repeats=True,
    ),
    TagRow(
        "check",
        "triage",
        "asks who does not have the case yet whether they have a conflict with the reported person; `staged` tells the "
        "other parties before anything is opened",
        (_word("how", "staged"),),
        states=LIVE,
    ),
    TagRow(
        "challenge",
        "cleared",
        "you say that this member has a conflict, and in your mail's text why; a second member has to say so, too",
        (_MEMBER,),
        states=LIVE,
        takes_text=True,
        optional_text=True,
        off_record=True,
    ),
    TagRow(
        "limit",
        "cleared",
        "asks the others what a member with a soft conflict may have: nothing, the notes, or report and talk",
        (_MEMBER, _word("what", "none", "summary", "discuss", required=True)),
        states=LIVE,
        repeats=True,
    ),
    TagRow(
        "ask",
        "owner",
        "your mail's text is a question to a member who is kept out, as a witness; the answer goes to all of you",
        (_MEMBER,),
        states=KEPT,
        takes_text=True,
        off_record=True,
        reads_thread=True,
    ),
    TagRow(
        "own",
        "cleared",
        "you take care of this case, as its first owner or as the second",
        (_word("place", "primary", "secondary"),),
        states=KEPT,
    ),
    TagRow("assign", "cleared", "that member becomes the first owner", (_MEMBER,), states=KEPT),
    TagRow("handoff", "owner", "that member takes your place as an owner", (_MEMBER,), states=KEPT),
    TagRow(
        "risk",
        "cleared",
        "how you judge the risk; one of the two or both",
        (Argument("risk", "pair", _RISKS, required=True),),
        states=LIVE,
    ),
    TagRow(
        "scope",
        "cleared",
        "whether the Code of Conduct covers it",
        (_word("scope", "in", "out", "unsure", required=True),),
        states=LIVE,
    ),
    TagRow("urgent", "cleared", "this case cannot wait: the others are told at once", states=LIVE),
    TagRow(
        "danger",
        "cleared",
        "somebody is in danger now: the others are told at once",
        states=KEPT,
        takes_text=True,
        optional_text=True,
    ),
    TagRow(
        "act",
        "acting",
        "what you did, or do now, alone, to keep somebody safe; nothing stands in your way, and the others look at it "
        "within a day",
        states=KEPT,
        takes_text=True,
        optional_text=True,
    ),
    TagRow(
        "interim",
        "acting",
        "your mail's text is a measure that protects people to the end of that day, before anything is decided",
        (Argument("until", "day", ("until",), required=True),),
        states=KEPT,
        takes_text=True,
    ),
    TagRow(
        "note",
        "cleared",
        "your mail's text goes into the case's document, under today's date or the one you give",
        (Argument("date", "date"),),
        states=KEPT,
        takes_text=True,
    ),
    TagRow(
        "plan",
        "cleared",
        "your mail's text is the proposed change of behaviour, for the document",
        states=LIVE,
        takes_text=True,
    ),
    TagRow(
        "consequence",
        "cleared",
        "your mail's text is the proposed consequence, for the document",
        states=LIVE,
        takes_text=True,
    ),
    TagRow(
        "actions",
        "cleared",
        "what the status sheet shows as needed: vague, no names",
        (Argument("vague text", "text", required=True),),
        states=KEPT,
        reads_thread=True,
    ),
    TagRow(
        "meet",
        "cleared",
        "you meet about this case on that day; all who have it are reminded the day before",
        (Argument("day", "date", required=True),),
        states=LIVE,
    ),
    TagRow(
        "obligation",
        "cleared",
        "what the reported person has to do, and by which day; you are reminded of it",
        (Argument("what", "text", required=True), Argument("due", "day", ("due",), required=True)),
        states=KEPT - EARLY,
        repeats=True,
    ),
    TagRow(
        "done",
        "cleared",
        "what the reported person had to do is done; the number stands in the receipt and in the document",
        (Argument("obligation", "item", required=True),),
        states=KEPT - EARLY,
    ),
    TagRow(
        "apology",
        "cleared",
        "an apology that the reported person offers: relay makes your mail's text a draft to the reporter; decline "
        "makes it, if you write any, one to the reported person; accept is for where you stand in for the reporter",
        (_word("answer", "relay", "decline", "accept", required=True),),
        states=_LATE,
        takes_text=True,
        optional_text=True,
        reads_thread=True,
    ),
    TagRow(
        "transfer",
        "cleared",
        "hands the case to that body, with what the reporter wrote; your mail's text tells it why. An owner has to say "
        "so, and a second member, too; `stop` takes back what you said",
        (Argument("target", "name", required=True), _STOP),
        states=_LATE,
        takes_text=True,
        optional_text=True,
        irreversible=True,
        reads_thread=True,
        unrecorded=frozenset({"stop"}),
    ),
    TagRow(
        "disclose",
        "cleared",
        "puts on record what the law obliges you to give away: your mail names To:, Ground: and What:. An owner has to "
        "say so, and a second member, too; `stop` takes back what you said",
        (_word("why", "legal", required=True), _STOP),
        states=_LATE | {State.DISMISSED},
        takes_text=True,
        optional_text=True,
        irreversible=True,
        unrecorded=frozenset({"stop"}),
    ),
    TagRow(
        "motion",
        "cleared",
        "opens a question to vote on; for an outcome your mail names Finding:, Plan:, Consequence: and If refused:, "
        "for a protective measure Until: and a date",
        (_word("about", "outcome", "interim", "conflict", "remove", "policy", required=True),),
        states=LIVE,
        takes_text=True,
        outside=frozenset({"remove", "policy"}),
        unrecorded=frozenset({"conflict"}),
    ),
    TagRow(
        "vote",
        "eligible",
        "your ballot; the last one before the question closes counts",
        (Argument("question", "question"), _word("ballot", "yes", "no", "abstain", required=True)),
    ),
    TagRow(
        "object",
        "cleared",
        "stops a question that is decided in writing, where your procedure lets one member do so",
        (_QUESTION,),
    ),
    TagRow("withdraw", "mover", "takes back the question that you opened", (_QUESTION,)),
    TagRow(
        "reporter",
        "cleared",
        "your mail's text is a draft to the reporter; the others see it before it goes out",
        takes_text=True,
        reads_thread=True,
        takes_files=True,
    ),
    TagRow(
        "reported",
        "cleared",
        "your mail's text is a draft to the reported person, with To: and the address as its first line; the others "
        "see it before it goes out",
        states=KEPT - EARLY,
        takes_text=True,
        reads_thread=True,
        takes_files=True,
    ),
    TagRow(
        "contact",
        "cleared",
        "the same, to somebody else outside, under the name that you give",
        (Argument("who", "text", required=True),),
        states=KEPT - EARLY,
        takes_text=True,
        reads_thread=True,
        takes_files=True,
    ),
    TagRow("send", "second", "sends that draft; its author cannot", (_DRAFT,), reads_thread=True),
    TagRow(
        "status",
        "cleared",
        "the case rests, or goes on",
        (_word("status", "ongoing", "paused", required=True),),
        states=LIVE,
    ),
    TagRow(
        "resolve",
        "owner",
        "ends the case after a passed motion; the text is what the status sheet shows",
        (
            _word("finding", "violation", "no-violation", "no-action", required=True),
            Argument("vague text", "text", required=True),
        ),
        states=frozenset({State.DECIDED, State.RESOLVED}),
        irreversible=True,
        reads_thread=True,
    ),
    TagRow("reopen", "cleared", "takes the case up again; what was decided stays on record"),
    TagRow(
        "notreport",
        "cleared",
        "closes it: it is no report",
        (_word("kind", "spam", "question", required=True),),
        states=EARLY | {State.OPEN, State.DISMISSED},
    ),
    TagRow(
        "related",
        "cleared",
        "that case belongs to this one, and each goes on by itself; `retaliation`: it followed on this one",
        (Argument("case", "case", required=True), _word("how", "retaliation")),
        states=KEPT,
        repeats=True,
    ),
    TagRow(
        "merge",
        "cleared",
        "that case goes on in this one; who is out of either is out of both",
        (Argument("case", "case", required=True),),
        states=KEPT - EARLY,
    ),
    TagRow(
        "release",
        "asked",
        "opens a sealed report: it is about the same person, and you have no conflict with them",
        states=frozenset({State.ESCROWED}),
        irreversible=True,
    ),
    TagRow("keep", "cleared", "this case is not erased, though that was announced"),
    TagRow("optout", "owner", "the reporter wants no more mail from us", states=KEPT),
    TagRow("optin", "owner", "the reporter wants to hear from us again", states=KEPT),
    TagRow(
        "show",
        "cleared",
        "the whole thread; `original`: the reporter's mails as they came",
        (_word("form", "original"),),
    ),
    TagRow("doc", "cleared", "the case's document, as it stands"),
    TagRow("cases", "member", "the cases that you have", needs_case=False),
    TagRow("sheet", "member", "the status sheet, vague on purpose", needs_case=False),
    TagRow(
        "committee",
        "member",
        "your mail's text goes to every member, outside of any case; it is not kept",
        needs_case=False,
        takes_text=True,
        any_length=True,
    ),
    TagRow("stay", "member", "you go on serving on the committee", needs_case=False),
    TagRow(
        "leave",
        "member",
        "you leave the committee: your access to everything ends",
        needs_case=False,
        irreversible=True,
    ),
    TagRow(
        "away",
        "member",
        "you are away on these days, from the first to the last",
        (Argument("from", "date", required=True), Argument("to", "date", required=True)),
        needs_case=False,
    ),
    TagRow("help", "member", "this list", needs_case=False),
)

ROWS = {row.name: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it was written, understood: name, the arguments that fit (folded), the quoted text as written."""

    name: str
    arguments: tuple[str, ...] = ()
    text: str = ""

    @property
    def is_recorded(self) -> bool:
        """Whether the mail's text goes into the case's record, for whoever has the case, or comes in later."""
        row = ROWS[self.name]
        return row.takes_text and not row.off_record and row.unrecorded.isdisjoint(self.arguments)

    @property
    def needs_case(self) -> bool:
        """Whether it is about one case, with these arguments."""
        row = ROWS[self.name]
        return row.needs_case and not self.argument("number") and row.outside.isdisjoint(self.arguments)

    def __str__(self) -> str:
        quoted = (f'"{self.text}"',) if self.text else ()
        return " ".join((f"#{self.name}", *self.arguments, *quoted))

    def argument(self, kind: str) -> str:
        """The argument of that kind of place (`Argument.kind`: `question`, `member`, `date`, `word` ...), or ""."""
        row = ROWS[self.name]
        for place in row.signature:
            for word in self.arguments:
                if place.kind == kind and place.fits(word):
                    return word
        return ""
