"""Mistakes with conflicts of interest, each named after what it would have done to people."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.core.access import Standing
from questions import ask, vote
from scene import ALIAS, HANDLES, Delivered, Scene, committee_file, nothing_more

ROBIN = "robin@visitors.example"
TARGET = "conduct@foundation.example"
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
KUBERNETES = committee_file(policy="kubernetes", more_members=RUTH)
NUMFOCUS = committee_file(policy="numfocus", triage="{size: 2, order: [amara, jun]}", more_members=RUTH)
CNCF = committee_file(
    policy="cncf", transfer_targets=f"{{foundation: {{email: {TARGET}, confidentiality_agreed: 2026-01-10}}}}"
)
OTHERS = ("amara", "jun", "noor", "sam")
BUT_JUN = ("amara", "noor", "ivo", "sam")


def words(scene: Scene, who: str) -> str:
    """Everything that somebody was ever sent, as it went out and as it reads."""
    return "\n".join(mail.content.decode() + mail.text for mail in scene.all(to=who))


async def standing(scene: Scene, handle: str) -> Standing:
    return (await scene.case()).members[handle].standing


async def all_vote(scene: Scene, handles: tuple[str, ...], ballot: str, label: str) -> None:
    for handle in handles:
        asked = next(mail for mail in scene.all("vote", handle) if f" {label} " in str(mail.message["Subject"]))
        await scene.answer(asked, tag=f"#vote {ballot}")


async def witness(scene: Scene) -> Delivered:
    """Ivo is named in the report and is asked as a witness."""
    await scene.report("Ivo Petrov shouted.")
    await scene.answer(scene.last("forward", "amara"), tag="#own")
    await scene.answer(scene.last("forward", "amara"), "Were you at the lunch?", tag="#ask @ivo")
    return scene.last("outreach", "ivo")


async def challenged(scene: Scene) -> None:
    """Ivo's mail waits until the others have decided."""
    await scene.report("The words.")
    await scene.answer(scene.last("forward", "amara"), "HAZELNUT: he is the ex.", tag="#challenge @ivo")
    await scene.answer(scene.last("forward", "jun"), "Yes.", tag="#challenge @ivo")


# Witnesses


async def test_a_witness_put_out_everybody_who_had_the_case(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        asked = await witness(scene)
        token = str(asked.message["Reply-To"])
        but_all = [f"conduct+not-{handle}@example.org" for handle in OTHERS]
        for number, proven in enumerate((False, True)):
            said = scene.write("ivo@example.net", token, "Re: A question", f"I saw nothing {number}.", proven=proven)
            since = scene.mark()
            await scene.send(said, [token, *but_all])
            assert scene.recipients("forward", since) == set(OTHERS)
        await scene.answer(asked, "Ask Amara, Jun, Noor and Sam, they sat beside me. Amara Obi did it.")
        assert all("sat beside me" in scene.last("forward", handle).text for handle in OTHERS)
        await scene.report("One thing more.", subject="More")
        assert "One thing more." in scene.last("forward", "noor").text and not scene.all(to="ops@example.com")


async def test_who_had_left_the_committee_still_spoke_into_the_case_as_a_witness(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        asked = await witness(scene)
        gone = "\n".join(line for line in scene.committee_text.splitlines() if "handle: ivo" not in line)
        await scene.change_committee(gone)
        await scene.answer(asked, "DEPARTED: Noor did it.", proven=False)
        assert not any("DEPARTED" in mail.text for mail in scene.smarthost.delivered)
        assert {await standing(scene, handle) for handle in OTHERS} == {Standing.CLEARED}


async def test_what_a_member_said_as_a_witness_went_to_the_foundation(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CNCF) as scene:
        asked = await witness(scene)
        for handle in ("jun", "noor", "sam", "amara"):
            await scene.answer(scene.last("forward", handle), tag="#recuse")
        assert len(scene.all("transfer", TARGET)) == 1
        with nothing_more(scene, TARGET, ROBIN, *OTHERS):
            await scene.answer(asked, "WITNESSWORDS of a member.")


# Challenges


async def test_who_was_challenged_ended_the_pause_by_saying_not_me(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KUBERNETES) as scene:
        await challenged(scene)
        await scene.answer(scene.last("forward", "noor"), "TALK one.")
        await scene.answer(scene.last("forward", "ivo"), "Hm.", proven=False)
        await scene.answer(scene.last("confirm", "ivo"), "Not me.")
        await scene.pass_time(timedelta(minutes=6))
        since = scene.mark()
        await scene.answer(scene.last("forward", "noor"), "TALK two.")
        assert scene.recipients("forward", since) == {"amara", "jun", "sam"}
        assert "TALK" not in words(scene, "ivo")
        assert [motion.is_open for motion in (await scene.case()).proceedings.motions] == [True]


async def test_talk_about_a_members_conflict_reached_that_member_one_answer_later(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KUBERNETES) as scene:
        await challenged(scene)
        await scene.answer(scene.last("vote", "noor"), "MARMALADE: I saw Ivo with them.")
        await scene.answer(scene.last("forward", "sam"), "LEMONADE, I agree.\n\n> MARMALADE: I saw Ivo with them.")
        await scene.answer(scene.last("forward", "jun"), "ORANGEADE, one answer further.")
        assert "ORANGEADE" in scene.last("forward", "noor").text
        for handle, ballot in zip(OTHERS, ("yes", "yes", "no", "no"), strict=True):
            await vote(scene, handle, ballot)
        await scene.pass_time(timedelta(minutes=6))
        since = scene.mark()
        await scene.answer(scene.all("forward", "noor")[0], "We go on, all five.")
        assert "ivo" in scene.recipients("forward", since)
        for tag in ("#doc", "#show"):
            await scene.answer(scene.last("forward", "ivo"), tag=tag)
        assert len(scene.all("document", "ivo")) == 2
        told = words(scene, "ivo")
        assert not [word for word in ("HAZELNUT", "MARMALADE", "LEMONADE", "ORANGEADE") if word in told]
        # Nor who asked, and how many said what.
        document = next(mail.text for mail in scene.all("document", "ivo") if "#### Q1" in mail.text)
        question = document.partition("#### Q1")[2].partition("## 3.")[0]
        assert "Result: failed" in question and not re.search(r"Amara|Jun|Yes|No:|Base|\d of", question)


async def test_two_members_kept_a_third_out_by_asking_again_and_again(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KUBERNETES) as scene:
        await challenged(scene)
        await scene.answer(scene.last("vote", "amara"), tag="#withdraw Q1")
        for handle in ("amara", "jun", "noor", "sam"):
            with nothing_more(scene, *(set(HANDLES) - {handle})):
                await scene.answer(scene.last("forward", handle), "Once more.", tag="#challenge @ivo")
            assert "It is not asked again." in scene.last("receipt", handle).text
        await scene.answer(scene.last("forward", "noor"), "We are five again.")
        assert "five again" in scene.last("forward", "ivo").text
        assert [motion.asks for motion in (await scene.case()).proceedings.motions] == ["force"]


# Coming back


async def test_who_had_withdrawn_kept_anything_from_being_decided_by_asking_back_for_ever(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "ivo"), tag="#recuse")
        await scene.answer(scene.last("receipt", "ivo"), tag="#unrecuse")
        # Also while the others are still asked.
        await ask(scene)
        assert "Q2 is open" in scene.last("receipt", "amara").text
        await all_vote(scene, OTHERS, "no", "Q1")
        for _ in range(3):
            with nothing_more(scene, *OTHERS):
                await scene.answer(scene.last("receipt", "ivo"), tag="#unrecuse")
        restore, outcome = (await scene.case()).proceedings.motions
        assert (restore.asks, restore.result, outcome.is_open) == ("restore", "failed", True)
        await all_vote(scene, OTHERS, "yes", "Q2")
        assert (await scene.case()).proceedings.motions[1].result == "passed"


async def test_a_question_on_coming_back_that_nobody_answered_was_asked_without_end(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "ivo"), tag="#recuse")
        for _ in range(3):
            await scene.answer(scene.last("receipt", "ivo"), tag="#unrecuse")
            await scene.pass_time(timedelta(hours=73))
        assert len((await scene.case()).proceedings.motions) == 1
        assert "not asked again" in scene.last("receipt", "ivo").text


async def test_an_asked_member_whom_a_note_names_read_the_note_by_seeing_no_conflict(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report("Somebody called Redfox threatened me.")
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Redfox"')
        await scene.answer(scene.last("forward", "amara"), tag="#check")
        await scene.answer(scene.last("forward", "amara"), "CANARY: Redfox is Ivo Petrov.", tag="#note")
        await scene.answer(scene.last("forward", "jun"), "LEMON: Sam Reyes must not learn of it.")
        for handle in ("ivo", "sam", "noor"):
            await scene.answer(scene.last("check", handle), tag="#clear")
        cleared = {handle for handle in HANDLES if await standing(scene, handle) is Standing.CLEARED}
        assert cleared == {"amara", "jun", "noor"}
        for handle in ("ivo", "sam"):
            assert "CANARY" not in words(scene, handle) and "LEMON" not in words(scene, handle)
            assert "Redfox threatened" not in words(scene, handle)


# Soft and hard

SOFT = CNCF.replace("email: jun@", "known_conflicts: [{with: Kit Larsen, kind: soft}], email: jun@")


@pytest.mark.parametrize("how", ["told in the file", "told by the member", "named as the party"])
async def test_a_soft_conflict_let_the_accused_read_what_was_said_about_them(tmp_path: Path, how: str) -> None:
    async with Scene(tmp_path, committee=CNCF if how == "told by the member" else SOFT) as scene:
        await scene.report("Kit Larsen yelled.")
        if how == "told by the member":
            await scene.answer(scene.last("forward", "jun"), "The same company.", tag="#recuse soft")
            await all_vote(scene, BUT_JUN, "yes", "Q1")
        who = "the other one" if how == "named as the party" else "Jun Sato"
        await scene.answer(scene.last("ack", ROBIN), f"CANARY: {who} hit me.")
        if how == "named as the party":
            await scene.answer(scene.last("forward", "amara"), tag='#party reported "Jun Sato"')
        await scene.answer(scene.last("forward", "amara"), tag="#limit @jun discuss")
        for motion in (await scene.case()).proceedings.open_motions:
            await all_vote(scene, BUT_JUN, "yes", motion.label)
        await scene.answer(scene.last("forward", "amara"), "CANARY, too.")
        assert "CANARY" not in words(scene, "jun")
        assert await standing(scene, "jun") not in (Standing.CLEARED, Standing.LIMITED)


async def limited(scene: Scene, level: str) -> None:
    """Jun stated a soft conflict, and gets that much."""
    await scene.report("Kit yelled.")
    await scene.answer(scene.last("forward", "jun"), "The same company.", tag="#recuse soft")
    await all_vote(scene, BUT_JUN, "yes", "Q1")
    await scene.answer(scene.last("forward", "amara"), tag="#scope in")
    if level == "discuss":
        await ask(scene)
        await scene.answer(scene.last("forward", "amara"), "Dear Robin, DRAFTWORDS.", tag="#reporter")
    await scene.answer(scene.last("forward", "amara"), tag=f"#limit @jun {level}")
    label = (await scene.case()).proceedings.motions[-1].label
    await all_vote(scene, BUT_JUN, "yes", label)


async def test_the_list_of_cases_told_a_member_who_gets_notes_how_the_case_goes(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CNCF) as scene:
        await limited(scene, "summary")
        await scene.answer(scene.last("forward", "amara"), tag="#urgent")
        await scene.answer(scene.last("forward", "amara"), tag="#limit @jun none")
        await scene.send(scene.write("jun@example.net", ALIAS, "#cases", "", proven=True))
        [line] = [line for line in scene.last("receipt", "jun").text.splitlines() if line.startswith("  [")]
        assert line == f"  [{(await scene.case()).code_name}]  you get the notes"


async def test_who_may_talk_was_sent_drafts_and_motions_from_before(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CNCF) as scene:
        await limited(scene, "discuss")
        await scene.answer(scene.last("forward", "amara"), "TALK of today.")
        assert "TALK" in words(scene, "jun")
        assert not [word for word in ("DRAFTWORDS", "hosting of meetups") if word in words(scene, "jun")]


async def test_a_member_with_a_soft_conflict_who_may_vote_was_refused_the_ballot(tmp_path: Path) -> None:
    may_vote = CNCF.replace("policy: cncf", "policy: cncf\noverride: {conflict: {soft_may_vote: true}}")
    async with Scene(tmp_path, committee=may_vote) as scene:
        await limited(scene, "discuss")
        await scene.answer(scene.last("vote", "amara"), tag="#withdraw q2")
        since = scene.mark()
        await ask(scene)
        assert scene.recipients("vote", since) == set(HANDLES)
        await vote(scene, "jun", "yes")
        assert (await scene.case()).proceedings.motions[-1].ballots == {"jun": "yes"}


async def test_who_stated_a_conflict_a_second_time_was_told_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CNCF) as scene:
        await scene.report()
        report = scene.last("forward", "ivo")
        tags = ("#recuse", "#recuse", "#recuse soft", "#recuse soft", "#recuse", "#recuse hard")
        for number, tag in enumerate(tags, start=1):
            await scene.answer(report, f"We are friends. {number}" if number > 1 else "", tag=tag)
            assert len(scene.all("receipt", "ivo")) == number, tag
        assert "put to the others as Q1" in scene.all("receipt", "ivo")[2].text


async def test_a_ballot_before_there_was_a_question_was_lost_when_it_was_confirmed(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), tag="#vote yes #status paused", proven=False)
        address, _ = scene.last("confirm", "jun").link("confirm-")
        await scene.send(scene.write("jun@example.net", address, "Yes", "", proven=True), address)
        assert "No question is open" in scene.last("receipt", "jun").text
        assert "shunted" not in await scene.reasons() and not scene.all(to="ops@example.com")


async def test_a_report_for_the_watchers_alone_was_told_to_everybody_by_the_question(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=NUMFOCUS) as scene:
        await scene.report("Kit and the treasurer threatened me.", to="conduct+not-iwo@example.org")
        assert scene.recipients("forward") == {"amara", "jun"}
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen"')
        with nothing_more(scene, "jun", "noor", "ivo", "sam"):
            await scene.answer(scene.last("forward", "amara"), tag="#check")
        assert "for the watchers alone" in scene.last("receipt", "amara").text.replace("\n", " ")
        lee = "- {handle: lee, name: Lee Wong, email: lee@example.net, confidentiality_agreed: 2026-01-01}"
        await scene.change_committee(f"{NUMFOCUS}{lee}\n")
        assert scene.all("notice", "lee") and "Kit" not in words(scene, "lee")
        await scene.send(scene.write("lee@example.net", ALIAS, "#clear 1", "", proven=True))
        assert set((await scene.case()).members) == {"amara", "jun"}


async def test_a_member_with_a_soft_conflict_kept_a_question_open_that_was_never_put_to_them(tmp_path: Path) -> None:
    may_vote = CNCF.replace("policy: cncf", "policy: cncf\noverride: {conflict: {soft_may_vote: true}}")
    async with Scene(tmp_path, committee=may_vote) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), "MINE, from before.")
        await scene.answer(scene.last("forward", "jun"), "The same company.", tag="#recuse soft")
        await all_vote(scene, BUT_JUN, "yes", "Q1")
        await scene.answer(scene.last("forward", "amara"), tag="#scope in")
        await ask(scene)
        await scene.answer(scene.last("forward", "amara"), tag="#limit @jun discuss")
        since = scene.mark()
        await all_vote(scene, BUT_JUN, "yes", "Q3")
        assert "Q2" in str(scene.last("vote", "jun").message["Subject"])
        assert not any("MINE" in mail.text for mail in scene.smarthost.delivered[since:] if mail.recipient == "jun")
        await all_vote(scene, (*BUT_JUN, "jun"), "yes", "Q2")
        assert (await scene.case()).proceedings.motion(2).why == "all-voted"
