"""Plays a conversation file: a story in plain sentences, against a real daemon over real SMTP.

`tests/scenarios/conversations/README.md` shows every sentence there is. A sentence is one `@form`: FILE sentences
describe the committee (and reload it, once the story has begun), DOES is what somebody does, SEES what has to be true
of the mail since then. A sentence that no form knows is an error that names file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

from conversation_mail import NUMBERS, everything_kept, holds, in_short, is_of, kind_of, shown, wanted
from conversation_roster import Roster
from conversation_words import DOES, FILE, SEES, Form, Step, form, form_of, quoted
from questions import tally
from scene import ALIAS, Delivered, Scene


@dataclass(frozen=True)
class Rule:
    """What holds from a moment on. `broken_by` tells which of the mails since then break it."""

    step: Step
    since: int
    broken_by: Callable[[list[Delivered]], list[Delivered]]


class Conversation:
    """The story as far as it has been told. `said` gives what the daemon logged."""

    def __init__(self, folder: Path, said: Callable[[], str] = lambda: "", store_url: str | None = None) -> None:
        self.folder, self.said, self.store_url = folder, said, store_url
        self.roster = Roster()
        self.scene: Scene | None = None
        self.since = 0
        self.read: list[Delivered] = []
        self.it: list[list[Delivered]] = []
        self.rules: list[Rule] = []
        self.cases: dict[str, str] = {}
        self.code = ""
        self.wrote: dict[str, EmailMessage] = {}

    async def play(self, steps: list[Step]) -> None:
        forms = [form_of(step) for step in steps]
        async with AsyncExitStack() as stack:
            for step, (each, words) in zip(steps, forms, strict=True):
                if each.sort != FILE and self.scene is None:
                    text = self.roster.text()
                    scene = Scene(self.folder, committee=text, store_url=self.store_url)
                    self.scene = await stack.enter_async_context(scene)
                try:
                    await self._play(step, each, words)
                except (AssertionError, StopIteration, IndexError, KeyError) as error:
                    raise AssertionError(f"{step.place}: {step.sentence}\n{error}{self._mails()}") from error

    async def _play(self, step: Step, each: Form, words: dict[str, str]) -> None:
        if each.sort == SEES:
            result = each.method(self, step, **words)
            if result is not None:
                await result
            return
        if each.sort == FILE:
            each.method(self.roster, **words)
        if self.scene is None:
            return
        self.since, self.read, self.it = self.scene.mark(), [], []
        if each.sort == FILE:
            await self.scene.reload(self.roster.text())
        else:
            await each.method(self, step, **words)
        await self.scene.settle()
        for rule in self.rules:
            broken = rule.broken_by(self.scene.smarthost.delivered[rule.since :])
            assert not broken, f"this breaks {rule.step.place}: {rule.step.sentence}{self._mails()}"

    @property
    def stage(self) -> Scene:
        assert self.scene is not None
        return self.scene

    def fresh(self) -> list[Delivered]:
        """Everything delivered since somebody last did something."""
        return self.stage.smarthost.delivered[self.since :]

    def _mails(self) -> str:
        if self.scene is None:
            return ""
        lines = [f"\n  {mail.kind} to {mail.recipient}\n{in_short(mail)}" for mail in self.fresh()]
        return "\nMail since somebody last did something:" + ("".join(lines) or " none")

    def addresses(self, who: str) -> list[str]:
        return [self.roster.address(name) for name in self.roster.people(who)]

    def last(self, noun: str, who: str, whose: str = "", says: str = "") -> Delivered:
        """The mail that is answered: the last of its kind to `who`, or to `whose`, or in the case of `whose`."""
        every = [mail for mail in self.stage.all() if is_of(mail, kind_of(noun)) and says.casefold() in shown(mail)]
        found = [mail for mail in every if mail.recipient == self.roster.address(whose or who)]
        if whose in self.cases and not found:
            mine = [mail for mail in every if mail.recipient == self.roster.address(who)]
            found = [mail for mail in mine if mail.message["Cocmail-Case"] == self.cases[whose]]
        assert found, f"{whose or who} never got one"
        return found[-1]

    def _filled(self, tags: str) -> str:
        """Tags with what only the story knows: [CASE], TODAY, TODAY+14."""
        today = self.stage.now().date()
        later = re.sub(r"TODAY\+(\d+)", lambda match: str(today + timedelta(days=int(match[1]))), tags)
        return later.replace("[CASE]", f"[{self.code}]").replace("TODAY", str(today))

    # What people do

    @form(DOES, r"{who} writes to (?P<to>the committee|\w+ alone)(?P<how>, [^#]+?)?(?: with (?P<tags>.*#.+?))?")
    async def writes(self, step: Step, who: str, to: str, how: str, tags: str) -> None:
        text = list(step.text)
        subject = self._filled(tags) or "Something happened"
        if text and text[0].startswith("Subject: "):
            subject = text.pop(0).removeprefix("Subject: ")
        address = self.roster.mailbox(to, how)
        message = self.stage.write(self.roster.sender(who), address, subject, "\n".join(text), proven=True)
        before = set(await self.stage.cases())
        await self.stage.send(message, address)
        if set(await self.stage.cases()) - before:
            self.code = (await self.stage.case()).code_name
            self.cases[who] = self.code.replace(" ", "-")

    @form(
        DOES,
        r"{who} answers? (?:the|(?P<whose>[^\"#]+?)'s) (?P<noun>[a-z -]+?)(?: that says \"(?P<says>[^\"]+)\")?"
        r"(?P<open>, to the committee's own address)?(?: with (?P<tags>.*#.+?))?",
    )
    async def answers(self, step: Step, who: str, whose: str, noun: str, says: str, open: str, tags: str) -> None:
        for name in self.roster.people(who):
            mail, address = self.last(noun, name, whose, says), self.roster.address(name)
            text, tag = "\n".join(step.text), self._filled(tags)
            to = ALIAS if open else None
            self.wrote[name] = await self.stage.answer(mail, text, tag=tag, sender=address, to=to, settle=False)

    @form(DOES, r"{who} answers the mail that (?P<whose>\w+) wrote, its Subject as it was")
    async def answers_a_member(self, step: Step, who: str, whose: str) -> None:
        """A copy of it came past us; the answer comes to us, at the reply address of who answers."""
        theirs, token = self.wrote[whose], str(self.last("question", who).message["Reply-To"])
        subject, text = f"Re: {theirs['Subject']}", "\n".join(step.text)
        message = self.stage.write(self.roster.address(who), token, subject, text, proven=True)
        message["In-Reply-To"] = message["References"] = str(theirs["Message-ID"])
        await self.stage.send(message, token, settle=False)

    @form(DOES, r"{who} votes? (?P<ballot>yes|no)", r"{who} (?P<ballot>abstain)s?")
    async def votes(self, step: Step, who: str, ballot: str) -> None:
        for name in self.roster.people(who):
            await self.stage.answer(self.last("question", name), tag=f"#vote {ballot}", settle=False)

    @form(DOES, r"{who} confirms?(?: the (?P<noun>.+))?")
    async def confirms(self, step: Step, who: str, noun: str) -> None:
        for name in self.roster.people(who):
            mail = self.last(noun or "confirm question", name)
            address, subject = mail.link("confirm-")
            yes = self.stage.write(mail.recipient, address, subject or "Yes", "")
            await self.stage.send(yes, address, settle=False)

    @form(DOES, r"Somebody forges a mail of {who} with (?P<tags>.+)")
    async def forges(self, step: Step, who: str, tags: str) -> None:
        subject, text = self._filled(tags), "\n".join(step.text)
        forged = self.stage.write(self.roster.address(who), ALIAS, subject, text, proven=False)
        await self.stage.send(forged, settle=False)

    @form(DOES, r"(?P<number>\d+) (?P<unit>minute|hour|day|week)s? pass(?:es)?")
    async def passes(self, step: Step, number: str, unit: str) -> None:
        await self.stage.pass_time(timedelta(**{f"{unit}s": int(number)}))
        # What is due by the day is looked for every ten minutes of the machine's time, which no story waits for.
        await self.stage.daemon.clock._look_around()

    @form(DOES, r"(?P<number>\d+) days pass, one after the other")
    async def days_pass(self, step: Step, number: str) -> None:
        """As they do where the daemon runs: it looks every day."""
        await self.stage.days(int(number))
        await self.stage.pass_time(timedelta(hours=2))

    @form(DOES, r"The operator asks to have {who}'s case erased")
    async def has_erased(self, step: Step, who: str) -> None:
        assert await self.stage.erase(self.cases[who]) == 0, "it was refused"

    @form(DOES, r"The mail server goes down")
    async def goes_down(self, step: Step) -> None:
        await self.stage.smarthost.stop()

    @form(DOES, r"The mail server is up again")
    async def is_up(self, step: Step) -> None:
        await self.stage.smarthost.start()

    # What has to be true of the mail since then

    @form(SEES, r"From now on {who} gets? nothing(?: but (?P<nouns>.+))?")
    def from_now_on(self, step: Step, who: str, nouns: str) -> None:
        out, but = self.addresses(who), list(wanted(nouns)) if nouns else []
        self._rule(step, lambda mails: [mail for mail in mails if mail.recipient in out and mail.kind not in but])

    @form(SEES, r"From now on no (?P<noun>[a-z -]+?)(?: to {who})? says (?P<words>\".+)")
    def never_says(self, step: Step, noun: str, who: str, words: str) -> None:
        kind, to, never = kind_of(noun), self.addresses(who) if who else [], quoted(words)

        def broken(mails: list[Delivered]) -> list[Delivered]:
            meant = [mail for mail in mails if is_of(mail, kind) and (not to or mail.recipient in to)]
            return [mail for mail in meant if holds(mail, never)]

        self._rule(step, broken)

    def _rule(self, step: Step, broken: Callable[[list[Delivered]], list[Delivered]]) -> None:
        self.rules.append(Rule(step, self.stage.mark(), broken))

    @form(SEES, r"{who} gets? nothing")
    def gets_nothing(self, step: Step, who: str) -> None:
        out = self.addresses(who)
        assert not [mail for mail in self.fresh() if mail.recipient in out], "they got something"

    @form(SEES, r"Nobody (?P<other>else )?gets anything")
    def nobody_else(self, step: Step, other: str) -> None:
        left = [mail for mail in self.fresh() if not other or mail not in self.read]
        assert not left, "not told of: " + ", ".join(f"{mail.kind} to {mail.recipient}" for mail in left)

    @form(SEES, r"Nobody (?P<other>else )?gets (?P<nouns>.+)")
    def nobody_gets(self, step: Step, other: str, nouns: str) -> None:
        kinds = wanted(nouns)
        assert not [m for m in self.fresh() if m.kind in kinds and not (other and m in self.read)], "somebody did"

    @form(SEES, r"(?P<ever>So far ){who} ha(?:s|ve) got (?P<nouns>.+)", r"{who} gets? (?P<nouns>.+)")
    def gets(self, step: Step, who: str, nouns: str, ever: str = "") -> None:
        self.it = []
        for address in self.addresses(who):
            mine = [mail for mail in (self.stage.all() if ever else self.fresh()) if mail.recipient == address]
            for kind, number in wanted(nouns).items():
                got = [mail for mail in mine if is_of(mail, kind)]
                assert got if number < 0 else len(got) == number, f"{address} got {len(got)} of the kind {kind}"
            self.it.append([mail for mail in mine if any(is_of(mail, kind) for kind in wanted(nouns))])
            self.read += self.it[-1]

    @form(SEES, r"(?:It|One) says (?P<words>\".+)")
    def says(self, step: Step, words: str) -> None:
        assert any(self.it), "which mail?"
        for mails in self.it:
            for each in quoted(words):
                found = any(" ".join(each.split()).casefold() in shown(mail) for mail in mails)
                assert found, f"none to {mails[0].recipient} says {each!r}"

    @form(SEES, r"(?:It does not say|None says) (?P<words>\".+)")
    def does_not_say(self, step: Step, words: str) -> None:
        assert any(self.it), "which mail?"
        for each in quoted(words):
            assert not [mail for mails in self.it for mail in mails if holds(mail, [each])], f"one says {each!r}"

    @form(SEES, r"It names no case")
    async def names_no_case(self, step: Step) -> None:
        codes = [(await self.stage.case(number)).code_name for number in range(len(await self.stage.cases()))]
        both = [form for code in codes for form in (code, code.replace(" ", "-"))]
        assert any(self.it) and not [mail for mails in self.it for mail in mails if holds(mail, both)], "it does"

    @form(
        SEES,
        r"It counts (?P<count>Q\d+): (?P<result>\w+) by (?P<rule>\w+), (?P<yes>\d+) yes, (?P<no>\d+) no, "
        r"(?P<abstain>\d+) abstain, (?P<silent>\d+) did not vote, of (?P<base>\d+)",
    )
    def counts(self, step: Step, **count: str) -> None:
        tallies = {tally(mail) for mails in self.it for mail in mails if mail.kind == "tally"}
        assert tallies == {" ".join(count.values())}, f"it counts {tallies}"

    @form(SEES, r"There (?:is|are) (?P<number>\w+) cases?")
    async def how_many(self, step: Step, number: str) -> None:
        found = len(await self.stage.cases())
        assert found == NUMBERS[number], f"there are {found}"

    @form(SEES, r"No mail that is stored says (?P<words>\".+)")
    async def not_stored(self, step: Step, words: str) -> None:
        for each in quoted(words):
            kept = await everything_kept(self.stage, self.folder)
            assert not any(each.casefold() in text.casefold() for text in kept), f"{each!r} is stored"

    @form(SEES, r"Nowhere is it kept that (?P<words>\".+)")
    async def nowhere(self, step: Step, words: str) -> None:
        """Not in a mail, in what the store holds, sealed or not, nor in the log."""
        texts = [self.said(), *await everything_kept(self.stage, self.folder)]
        for each in quoted(words):
            assert not any(each.casefold() in text.casefold() for text in texts), f"{each!r} is kept"
            assert not any(holds(mail, [each]) for mail in self.stage.all()), f"{each!r} was mailed"
