"""`+not-` with a name that is nobody's short name: what it did to people who tried to keep a member out."""

from __future__ import annotations

from pathlib import Path

import pytest

from bounces import come_back
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


async def test_what_only_the_watchers_got_was_sent_to_anybody_who_asked_for_the_thread(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        await add(scene, "It was the tall woman.", keep_out("nora"))
        for tag, template in (("#show", "thread"), ("#show original", "original"), ("#doc", "document")):
            for handle, has in (("amara", True), ("noor", False)):
                await scene.answer(scene.last("forward", handle), tag=tag)
                told = scene.last("document", handle)
                files = [bytes(part.get_payload(decode=True) or b"") for part in told.message.walk()]
                assert (b"tall woman" in b" ".join(files)) == has, f"{template} for {handle}"
        await scene.answer(scene.last("forward", "amara"), "A friend of mine.", tag="#recuse")
        await scene.answer(scene.last("forward", "noor"), tag="#show")
        assert "tall woman" not in scene.last("document", "noor").text


async def test_what_only_the_watchers_got_was_read_by_nobody_once_both_had_withdrawn(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        await add(scene, "It was the tall woman.", keep_out("nora"))
        since = scene.mark()
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert not scene.recipients("forward", since)
        await scene.answer(scene.last("forward", "amara"), tag="#recuse")
        assert scene.recipients("forward", since) == {"noor", "ivo"}
        assert "tall woman" in said(scene, "noor") and NOTE in said(scene, "ivo")


async def test_whoever_forges_an_address_opened_what_only_the_watchers_had_to_all(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        await add(scene, "It was the tall woman.", keep_out("nora"))
        await scene.report("More.", to=[ALIAS, keep_out("amara"), keep_out("jun")], proven="none", subject="New")
        [first, *_] = scene.all("forward", "sam")
        await scene.answer(first, tag="#show")
        assert "tall woman" not in scene.last("document", "sam").text
        # It does not lie there unread either.
        assert any("tall woman" in mail.text for mail in scene.all("forward", "noor"))


async def test_what_came_back_from_both_watchers_alarmed_nobody_as_the_others_had_not_got_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        await add(scene, "It was the tall woman.", keep_out("nora"))
        with nothing_more(scene, OPS):
            await come_back(scene, scene.last("forward", "amara"))
        await come_back(scene, scene.last("forward", "jun"))
        assert "came back from everybody who was to get it" in " ".join(scene.last("notice", OPS).text.split())


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
