"""Reports and cases that went nowhere, with nobody told: each named after what it would have done to people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cocmail import pointers
from cocmail.core.access import Standing
from cocmail.core.lifecycle import State
from cocmail.errors import StoreBusy
from cocmail.store.boundaries import Step
from cocmail.store.transaction import Tx
from questions import vote
from scene import ALIAS, HANDLES, Scene, committee_file, nothing_more

HOUR = timedelta(hours=1)
TARGET = "conduct@foundation.example"
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
CHAOSS = committee_file(policy="chaoss", triage="{size: 1, order: [amara, jun]}", more_members=RUTH)
NUMFOCUS = committee_file(policy="numfocus", triage="{size: 2, order: [amara, jun]}", more_members=RUTH)

TO_FOUNDATION = (
    NUMFOCUS.replace("size: 2, order: [amara, jun]", "size: 1, order: [amara]")
    + f"\ntransfer_targets: {{foundation: {{email: {TARGET}, confidentiality_agreed: 2026-01-10}}}}\n"
    + 'override: {conflict: {all_conflicted: "transfer:foundation"}}\n'
)


def without(text: str, handle: str) -> str:
    return "\n".join(line for line in text.splitlines() if f"handle: {handle}," not in line)


async def leave(scene: Scene, handle: str) -> None:
    await scene.send(scene.write(f"{handle}@example.net", ALIAS, "#leave", "", proven=True))
    address, _ = scene.last("confirm", handle).link("Yes")
    await scene.send(scene.write(f"{handle}@example.net", address, "Yes", "", proven=True), address)


async def checked(scene: Scene) -> None:
    """Kit Larsen is the reported person, and the others are asked."""
    await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen"')
    await scene.answer(scene.last("forward", "amara"), tag="#check")


async def state(scene: Scene) -> State:
    found: State = (await scene.case()).proceedings.state
    return found


# Nobody looked


async def test_a_case_waited_a_day_for_the_answer_of_somebody_whom_a_watcher_had_just_named(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report()
        await checked(scene)
        assert scene.recipients("check") == {"noor", "sam", "ivo"}
        for handle in ("noor", "sam"):
            await scene.answer(scene.last("check", handle), tag="#clear")
        with nothing_more(scene, "ivo"):
            await scene.answer(scene.last("forward", "jun"), "Ivo Petrov stood beside Kit all evening.")
        assert await state(scene) is State.OPEN
        for handle in ("amara", "noor", "sam"):
            assert len([mail for mail in scene.all("forward", handle) if "all evening" in mail.text]) == 1
        # Nothing of what others said waited for Jun.
        assert "by mails of its own" not in " ".join(scene.last("notice", "jun").text.split())


async def test_a_case_waited_a_day_for_somebody_whom_an_unproven_mail_of_its_reporter_kept_out(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report()
        await checked(scene)
        for handle in ("noor", "ivo"):
            await scene.answer(scene.last("check", handle), tag="#clear")
        await scene.answer(scene.last("forward", "jun"), "He was there.")
        await scene.report("More.", to=[ALIAS, ALIAS.replace("@", "+not-sam@")], proven="none", subject="New")
        first = await scene.case(0)
        assert "sam" in first.barred and first.proceedings.state is State.OPEN
        assert any("He was there." in mail.text for mail in scene.all("forward", "noor"))


@pytest.mark.parametrize("to", [ALIAS, [ALIAS, ALIAS.replace("@", "+not-ivo@")]])
async def test_a_second_report_that_keeps_nobody_else_out_opened_the_first_before_all_had_answered(
    tmp_path: Path, to: str | list[str]
) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report(to=[ALIAS, ALIAS.replace("@", "+not-ivo@")])
        await checked(scene)
        await scene.answer(scene.last("check", "noor"), tag="#clear")
        await scene.reload(NUMFOCUS.replace("sam@example.net", "sam@new.example"))
        await scene.report("Something else.", to=to, subject="New")
        assert (await scene.case(0)).proceedings.state is State.CHECKING


async def test_a_report_lay_for_months_with_a_watcher_who_did_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await scene.report()
        assert scene.recipients("forward") == {"amara"}
        await scene.pass_time(13 * HOUR)
        assert scene.recipients("reminder") == {"amara"}
        for _ in range(12):
            await scene.pass_time(12 * HOUR)
        assert scene.recipients("forward") == set(HANDLES)
        assert scene.recipients("reminder") >= {"amara", "jun"}


async def test_an_answer_of_a_witness_took_the_only_reader_away_and_nobody_was_told(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await scene.answer(scene.last("forward", "amara"), "Were you in the hall?", tag="#ask @jun")
        await scene.answer(scene.last("outreach", "jun"), "Amara Obi did it: Amara shouted first.")
        assert "shouted first" in scene.last("forward", "amara").text
        assert (await scene.case()).members["amara"].standing is Standing.CLEARED


async def test_a_report_that_was_being_read_during_a_reload_went_to_somebody_who_had_left(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        reader = scene.daemon.pipeline.reader
        read, inside, go_on = reader.read, asyncio.Event(), asyncio.Event()

        async def slowly(*args: Any, **named: Any) -> Any:
            inside.set()
            await go_on.wait()
            return await read(*args, **named)

        reader.read = slowly  # type: ignore[method-assign]
        await scene.send(scene.write("Robin <robin@visitors.example>", ALIAS, "x", "Words.", proven=True), settle=False)
        await inside.wait()
        scene.committee_text = without(CHAOSS.replace("[amara, jun]", "[jun]"), "amara").replace("chair: amara", "")
        await scene.daemon.change(scene.settings())
        go_on.set()
        await scene.settle()
        assert scene.recipients("forward") == {"jun"}
        assert "amara" not in (await scene.case()).members


async def test_a_store_that_was_busy_for_a_moment_left_a_case_with_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await scene.report()
        review, tries = scene.daemon.pipeline.changes._review, iter(range(1000))

        def is_busy(case_id: str, tx: Tx) -> None:
            if next(tries) < 2:
                raise StoreBusy("locked")
            review(case_id, tx)

        scene.daemon.pipeline.changes._review = is_busy  # type: ignore[method-assign]
        await leave(scene, "amara")
        async with asyncio.timeout(10):
            while "jun" not in scene.recipients("forward"):
                await asyncio.sleep(0.02)
                await scene.settle()
        assert (await scene.case()).members["amara"].standing is Standing.LEFT


# Questions that never ended


async def test_a_changed_procedure_left_cases_in_a_check_for_ever(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report()
        await checked(scene)
        await scene.answer(scene.last("forward", "amara"), "TALK while it is checked.")
        assert await state(scene) is State.CHECKING
        assert not any("TALK" in mail.text for mail in scene.all("forward", "jun"))
        await scene.change_committee(NUMFOCUS.replace("policy: numfocus", "policy: basic"))
        await scene.pass_time(80 * HOUR)
        assert await state(scene) is State.OPEN
        assert not any(entry.waits for entry in (await scene.case()).entries)
        assert "TALK" in scene.last("forward", "jun").text
        await scene.answer(scene.last("check", "noor"), tag="#clear")
        await scene.answer(scene.last("forward", "noor"), "NEWS: I am in.")
        assert all("NEWS" in scene.last("forward", handle).text for handle in ("amara", "jun"))


@pytest.mark.parametrize(("mediator", "clear"), [(True, ("jun", "noor")), (True, ()), (False, ())])
async def test_a_case_was_handed_to_others_while_four_members_were_still_asked(
    tmp_path: Path, mediator: bool, clear: tuple[str, ...]
) -> None:
    async with Scene(tmp_path, committee=TO_FOUNDATION if mediator else without(TO_FOUNDATION, "ruth")) as scene:
        await scene.report("The words.")
        await checked(scene)
        with nothing_more(scene, TARGET, "ruth@mediation.example", "ops@example.com"):
            await scene.answer(scene.last("forward", "amara"), tag="#recuse")
        for handle in clear:
            await scene.answer(scene.last("check", handle), tag="#clear")
            assert "The words." in scene.last("forward", handle).text
        for _ in range(4):
            await scene.pass_time(12 * HOUR)
        # Those who answered have it; where nobody did, the mediator, and where there is none the target.
        called = "ruth@mediation.example"
        assert scene.recipients("forward") - {called} == {"amara", *clear}
        assert (called in scene.recipients("forward")) == (mediator and not clear)
        assert len(scene.all("transfer", TARGET)) == (0 if clear or mediator else 1)


async def test_a_member_who_was_let_answer_by_a_vote_held_the_whole_check_up(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await scene.report("Ivo Petrov's friend shouted at me.")
        await checked(scene)
        await scene.pass_time(20 * HOUR)
        await scene.answer(scene.last("forward", "amara"), "Member: @ivo\nAccess: full", tag="#motion conflict")
        await vote(scene, "amara", "yes")
        assert scene.all("check", "ivo")
        await scene.answer(scene.last("check", "jun"), tag="#clear")
        await scene.answer(scene.last("forward", "amara"), "TALK of ours.")
        await scene.pass_time(5 * HOUR)
        assert await state(scene) is State.OPEN
        assert "TALK" in scene.last("forward", "jun").text
        assert (await scene.case()).members["ivo"].standing is Standing.ASKED


async def test_what_was_on_its_way_to_a_member_who_withdrew_was_never_sent_again(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        scene.smarthost.answers["jun@example.net"] = "451 later"
        await scene.answer(scene.all("ack")[0], "IMPORTANT: it was on video.")
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        scene.smarthost.answers.clear()
        await scene.pass_time(HOUR)
        assert not any("IMPORTANT" in mail.text for mail in scene.all(to="jun"))
        await scene.answer(scene.last("receipt", "jun"), tag="#unrecuse")
        for handle in ("amara", "noor", "ivo", "sam"):
            await vote(scene, handle, "yes")
        assert any("IMPORTANT" in mail.text for mail in scene.all("forward", "jun"))


async def test_one_member_ended_a_proposal_by_saying_that_it_is_no_report(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        proposal = scene.write("amara@example.net", ALIAS, "#motion policy", "A majority is enough.", proven=True)
        await scene.send(proposal)
        for tag in ("#notreport spam", "#notreport question", "#motion outcome"):
            with nothing_more(scene, *(set(HANDLES) - {"sam"})):
                await scene.answer(scene.last("forward", "sam"), "Finding: none.", tag=tag)
            assert "no report" in scene.last("receipt", "sam").text
        await scene.pass_time(timedelta(days=8))
        assert scene.recipients("vote") == set(HANDLES)
        await scene.answer(scene.last("vote", "jun"), "Talk about it.")
        assert "Talk about it." in scene.last("forward", "amara").text
        assert "shunted" not in await scene.reasons()


# Who could make it slow for everybody


async def test_a_stranger_made_every_case_be_read_by_a_number_in_a_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        for number in range(3):
            await scene.report(f"Report {number}.", sender=f"Kim <kim{number}@visitors.example>")
        others, read, load = set(await scene.cases()), set(), pointers.load_case

        def counted(tx: Tx, case_id: str) -> Any:
            read.add(case_id)
            return load(tx, case_id)

        monkeypatch.setattr(pointers, "load_case", counted)
        for subject in ("#clear 1", "#clear 1 hello"):
            await scene.send(scene.write("x@elsewhere.example", ALIAS, subject, f"Somebody hit me: {subject}."))
        assert not others & read


async def test_a_members_holidays_made_every_case_be_looked_at(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        reviews, review = [], scene.daemon.pipeline.changes.review

        async def counted() -> None:
            reviews.append(1)
            await review()

        scene.daemon.pipeline.changes.review = counted  # type: ignore[method-assign]
        for tag in ("#away 2027-01-01 2027-01-05", "#stay", "#help"):
            await scene.send(scene.write("sam@example.net", ALIAS, tag, "", proven=True))
        assert len(scene.all("receipt", "sam")) == 3 and not reviews
        # Who leaves leaves places empty: then it is needed.
        await leave(scene, "sam")
        assert reviews


@pytest.mark.parametrize("busy", ["before it is sent", "when it was sent"])
async def test_a_letter_lay_for_a_quarter_of_an_hour_when_the_store_was_busy_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: str
) -> None:
    monkeypatch.setattr("cocmail.doors.outbox.BUSY_PAUSE", 0.05)
    async with Scene(tmp_path) as scene:
        name = "read" if busy == "before it is sent" else "write"
        ask, worker, tries = getattr(scene.store, name), scene.daemon.outbox, iter(range(1000))
        watching = asyncio.current_task()

        async def is_away(work: Callable[[Tx], object], *step: Step) -> object:
            # The claim is let through, and whoever watches; what a letter in hand asks for is not, at first.
            if asyncio.current_task() is not watching and worker._sending and next(tries) < 2:
                raise StoreBusy("away")
            return await ask(work, *step)

        monkeypatch.setattr(scene.store, name, is_away)
        await scene.report()
        await scene.pass_time(timedelta(seconds=10))
        assert next(tries) > 2
        reached = sorted(mail.recipient for mail in scene.all("forward"))
        assert reached == sorted(f"{each}@example.net" for each in HANDLES)
