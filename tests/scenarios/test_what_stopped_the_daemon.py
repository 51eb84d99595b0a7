"""One damaged record, one busy moment or one address in the wrong file, and what stood still by it: each named so."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cocmail.changes import Changes
from cocmail.config.load import SourceFile, Sources, examine
from cocmail.config.settings import Settings
from cocmail.core.access import Standing
from cocmail.errors import ConfigError, StoreBusy
from cocmail.store import cases, notes
from cocmail.store.boundaries import Step
from cocmail.store.transaction import Tx
from questions import vote
from scene import ALIAS, HANDLES, Scene, committee_file, nothing_more

OPS = "ops@example.com"
LEE = "- {handle: lee, name: Lee Wong, email: lee@example.net}"
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
NEW, THIRD = "new@example.org", "third@example.org"
BOARD = "board@other.example"
PEOPLE = (("pia", "Pia Roth"), ("tom", "Tom Wu"), ("zoe", "Zoe Lund"))
OTHERS = committee_file(
    name="Other",
    policy="cncf",
    chair="pia",
    members="\n".join(f"- {{handle: {who}, name: {name}, email: {who}@other.example}}" for who, name in PEOPLE),
    transfer_targets=f"{{foundation: {{email: {BOARD}, confidentiality_agreed: 2026-01-10}}}}",
)


def numfocus(*more: str) -> str:
    people = "\n".join((RUTH, *more))
    return committee_file(policy="numfocus", triage="{size: 2, order: [amara, jun]}", more_members=people)


def without(handle: str) -> str:
    return "\n".join(line for line in committee_file().splitlines() if f"handle: {handle}," not in line)


async def leave(scene: Scene, handle: str) -> None:
    await scene.send(scene.write(f"{handle}@example.net", ALIAS, "#leave", "", proven=True))
    address, _ = scene.last("confirm", handle).link("confirm-")
    await scene.send(scene.write(f"{handle}@example.net", address, "Yes", "", proven=True), address)


async def until(scene: Scene, reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(15):
        while not await reached():
            await asyncio.sleep(0.05)
            await scene.settle()


@asynccontextmanager
async def with_a_damaged_case(folder: Path, committee: str) -> AsyncIterator[Scene]:
    """A daemon that started on a store with one report, of which the disk has altered a record."""
    async with Scene(folder, committee=committee) as scene:
        await scene.report("The first one.")
        await scene.stop()
        with sqlite3.connect(folder / "store.db") as store:
            store.execute("update events set sealed = zeroblob(60) where seq = 1")
        store.close()
        await scene.start()
        yield scene


# A damaged record


async def test_one_damaged_case_and_a_new_member_and_the_daemon_never_started_again(tmp_path: Path) -> None:
    async with with_a_damaged_case(tmp_path, numfocus()) as scene:
        await scene.change_committee(numfocus(LEE))
        # The announcement goes to a seat, the welcome to a member: two queues, either may be quicker.
        assert any("Welcome" in mail.text for mail in scene.all("notice", "lee"))
        await scene.stop()
        await scene.start()
        await scene.report("The second one.", sender="Kim <kim@visitors.example>")
        assert "The second one." in scene.last("forward", "amara").text


async def test_one_damaged_case_stopped_the_clock_of_all_the_others(tmp_path: Path) -> None:
    async with with_a_damaged_case(tmp_path, numfocus()) as scene:
        await scene.report("The second one.", sender="Kim <kim@visitors.example>")
        await scene.pass_time(timedelta(hours=13))
        assert scene.recipients("reminder") == {"amara", "jun"}
        await until(scene, lambda: told(scene, "The record of a case does not open"))


async def told(scene: Scene, words: str) -> bool:
    """Whether the admins were."""
    return any(words in mail.text for mail in scene.all(to=OPS))


async def test_one_damaged_case_kept_a_members_address_from_being_moved_in_the_others(tmp_path: Path) -> None:
    async with with_a_damaged_case(tmp_path, committee_file()) as scene:
        await scene.report("The second one.", sender="Kim <kim@visitors.example>")
        await scene.change_committee(committee_file().replace("jun@example.net", "jun@new.example"))
        address, _ = scene.last("confirm", "jun").link("confirm-")
        await scene.send(scene.write("jun@example.net", address, "Yes", "", proven=True), address)
        await scene.answer(scene.last("forward", "amara"), "Where are you?")
        assert "Where are you?" in scene.last("forward", "jun@new.example").text


async def test_one_damaged_mail_kept_the_next_one_of_its_sender_from_everybody(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file()) as scene:
        await scene.report("The first one.")
        await scene.change_committee(committee_file(more_members=LEE))
        await scene.stop()
        with sqlite3.connect(tmp_path / "store.db") as store:
            store.execute("update spool set raw = zeroblob(60)")
        store.close()
        await scene.start()
        await scene.report("The second one.", subject="Again")
        # What cannot be searched names whoever came later.
        assert scene.recipients("forward") == set(HANDLES)
        assert "The second one." in scene.last("forward", "amara").text


async def test_one_committees_damaged_book_kept_the_members_of_another_where_they_were(tmp_path: Path) -> None:
    other = OTHERS.replace(ALIAS, THIRD)
    async with Scene(tmp_path) as scene:
        await scene.daemon.change(two(scene, committee_file(), other))
        await scene.report()
        await scene.store.write(lambda tx: notes.keep(tx, f"book {THIRD}", b'{"written by": "a later release"}'))
        await scene.daemon.change(two(scene, without("ivo"), other))
        await scene.settle()
        assert await has_left(scene, "ivo") and await is_greeted(scene, "ivo")


# A busy store


async def test_a_reload_at_a_busy_moment_was_forgotten_and_who_had_to_go_stayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cocmail.service.BUSY_PAUSE", 0.05)
    async with Scene(tmp_path) as scene:
        write, tries = scene.store.write, iter(range(1000))

        async def is_away(work: Callable[[Tx], object], *step: Step) -> object:
            if next(tries) == 0:
                raise StoreBusy("away")
            return await write(work, *step)

        scene.store.write = is_away  # type: ignore[method-assign]
        await scene.reload(without("ivo"))
        assert next(tries) > 1
        await scene.report()
        assert scene.recipients("forward") == set(HANDLES) - {"ivo"}


async def test_a_reload_that_cocmail_failed_on_was_taken_for_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("a bug of ours")

    async with Scene(tmp_path) as scene:
        with monkeypatch.context() as patch:
            patch.setattr(Changes, "apply", fails)
            await scene.reload(without("ivo"))
        await scene.settle()
        assert "not in force" in scene.last("notice", OPS).text and "bug" not in scene.last("notice", OPS).text


@pytest.mark.parametrize("how", ["by mail", "by the file"])
async def test_a_busy_moment_after_somebody_left_kept_their_report_from_everybody_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    ids, tries = cases.ids, iter(range(1000))

    def is_busy(tx: Tx, committee: str | None) -> list[str]:
        if committee is None and next(tries) == 0:
            raise StoreBusy("away")
        return ids(tx, committee)

    async with Scene(tmp_path) as scene:
        await scene.report(to="conduct+jun@example.org")
        monkeypatch.setattr(cases, "ids", is_busy)
        if how == "by mail":
            await leave(scene, "jun")
        else:
            await scene.reload(without("jun"))
        await until(scene, lambda: has_left(scene, "jun"))
        assert next(tries) > 1
        if how == "by the file":
            await until(scene, lambda: is_greeted(scene, "jun"))


async def has_left(scene: Scene, handle: str) -> bool:
    return (await scene.case()).members[handle].standing is Standing.LEFT


async def is_greeted(scene: Scene, handle: str) -> bool:
    return any("You are no member" in mail.text for mail in scene.all("notice", handle))


async def test_a_reload_in_the_midst_of_a_start_was_undone_by_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.stop()
        old, apply, reloads = scene.settings(), Changes.apply, []
        scene.committee_text = without("ivo")
        new = scene.settings()
        scene.committee_text = committee_file()

        async def slowly(changes: Changes, *settings: Any) -> None:
            if not reloads:
                reloads.append(asyncio.create_task(scene.daemon.change(new)))
                await asyncio.sleep(0.2)
            await apply(changes, *settings)

        monkeypatch.setattr(Changes, "apply", slowly)
        await scene.start()
        await asyncio.gather(*reloads)
        assert scene.daemon.settings is new is not old
        await scene.report()
        assert scene.recipients("forward") == set(HANDLES) - {"ivo"}


# An address that goes from one committee to another


def two(scene: Scene, first: str, second: str) -> Settings:
    main = scene.main_text().replace("[committee.yaml]", "[committee.yaml, other.yaml]")
    texts = (("committee.yaml", first), ("other.yaml", second))
    files = tuple(SourceFile(str(scene.folder / name), text) for name, text in texts)
    settings, problems = examine(
        Sources(SourceFile(str(scene.folder / "main.yaml"), main), files), today=date.today(), environ={}
    )
    assert settings is not None, "\n".join(map(str, problems))
    return settings


async def test_an_alias_that_went_to_another_committee_took_the_cases_along(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.change_committee(committee_file(address=NEW, aliases=f"[{ALIAS}]"))
        with pytest.raises(ConfigError) as refused:
            await scene.daemon.change(two(scene, committee_file(address=NEW), OTHERS))
        (problem,) = refused.value.problems
        assert problem.startswith("committees[1]: address: another committee has cases under an address of this one")
        await scene.answer(scene.last("forward", "amara"), "What now?")
        assert scene.recipients("forward") == set(HANDLES) and not scene.all(to=BOARD)
        assert not [mail for who, _ in PEOPLE for mail in scene.all(to=f"{who}@other.example")]


async def test_an_address_that_its_committee_gave_up_took_the_cases_to_strangers(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.change_committee(committee_file(address=NEW, aliases=f"[{ALIAS}]"))
        await scene.reload(OTHERS)
        await scene.settle()
        assert "committee.yaml:1: error: address: another committee has cases" in scene.last("notice", OPS).text
        await scene.report("Again.", to=NEW)
        assert scene.recipients("forward") == set(HANDLES) and not scene.all(to=BOARD)


ELSEWHERE = OTHERS.replace(ALIAS, THIRD)


@pytest.mark.parametrize(
    "wider",
    [
        ELSEWHERE.replace(f"address: {THIRD}", f"address: {THIRD}\naliases: [{ALIAS}]"),
        ELSEWHERE.replace(f"address: {THIRD}", f"address: {ALIAS}\naliases: [{THIRD}]"),
    ],
)
async def test_the_address_of_a_dissolved_committee_took_its_cases_to_another_one(tmp_path: Path, wider: str) -> None:
    async with Scene(tmp_path) as scene:
        await scene.daemon.change(two(scene, committee_file(), ELSEWHERE))
        await scene.report()
        # The first is taken out, and its address given away: at once, or later.
        for text in (wider, ELSEWHERE, wider):
            await scene.reload(text)
            await scene.settle()
        assert scene.recipients("forward") == set(HANDLES)
        assert "address: another committee has cases" in scene.last("notice", OPS).text


async def test_who_forgot_the_old_address_when_they_took_a_new_one_was_not_let_back_to_their_cases(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.change_committee(committee_file(address=NEW))
        await scene.change_committee(committee_file(address=NEW, aliases=f"[{ALIAS}]"))
        with nothing_more(scene, *(f"{who}@other.example" for who, _ in PEOPLE)):
            await scene.answer(scene.last("forward", "amara"), "What now?")
        assert "What now?" in scene.last("forward", "jun").text


async def test_who_was_removed_came_back_when_the_committee_was_renamed_a_second_time(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.change_committee(committee_file(address=NEW, aliases=f"[{ALIAS}]"))
        removal = scene.write("amara@example.net", NEW, "#motion remove", "Member: @ivo\nHe shouted.", proven=True)
        await scene.send(removal, NEW)
        for handle in ("amara", "jun", "noor", "sam"):
            await vote(scene, handle, "yes")
        await scene.change_committee(committee_file(address=THIRD, aliases=f"[{ALIAS}]"))
        since = scene.mark()
        await scene.report(to=THIRD)
        assert scene.recipients("forward", since) == set(HANDLES) - {"ivo"}
