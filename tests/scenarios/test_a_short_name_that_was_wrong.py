"""`+not-` with a name that is nobody's short name: what it did to people who tried to keep a member out."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.test_digests import SPAM, digests, morning, opens
from scene import ALIAS, Delivered, Scene, nothing_more

NOTE = "Somebody may have to be kept out of this, and I do not know for certain who."
OPS = "ops@example.com"
WATCHERS = {"amara", "jun"}


def keep_out(name: str) -> str:
    return ALIAS.replace("@", f"+not-{name}@")


def said(scene: Scene, who: str) -> str:
    return " ".join(scene.last("forward", who).text.split())


async def add(scene: Scene, text: str, to: str) -> None:
    """The reporter answers the acknowledgement, with such an address beside the one that they answer to."""
    ack: Delivered = scene.last("ack", "robin@visitors.example")
    token = str(ack.message["Reply-To"])
    reply = scene.write(ack.recipient, token, f"Re: {ack.message['Subject']}", text, answers=ack)
    reply["Cc"] = to
    await scene.send(reply, [token, to])


@pytest.mark.parametrize(
    "name", ["Haddad", "noor.haddad", "noor-haddad", "noorhaddad", "haddadnoor", "n.haddad", "HADDAD+not-ivo"]
)
async def test_what_the_reporter_added_went_to_the_very_member_who_was_to_be_kept_out(
    tmp_path: Path, name: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        assert scene.recipients("forward") == {"amara", "jun", "noor", "ivo", "sam"}
        since = scene.mark()
        await add(scene, "It was the tall woman.", keep_out(name))
        assert scene.recipients("forward", since) == WATCHERS
        assert NOTE in said(scene, "amara")
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), "Who is it?")
        out = {"noor", "ivo"} if "ivo" in name else {"noor"}
        assert scene.recipients("forward", since) == {"jun", "ivo", "sam"} - out


async def test_the_same_mail_once_more_with_a_surname_to_keep_out_changed_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        mail = scene.write("Robin Vale <robin@visitors.example>", ALIAS, "x", "Somebody tall.", proven="none")
        await scene.send(mail, ALIAS)
        await scene.send(mail, keep_out("haddad"))
        assert (await scene.case()).barred == {"noor"}


async def test_a_second_report_that_keeps_out_by_a_surname_changed_nothing_in_the_first(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("First.", proven="none")
        await scene.report("Second.", to=[ALIAS, keep_out("haddad")], proven="none", subject="New")
        assert (await scene.case(0)).barred == {"noor"}


async def test_what_a_list_had_broken_the_signature_of_kept_nobody_out_by_a_surname(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        ack = scene.last("ack", "robin@visitors.example")
        token = str(ack.message["Reply-To"])
        reply = scene.write(ack.recipient, token, "Re: x", "The tall woman.", proven="fail", answers=ack)
        await scene.send(reply, [token, keep_out("haddad")])
        since = scene.mark()
        await scene.send(scene.write(ack.recipient, token, "Re: x", "She laughed.", proven="fail", answers=ack), token)
        assert scene.recipients("forward", since) == {"amara", "jun", "ivo", "sam"}


@pytest.mark.parametrize("proven", [True, "none"])
async def test_who_was_to_be_kept_out_by_a_surname_was_sent_what_had_been_put_aside(
    tmp_path: Path, proven: bool | str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("She shouted at me.", headers=SPAM, subject="The hall", proven=proven)
        more = {"headers": SPAM, "subject": "More", "proven": proven}
        await scene.report("The tall woman.", to=[ALIAS, keep_out("haddad")], **more)
        with nothing_more(scene, "noor"):
            await morning(scene)
            [listed] = digests(scene, "amara")
            assert "The hall" in listed.text
            await opens(scene, listed, number=int(listed.text.index("The hall") > listed.text.index("More")))
        assert scene.recipients("forward") == {"amara", "jun", "ivo", "sam"}


async def test_what_the_reporter_added_went_to_all_where_nobody_is_called_like_that(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        since = scene.mark()
        await add(scene, "It was the tall woman.", keep_out("nora"))
        assert scene.recipients("forward", since) == WATCHERS
        assert NOTE in said(scene, "jun")


async def test_the_watchers_were_not_told_why_they_alone_have_a_report_and_brought_in_whom_it_was_about(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("It was the tall woman.", to=keep_out("nora"))
        assert scene.recipients("forward") == WATCHERS
        assert NOTE in said(scene, "amara")


async def test_a_watcher_got_the_report_that_was_to_be_kept_from_them_as_they_were_called_by_their_surname(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("It was the tall man.", to=keep_out("sato"))
        assert scene.recipients("forward") == {"amara", "noor"}


async def test_whom_the_reporter_spelled_right_was_let_in_by_a_guess_at_whom_else_they_meant(tmp_path: Path) -> None:
    """An unproven word leaves two readers at least: what is guessed must not use that up."""
    others = [keep_out(name) for name in ("obi", "sato", "haddad")]
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        ack = scene.last("ack", "robin@visitors.example")
        token = str(ack.message["Reply-To"])
        reply = scene.write(ack.recipient, token, "Re: x", "It was their friend.", proven="fail", answers=ack)
        await scene.send(reply, [token, keep_out("sam"), *others])
        assert (await scene.case()).barred >= {"sam"}
        await scene.report("Once more.", to=[keep_out("ivo"), *others], proven="none", subject="New")
        assert "ivo" in (await scene.case(0)).barred
