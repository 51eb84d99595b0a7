"""What members write to the reporter: drafted by one, sent by another, and nothing of the committee goes with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.store import outbox
from scene import HANDLES, Scene, committee_file, nothing_more

LETTER = """\
Dear Robin,

thank you for telling us. We talked with those who were there and decided what
follows from it. You will not meet them at the next meetup.

Amara Obi, for the committee
"""


async def test_one_drafts_another_sends_and_the_reporter_gets_just_that(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        report = await scene.report("Somebody shouted at me.")
        with nothing_more(scene, "robin@visitors.example"):
            await scene.answer(scene.last("forward", "amara"), LETTER, tag="#reporter")
            assert scene.recipients("draft") == set(HANDLES)
            await scene.answer(scene.last("draft", "amara"), tag="#send d1")
            assert "somebody else has to send it: Jun Sato" in scene.last("receipt", "amara").text
        assert LETTER.strip() in scene.last("draft", "jun").text
        address, subject = scene.last("draft", "jun").link("#send")
        await scene.answer(scene.last("draft", "jun"), subject=subject, to=address)
        [letter] = scene.all("outreach")
        assert letter.recipient == "robin@visitors.example"
        assert letter.text.strip() == LETTER.strip()
        code = (await scene.case()).code_name
        assert code not in str(letter.message) and code.replace(" ", "-") not in str(letter.message)
        assert "example.net" not in str(letter.message)
        assert letter.message["Auto-Submitted"] is None and letter.message["Cocmail-Case"] is None
        assert letter.message["In-Reply-To"] == report["Message-ID"]
        assert "Jun Sato sent D1" in scene.last("notice", "noor").text
        await scene.answer(scene.last("draft", "noor"), tag="#send D1")
        assert "It does not go out twice" in scene.last("receipt", "noor").text
        assert len(scene.all("outreach")) == 1


async def test_a_reporter_who_answers_a_signed_letter_keeps_nobody_out_by_quoting_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), LETTER, tag="#reporter")
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        [letter] = scene.all("outreach")
        since = scene.mark()
        quoted = "".join(f"> {line}\n" for line in letter.text.splitlines())
        await scene.answer(letter, f"Thank you.\n\nOn Saturday, the committee wrote:\n{quoted}")
        assert scene.recipients("forward", since) == set(HANDLES)
        since = scene.mark()
        await scene.answer(letter, f"It was Amara who shouted.\n\n{quoted}")
        assert scene.recipients("forward", since) == set(HANDLES) - {"amara"}
        since = scene.mark()
        await scene.answer(letter, "Who it was?\n> Jun Sato, for the committee\n")
        assert scene.recipients("forward", since) == set(HANDLES) - {"amara", "jun"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to amara@example.net.", "a member's address: "),
        ("We call it {code} here.", "the name of the case: "),
        ("We are on it.\n\n> I think that he has done it before.\n", "a quoted mail: "),
        ("As Jun said, I think that he has done it before, so we act.", "words of the committee's own talk: "),
        ("Answer to {token} please.", "a reply address of ours: "),
    ],
    ids=["address", "code-name", "quoted", "pasted", "token"],
)
async def test_a_draft_that_would_leak_is_stopped_and_its_author_alone_sees_the_words(
    tmp_path: Path, text: str, shown: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), "I think that he has done it before, and they knew.")
        words = {"code": (await scene.case()).code_name, "token": scene.last("forward", "sam").message["Reply-To"]}
        with nothing_more(scene, "jun", "noor", "ivo", "sam", "robin@visitors.example"):
            await scene.answer(scene.last("forward", "amara"), text.format(**words), tag="#reporter")
        assert shown in scene.last("receipt", "amara").text
        assert not scene.all("draft")


async def test_where_nobody_else_could_send_the_author_is_asked_once_more(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(override="{outreach.second_reader: false}")) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), LETTER, tag="#reporter")
        await scene.answer(scene.last("draft", "amara"), tag="#send d1")
        assert not scene.all("outreach")
        asked = scene.last("confirm", "amara")
        assert "Nothing takes it back then." in asked.text and "#send d1" in asked.text
        await scene.answer(asked, to=asked.link("confirm-")[0], subject="Yes")
        assert len(scene.all("outreach")) == 1


async def test_who_wants_no_more_mail_gets_none(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), LETTER, tag="#reporter")
        await scene.answer(scene.last("forward", "amara"), tag="#optout")
        assert "for an owner of the case; it has none yet" in scene.last("receipt", "amara").text
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await scene.answer(scene.last("forward", "amara"), tag="#optout")
        with nothing_more(scene, "robin@visitors.example"):
            await scene.answer(scene.last("draft", "jun"), tag="#send d1")
            assert "wants no more mail" in scene.last("receipt", "jun").text
        await scene.answer(scene.last("receipt", "amara"), tag="#optin")
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        assert len(scene.all("outreach")) == 1


async def test_who_wanted_no_more_mail_got_it_as_the_committee_had_a_new_address(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), LETTER, tag="#reporter #own")
        scene.smarthost.answers["robin@visitors.example"] = "451 4.7.1 later"
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        assert [row.attempts for row in scene.store.read_now(outbox.listing)] == [1]
        await scene.change_committee(committee_file(address="help@example.org", aliases="[conduct@example.org]"))
        await scene.answer(scene.last("forward", "amara"), tag="#optout")
        assert "still waiting to go out has been stopped" in scene.last("receipt", "amara").text
        assert scene.store.read_now(outbox.listing) == []
        scene.smarthost.answers.clear()
        with nothing_more(scene, "robin@visitors.example"):
            await scene.pass_time(timedelta(hours=13))


async def test_who_wants_no_more_mail_gets_none_that_nobody_could_find_in_the_queue(tmp_path: Path) -> None:
    """It stands under an id that the committee's file says nothing of: it had another address in between."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), LETTER, tag="#reporter #own")
        scene.smarthost.answers["robin@visitors.example"] = "451 4.7.1 later"
        between = committee_file(address="help@example.org", aliases="[conduct@example.org]")
        await scene.change_committee(between)
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        await scene.change_committee(committee_file())
        await scene.answer(scene.last("forward", "amara"), tag="#optout")
        await scene.change_committee(between)
        scene.smarthost.answers.clear()
        with nothing_more(scene, "robin@visitors.example"):
            await scene.pass_time(timedelta(hours=13))
        assert scene.store.read_now(outbox.listing) == []


async def test_what_was_drafted_by_somebody_who_withdrew_cannot_be_sent(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), LETTER, tag="#reporter")
        await scene.answer(scene.last("forward", "amara"), tag="#recuse")
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        assert "by somebody who does not have this case any more" in scene.last("receipt", "jun").text
        assert not scene.all("outreach")
