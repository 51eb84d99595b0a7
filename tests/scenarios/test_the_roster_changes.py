"""What members are told when the committee's file changes, and in which order things happen then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from cocmail.core.book import NEW_BOOK
from cocmail.core.letters import to_admins
from cocmail.core.membership import announce
from cocmail.records import load_book
from scene import HANDLES, Scene, committee_file


async def test_a_changed_rule_and_a_new_chair_are_told_to_every_member(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        since = scene.mark()
        await scene.change_committee(committee_file(chair="noor", override="{votes.outcome.rule: two_thirds}"))
        assert scene.recipients("notice", since) == set(HANDLES)
        text = scene.last("notice", "jun").text
        assert "votes.outcome.rule: two_thirds (before: majority)" in text and "The chair is Noor Haddad." in text


async def test_the_others_read_that_mail_went_on_to_the_old_address_while_it_waited_for_their_word(
    tmp_path: Path,
) -> None:
    moved = committee_file().replace("jun@example.net", "jun@second.example")
    both = moved.replace("jun@second.example", "jun@second.example, also: [jun@example.net]")
    for text, says, goes_on in (
        (moved, "Mail of open cases to Jun Sato waits until somebody confirms the new address.", set()),
        (both, "Jun Sato still has the old address as well: mail of open cases goes on there until", {"jun"}),
    ):
        async with Scene(tmp_path / says[:4].strip()) as scene:
            await scene.report()
            await scene.change_committee(text)
            notice = " ".join(scene.last("notice", "noor").text.split())
            assert says in notice and ("waits" in notice) is not bool(goes_on)
            since = scene.mark()
            await scene.answer(scene.last("forward", "amara"), "What do you say?")
            assert scene.recipients("forward", since) == {"noor", "ivo", "sam"} | goes_on


async def test_a_start_and_a_reload_without_a_change_tell_nobody_anything(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.change_committee(committee_file())
        await scene.stop()
        await scene.start()
        await scene.settle()
        assert scene.all() == []


async def test_a_change_made_while_the_daemon_was_down_is_told_at_its_start(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.stop()
        scene.committee_text = committee_file().replace("Sam Reyes, email: sam@", "Kim Adeyemi, email: kim@")
        scene.committee_text = scene.committee_text.replace("handle: sam", "handle: kim")
        await scene.start()
        await scene.settle()
        assert "Kim Adeyemi is a member" in scene.all("notice", "sam")[0].text
        assert "You are no member" in scene.last("notice", "sam").text
        assert any("Welcome" in mail.text for mail in scene.all("notice", "kim"))
        assert not scene.all("forward", "kim")


async def test_a_crash_after_the_announcement_leaves_nobody_without_a_farewell_and_tells_nobody_twice(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        scene.committee_text = "\n".join(line for line in committee_file().splitlines() if "handle: sam" not in line)
        settings = scene.settings()
        changes = scene.daemon.pipeline.changes
        # What the first of the steps commits; then the power goes.
        await scene.store.write(lambda tx: changes._decide_on_members(announce, settings.committees[0], tx))
        await scene.stop()
        await scene.start()
        await scene.settle()
        told = [mail.text for mail in scene.all("notice", "sam")]
        assert len(told) == 2 and "Sam Reyes is no member" in told[0] and "You are no member" in told[1]
        assert len(scene.all("notice", "jun")) == 1
        assert "sam" not in {handle for handle, place in (await scene.case()).members.items() if place.level}


async def test_the_old_address_hears_of_a_change_before_anything_goes_to_the_new_one(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        since = scene.mark()
        await scene.change_committee(committee_file().replace("jun@example.net", "jun@new.example"))
        assert "jun@example.net" in {mail.recipient for mail in scene.smarthost.delivered[since:]}
        assert scene.last("confirm", "jun").link("Yes")
        assert not scene.all("forward", "jun@new.example")


async def test_who_is_put_into_the_file_beside_a_changed_address_cannot_vouch_for_it(tmp_path: Path) -> None:
    """Otherwise whoever can write the file could move an open case to a mailbox of their own."""
    async with Scene(tmp_path) as scene:
        await scene.report("The words.")
        friends = "\n".join(
            f"- {{handle: friend{n}, name: Friend Number{n}, email: friend{n}@example.net}}" for n in (1, 2)
        )
        changed = committee_file(more_members=friends).replace("jun@example.net", "jun@evil.example")
        await scene.change_committee(changed)
        for friend in ("friend1", "friend2"):
            assert not any("+confirm-" in mail.text for mail in scene.all(to=friend))
        assert any("+confirm-" in mail.text for mail in scene.all("notice", "amara"))
        assert not scene.all("forward", "jun@evil.example")


async def test_the_end_of_a_term_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        last = (scene.now() + timedelta(days=40)).date()
        term = f"{{from: 2026-01-01, to: {last}}}"
        await scene.change_committee(committee_file().replace("email: jun@", f"term: {term}, email: jun@"))
        since = scene.mark()
        for days in (5, 10, 10, 10, 10, 10):
            scene.offset += timedelta(days=days)
            await scene.store.write(partial(scene.daemon.clock.serve, scene.settings().committees[0]))
            await scene.settle()
        told = [mail.text for mail in scene.smarthost.delivered[since:]]
        assert [text.startswith(("Your term", "Jun Sato's term")) for text in told] == [True] * 4
        assert sum("ended" in text for text in told) == 2
        assert scene.recipients("notice", since) == {"jun", "amara"}


async def test_a_book_survives_the_committee_being_renamed(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        leave = scene.write("sam@example.net", "conduct@example.org", "#leave", "", proven=True)
        await scene.send(leave)
        address, _ = scene.last("confirm", "sam").link("Yes")
        await scene.send(scene.write("sam@example.net", address, "Yes", "", proven=True), address)
        renamed = committee_file(address="help@example.org", aliases="[conduct@example.org]")
        await scene.change_committee(renamed)
        committee = scene.settings().committees[0]
        book = await scene.store.read(lambda tx: load_book(tx, committee))
        assert [gone.handle for gone in book.departed] == ["sam"]
        since = scene.mark()
        await scene.report("Words.", to="help@example.org", sender="Kim <kim@visitors.example>")
        assert scene.recipients("forward", since) == set(HANDLES) - {"sam"}
        await scene.change_committee(committee_file())
        back = await scene.store.read(lambda tx: load_book(tx, scene.settings().committees[0]))
        assert [gone.handle for gone in back.departed] == ["sam"]


def test_an_alarm_of_a_broken_file_names_line_and_key() -> None:
    (letter,) = to_admins(["ops@example.com"], "configuration", "now", ["committee.yaml:3: error: chair: ..."])
    assert letter.words["lines"] == ["committee.yaml:3: error: chair: ..."]


async def test_an_alias_that_goes_to_another_committee_takes_no_book_along(tmp_path: Path) -> None:
    """Else that committee would read in its first notice who sits on the other one."""
    async with Scene(tmp_path, committee=committee_file(aliases="[old@example.org]")) as scene:
        await scene.change_committee(committee_file(aliases="[old@example.org]", chair="noor"))
        (first,) = scene.settings().committees
        other = replace(first, id="b@example.org", address="b@example.org", aliases=("old@example.org",))
        assert (await scene.store.read(lambda tx: load_book(tx, first))).chair == "noor"
        assert await scene.store.read(lambda tx: load_book(tx, other)) == NEW_BOOK
