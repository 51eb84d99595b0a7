"""Replies by the mail programs that people have: threads hold, tags run, and only a member's own words are taken."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from cocmail.core import subjects
from cocmail.core.ownwords import own_words
from cocmail.mail import parse
from mail_programs import JUN, PROGRAMS, Mutt, Program
from questions import MOTION, ask
from scene import AUTHSERV, NAMES, Delivered, Scene, committee_file

OTHERS = {"amara", "noor"}
THREE = committee_file(
    members="\n".join(
        f"- {{handle: {handle}, name: {name}, email: {handle}@example.net, confidentiality_agreed: 2026-01-01}}"
        for handle, name in NAMES.items()
        if handle in {"jun", *OTHERS}
    )
)
CHOICES = ("yes", "no", "abstain")
OURS = "\n".join(
    (
        "Message-ID: <abc@example.org>",
        "Reply-To: conduct+token@example.org",
        "Subject: [home shelf] Q1 Committee case",
        "",
        "This went to you and to Noor Haddad.",
        "",
        "From: Robin Vale <robin@visitors.example>",
        "Date: Sat, 21 Nov 2026 10:00:00 +0000",
        "Subject: About last night",
        "",
        "Somebody shouted at me.",
        "",
        "-- ",
        "To talk about this case, reply to this mail.",
    )
).encode()


def in_one_line(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Read:
    """A mail of ours, parsed once."""

    kind: str
    handle: str
    said: EmailMessage
    text: str

    @classmethod
    def since(cls, scene: Scene, mark: int) -> list[Read]:
        fresh = scene.smarthost.delivered[mark:]
        return [cls(mail.kind, mail.recipient.partition("@")[0], mail.message, mail.text) for mail in fresh]


def to_others(mails: Sequence[Read], kind: str, words: str) -> list[Read]:
    """What the other two got of a kind that holds these words: one each."""
    found = [each for each in mails if each.kind == kind and each.handle != "jun" and words in in_one_line(each.text)]
    assert sorted(each.handle for each in found) == sorted(OTHERS), words
    return found


def between(text: str, above: str, below: str) -> str:
    return in_one_line(text.partition(above)[2].partition(below)[0])


def check_note(mails: Sequence[Read], words: str, name: str) -> None:
    """The others read what Jun wrote for the record, and not a line of what his program quoted below it."""
    for notice in to_others(mails, "notice", name):
        assert between(notice.text, "as a note:\n\n", "\n\n-- \n") == words


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with an open question. `firsts`: its first mail to each, by handle; `question`: Jun's copy of that."""

    firsts: dict[str, Delivered]
    question: Delivered

    @property
    def mine(self) -> Delivered:
        return self.firsts["jun"]

    @property
    def address(self) -> str:
        return str(self.mine.message["Reply-To"])

    @classmethod
    async def new(cls, scene: Scene, number: int) -> Opened:
        await scene.report(f"Somebody shouted at me, for the {number}. time.\n\nIt was at the door.")
        await ask(scene)
        handles = (*OTHERS, "jun")
        return cls({handle: scene.last("forward", handle) for handle in handles}, scene.last("vote", "jun"))

    def check_talk(self, mails: Sequence[Read], words: str) -> None:
        """The others have it, each in the thread of that case that they have."""
        for mail in to_others(mails, "forward", words):
            said, first = mail.said, self.firsts[mail.handle].message
            assert [said[name] for name in ("Cocmail-Case", "Subject")] == [first["Cocmail-Case"], first["Subject"]]
            assert said["In-Reply-To"] == said["References"] == first["Message-ID"]


def is_motion(number: int) -> bool:
    return number // 2 % 2 == 1


def two_replies(program: Program, number: int, case: Opened) -> list[bytes]:
    """Talk; and a ballot on the question together with a note or a motion, all above what is quoted."""
    words, ballot = f"{program.words}\n\nIt was {program.name}.", f"#vote {CHOICES[number // 2 % 3]}"
    motion = f"Finding: it is {program.name}.\n{MOTION[MOTION.index('Plan: ') :]}".strip()
    tags, text = (f"{ballot} #motion outcome", motion) if is_motion(number) else (f"{ballot} #note", words)
    return [
        program.reply(case.mine, f"talk.{number}.", "", words),
        program.reply(case.question, f"vote.{number}.", tags, text),
    ]


async def arrived(scene: Scene, count: int) -> None:
    """Waits for so many letters in all, without asking the daemon again and again, and then for whatever is more."""
    async with asyncio.timeout(90):
        while len(scene.smarthost.delivered) < count:
            await asyncio.sleep(0.05)
    await scene.settle()


async def test_threads_and_tags_hold_in_every_mail_program(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=THREE) as scene:
        cases = [await Opened.new(scene, number) for number in (1, 2)]
        since = scene.mark()
        for number, program in enumerate(PROGRAMS):
            for raw in two_replies(program, number, cases[number % 2]):
                await scene.send(raw, cases[number % 2].address, settle=False)
        # Talk to two; a receipt, and a note to two or a question to three.
        await arrived(scene, since + sum(6 if is_motion(number) else 5 for number in range(len(PROGRAMS))))
        mails = Read.since(scene, since)
        receipts = {str(mail.said["In-Reply-To"]): mail.text for mail in mails if mail.kind == "receipt"}
        for number, program in enumerate(PROGRAMS):
            words, left = in_one_line(f"{program.words} It was {program.name}."), program.left if program.plain else ""
            cases[number % 2].check_talk(mails, words)
            [receipt] = [text for id_, text in receipts.items() if f"vote.{number}." in id_]
            # Others are open by then: it is the one whose mail is answered.
            assert f"Your ballot on Q1: {CHOICES[number // 2 % 3]}" in receipt
            if not is_motion(number):
                check_note(mails, f"{words} {left}".strip(), f"It was {program.name}.")
                continue
            for mail in to_others(mails, "vote", f"it is {program.name}."):
                asked = between(mail.text, "If refused:\n", "\n\nIt passes")
                assert asked == f"no meetups for a year. {left}".strip()
        assert len(await scene.cases()) == 2
        assert not scene.all("confirm") and "shunted" not in await scene.reasons()


async def test_a_yes_in_the_text_of_a_mail_is_told_to_nobody_whatever_the_program_adds(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=THREE) as scene:
        case, since = await Opened.new(scene, 1), scene.mark()
        programs = [program for program in PROGRAMS if program.left or not program.plain]
        for number, program in enumerate(programs):
            await scene.send(program.reply(case.question, f"bare.{number}.", "", "Yes."), case.address, settle=False)
        await arrived(scene, since + len(programs))
        assert {(mail.kind, mail.handle) for mail in Read.since(scene, since)} == {("receipt", "jun")}


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.name for program in PROGRAMS])
def test_what_is_quoted_never_becomes_a_part_of_the_record(program: Program) -> None:
    left = program.left if program.plain else ""
    for tag, words in (("#note 2026-11-20", program.words), ("#motion outcome", MOTION), ("#vote q1 yes", "")):
        mail = parse.read(program.reply(Delivered("", [JUN], OURS), "1", tag, words.strip()))
        found = subjects.read(mail.subject, own_names=("home shelf",))
        assert (list(map(str, found.tags)), found.problems) == ([tag], ())
        assert (found.names, found.question) == (("home shelf",), "q1")
        assert in_one_line(own_words(mail.text)) == in_one_line(f"{words} {left}")


@pytest.mark.parametrize(
    ("name", "tag", "understood"),
    [
        ("Mail on an iPhone", "#actions “Talk to both”", "Talk to both"),
        ("Outlook, German, without references", "#actions „Treffen am Montag“", "Treffen am Montag"),
        ("Gmail, Turkish", "#ACTİONS “Görüşme”", "Görüşme"),
        ("Outlook, Japanese", '#actions\u3000"面談"', "面談"),
    ],
    ids=["smart", "low and high", "dotted capital", "wide space"],
)
def test_quotation_marks_and_letters_of_a_keyboard_are_understood(name: str, tag: str, understood: str) -> None:
    program = next(program for program in PROGRAMS if program.name == name)
    mail = parse.read(program.reply(Delivered("", [JUN], OURS), "1", tag, program.words))
    found = subjects.read(mail.subject, own_names=("home shelf",))
    assert [(tag.name, tag.text) for tag in found.tags] == [("actions", understood)] and not found.problems
    assert found.names == ("home shelf",)


@pytest.mark.skipif(shutil.which("mutt") is None, reason="mutt is not installed")
async def test_threads_and_tags_hold_in_mutt_itself(tmp_path: Path) -> None:
    async with Scene(tmp_path / "scene", committee=THREE) as scene:
        await Opened.new(scene, 1)
        case = await Opened.new(scene, 2)
        mutt, since = Mutt(tmp_path, scene.port), scene.mark()
        await asyncio.to_thread(mutt.reply, case.mine, "Shall we ask them?\n\nBoth of them.")
        await asyncio.to_thread(mutt.reply, case.question, "They said – both – that it was loud.", "#vote no #note")
        await scene.settle()
        mails = Read.since(scene, since)
        case.check_talk(mails, "Shall we ask them? Both of them.")
        check_note(mails, "They said – both – that it was loud.", "They said")
        assert any("Your ballot on Q1: no" in mail.text for mail in mails if mail.kind == "receipt")
        assert not scene.all("confirm")


@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed")
async def test_a_ballot_sent_by_a_script_counts(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=THREE) as scene:
        said = (await Opened.new(scene, 1)).question.message
        fields = {
            "Authentication-Results": f"{AUTHSERV}; dmarc=pass header.from=example.net",
            "In-Reply-To": str(said["Message-ID"]),
            "Subject": f"Re: {said['Subject']} #vote abstain",
        }
        command = ["swaks", "--server", f"127.0.0.1:{scene.port}", "--from", JUN, "--to", str(said["Reply-To"])]
        headers = [part for name, value in fields.items() for part in ("--header", f"{name}: {value}")]
        done = await asyncio.to_thread(subprocess.run, [*command, *headers], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout
        await scene.settle()
        assert "Your ballot on Q1: abstain" in scene.last("receipt", "jun").text
