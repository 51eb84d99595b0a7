"""Receipts and notices that told members what was not so, or led nowhere. Each is named after what it did to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from people import checked, say_yes
from questions import ask, vote
from scene import ALIAS, HANDLES, Delivered, Scene, committee_file

RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
KUBERNETES = committee_file(policy="kubernetes", more_members=RUTH)
CHAOSS = committee_file(policy="chaoss", triage="{size: 1, order: [amara, jun]}", more_members=RUTH)


def said(mail: Delivered) -> str:
    """The words of a mail, as one line."""
    return " ".join(mail.text.split())


async def test_a_first_judgement_told_and_undid_what_nobody_had_said(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        report = scene.last("forward", "amara")
        await scene.answer(report, tag="#risk safety:maybe")
        told, receipt = said(scene.last("notice", "jun")), said(scene.last("receipt", "amara"))
        assert "Amara Obi judges the risk. To somebody's safety: maybe." in told and "happens again" not in told
        assert "safety: maybe (not judged before)." in receipt and "To undo" not in receipt
        # The other risk is as nobody judged it, though the sheet has the same word for both.
        await scene.answer(report, tag="#risk safety:no repeat:maybe")
        told, receipt = said(scene.last("notice", "jun")), said(scene.last("receipt", "amara"))
        assert "safety: no." in told and "happens again: maybe." in told
        assert "safety: no (before: maybe). Risk that it happens again: maybe (not judged before)." in receipt
        assert scene.last("receipt", "amara").link("#risk")[1].endswith("#risk safety:maybe")
        await scene.answer(report, tag="#risk repeat:maybe")
        again = said(scene.last("receipt", "amara"))
        assert "says already (repeating: maybe). Nothing changes." in again
        await scene.answer(report, tag="#scope unsure")
        receipt = said(scene.last("receipt", "amara"))
        assert "covers it (not judged before)." in receipt and "To undo" not in receipt
        await scene.answer(report, tag="#scope out")
        assert scene.last("receipt", "amara").link("#scope")[1].endswith("#scope unsure")
        # That somebody is in danger is a word on it, too, and no judgement.
        await scene.report("More.", sender="Kim <kim@visitors.example>")
        await scene.answer(scene.last("forward", "jun"), tag="#danger")
        await scene.answer(scene.last("forward", "jun"), tag="#risk safety:yes")
        receipt = said(scene.last("receipt", "jun"))
        assert "safety: yes. The others were told." in receipt and "To undo" not in receipt


async def test_the_last_ballot_was_answered_with_links_to_change_it_in_a_closed_question(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        for handle in HANDLES:
            await vote(scene, handle, "yes")
        first, last = said(scene.last("receipt", "amara")), said(scene.last("receipt", HANDLES[-1]))
        assert "or until everybody has voted, you can change it" in first and "is closed" not in first
        assert "Your ballot on Q1: yes. Nobody sees more of it than the count." in last
        assert "It was the last one: Q1 is closed." in last and "change it" not in last and "#vote Q1" not in last


async def test_a_ballot_that_has_to_wait_for_a_conflict_can_still_be_changed(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KUBERNETES) as scene:
        await scene.report()
        await ask(scene)
        await vote(scene, "sam", "yes")
        for handle in ("amara", "jun"):
            await scene.answer(scene.last("forward", handle), "They work together.", tag="#challenge @sam")
        for handle in ("amara", "jun", "noor", "ivo"):
            await scene.answer(scene.last("forward", handle), tag="#vote Q1 yes")
        assert not scene.all("tally") and "you can change it" in said(scene.last("receipt", "ivo"))


async def test_who_had_a_case_alone_talked_to_nobody_and_was_told_that_it_had_gone_to_members(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        assert "Your reply goes to the members" in said(scene.last("forward", "amara"))
        await scene.answer(scene.last("forward", "jun"), "Who can call Robin?")
        assert not [mail for mail in scene.all("notice", "jun") if "reached nobody" in said(mail)]
        for handle in ("jun", "noor", "ivo", "sam"):
            await scene.answer(scene.last("forward", handle), tag="#recuse")
        await scene.answer(scene.last("ack", "robin@visitors.example"), "It goes on.")
        alone = scene.last("forward", "amara")
        assert "Your reply goes to" not in alone.text and "You have this case alone. A reply" in said(alone)
        for words in ("I called Robin.", "Robin is well."):
            await scene.answer(alone, words)
        told = [mail for mail in scene.all("notice", "amara") if "so your mail reached nobody" in said(mail)]
        assert len(told) == 2 and "It is kept: whoever of the members of today comes" in said(told[0])
        # And so it is.
        await scene.answer(scene.last("receipt", "jun"), tag="#unrecuse")
        await vote(scene, "amara", "yes")
        assert {"I called Robin.", "Robin is well."} <= {
            line for mail in scene.all("forward", "jun") for line in mail.text.splitlines()
        }


async def resolved(scene: Scene) -> None:
    """A case from its report to its end, by Amara."""
    await scene.report()
    await ask(scene)
    for handle in HANDLES:
        await vote(scene, handle, "yes")
    await scene.answer(scene.last("forward", "amara"), tag="#own")
    await scene.answer(scene.last("forward", "amara"), tag='#resolve violation "told to stop"')
    await say_yes(scene, scene.last("confirm", "amara"))


async def test_a_refusal_offered_a_tag_that_was_refused_as_well(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await resolved(scene)
        await scene.answer(scene.last("forward", "jun"), tag="#vote no")
        receipt = scene.last("receipt", "jun")
        assert "No question is open in this case. The case is resolved. To take it up again: mailto:" in said(receipt)
        assert receipt.link("reopen") and "motion" not in receipt.text
        await scene.answer(scene.last("forward", "jun"), tag="#reopen")
        await scene.answer(scene.last("forward", "jun"), tag="#vote no")
        assert "To open one: mailto:" in said(scene.last("receipt", "jun"))


TARGET = "{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"


@pytest.mark.parametrize(
    ("committee", "never"),
    [
        (committee_file(), {"#challenge", "#limit", "#transfer"}),
        (committee_file(transfer_targets=TARGET), {"#challenge", "#limit"}),
        (KUBERNETES, {"#limit", "#transfer"}),
    ],
    ids=["basic", "basic with a target", "kubernetes"],
)
async def test_tags_that_a_committees_own_rules_never_allow_were_offered(
    tmp_path: Path, committee: str, never: set[str]
) -> None:
    async with Scene(tmp_path, committee=committee) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#send D1")
        offered = set(scene.last("receipt", "amara").text.split("you can do in this case now:")[1].split())
        assert "#note" in offered and {"#challenge", "#limit", "#transfer"} - offered == never
        # What is not offered is refused.
        for tag in (
            each for each in ("#challenge @jun", "#limit @jun none", "#transfer it") if each.split()[0] in never
        ):
            await scene.answer(scene.last("forward", "amara"), tag=tag)
            assert "Nothing was run" in scene.last("receipt", "amara").text


async def test_who_mistyped_a_tag_was_not_told_which(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        mark = scene.mark()
        await scene.answer(scene.last("forward", "amara"), tag="#risk safety:yes #Scop in")
        assert "Not understood: #Scop is no tag that I know. Did you mean #scope?" in said(
            scene.last("receipt", "amara")
        )
        (only,) = scene.smarthost.delivered[mark:]
        assert only.recipient == "amara@example.net" and "Scop" not in str(only.message["Subject"])


async def test_who_answered_yes_i_mean_it_was_told_to_look_after_a_password(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await resolved(scene)
        await scene.answer(scene.last("forward", "amara"), tag="#leave")
        asked = scene.last("confirm", "amara")
        assert "Nothing takes it back then." in asked.text and "a reply is a no, whatever stands in it" in said(asked)
        await scene.answer(asked, "Yes, I mean it!")
        receipt = said(scene.last("receipt", "amara"))
        assert "You replied, which counts as no" in receipt and "use the address in the question" in receipt
        # Once it has run, a reply is no news, and takes nothing back.
        await scene.answer(scene.all("confirm", "amara")[0], "Thank you.")
        receipt = said(scene.last("receipt", "amara"))
        assert "answered before" in receipt and "Your reply changed nothing" in receipt and "not run" not in receipt


async def test_a_question_said_of_what_it_could_undo_that_nothing_takes_it_back(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await resolved(scene)
        asked = said(scene.last("confirm", "amara"))
        assert "happens only once you have said yes" in asked and "taken back" not in asked and "back then" not in asked
        assert scene.last("receipt", "amara").link("reopen")


async def test_who_was_made_owner_was_told_of_it_as_of_somebody_else(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        own = said(scene.last("receipt", "amara"))
        assert "You are now the first owner of this case." in own and "To write to the reported person" in own
        await scene.answer(scene.last("forward", "amara"), tag="#assign @sam")
        made = scene.last("notice", "sam")
        assert "Amara Obi made you the first owner of this case." in said(made)
        assert "To write to the reported person" in made.text
        assert "Sam Reyes is now the first owner of this case, in the place of Amara Obi, says Amara" in said(
            scene.last("notice", "jun")
        )
        # Who has given it away needs no letter to the reported person, but the way back.
        receipt = scene.last("receipt", "amara")
        assert "Sam Reyes is now the first owner" in said(receipt) and "reported person" not in receipt.text
        assert receipt.link("#assign")[1].endswith("#assign @amara")
        await scene.answer(made, subject=made.link("#handoff")[1])
        assert "Sam Reyes made you the first owner" in said(scene.last("notice", "amara"))
        # Nobody had it before: no way back, and no template for who does not have it.
        await scene.report("More.", sender="Kim <kim@visitors.example>")
        await scene.answer(scene.last("forward", "jun"), tag="#assign @noor")
        receipt = scene.last("receipt", "jun")
        assert "To undo" not in receipt.text and "reported person" not in receipt.text


async def test_who_withdrew_was_not_asked_to_delete_what_lies_in_their_mailbox(tmp_path: Path) -> None:
    asked = "What you got before stays in your mailbox. Please delete it."
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert asked in said(scene.last("receipt", "jun"))
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Amara Obi"')
        assert asked in said(scene.last("receipt", "amara"))
    async with Scene(tmp_path / "asked first", committee=CHAOSS) as scene:
        await scene.report()
        await checked(scene)
        await scene.answer(scene.last("check", "jun"), tag="#recuse")
        assert asked not in said(scene.last("receipt", "jun")), "who had nothing has nothing to delete"


async def test_two_names_in_one_mail_brought_the_same_three_lines_twice(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await scene.report()
        await scene.answer(
            scene.last("forward", "amara"), tag='#party reported "Kit Larsen" #party witness "Dana Cole"'
        )
        receipt = said(scene.last("receipt", "amara"))
        assert "Noted: Kit Larsen (" in receipt and "Noted: Dana Cole (" in receipt
        assert receipt.count("is kept out from now on") == receipt.count("To ask the others") == 1
        assert "meant by one of these names" in receipt
        await scene.answer(scene.last("forward", "amara"), tag='#party harmed "Lou Vale"')
        assert "meant by that name" in said(scene.last("receipt", "amara"))


async def test_how_each_is_written_was_said_of_a_list_that_was_not_there(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await ask(scene)
        await scene.answer(scene.last("vote", "jun"), "yes")
        receipt = said(scene.last("receipt", "jun"))
        assert "Was that your ballot on Q1?" in receipt and "How each is written" not in receipt
        await scene.answer(scene.last("forward", "jun"), tag="#send D9")
        assert "you can do in this case now" in scene.last("receipt", "jun").text
        assert "How each is written" in scene.last("receipt", "jun").text


async def test_the_text_of_a_mail_was_listed_as_what_its_sender_had_attached(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        mail = scene.write("Robin Vale <robin@visitors.example>", ALIAS, "Hello", "")
        mail.set_content("<p>Kit shouted at <b>me</b>.</p>", subtype="html")
        mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="scan.pdf")
        await scene.send(mail)
        report = scene.last("forward", "amara").text
        assert "bytes): nothing that somebody attached, but the text above" in report
        assert "scan.pdf (application/pdf, 1 bytes)\n" in report


async def test_who_reported_was_promised_an_answer_that_nobody_was_reminded_of(tmp_path: Path) -> None:
    promised = "of them answers you within 24 hours"
    async with Scene(tmp_path, committee=CHAOSS) as scene:
        await scene.report()
        ack = said(scene.last("ack", "robin@visitors.example"))
        assert promised not in ack and "you hear how it stands" in ack
    async with Scene(tmp_path / "by a person") as scene:
        await scene.report()
        assert promised in said(scene.last("ack", "robin@visitors.example"))


async def test_tags_of_the_watchers_and_owners_were_offered_to_everybody(tmp_path: Path) -> None:
    def offered(handle: str) -> set[str]:
        return set(scene.last("receipt", handle).text.split("you can do in this case now:")[1].split())

    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        for handle in ("amara", "sam"):
            await scene.answer(scene.last("forward", handle), tag="#send D9")
        assert {"#party", "#check", "#ask", "#handoff", "#optout"} <= offered("amara")
        assert not {"#party", "#check", "#ask", "#handoff", "#optout"} & offered("sam")
        assert {"#own", "#note", "#motion", "#recuse"} <= offered("sam")
