"""A case goes to another body, or a court asks for it: when two say so, and never with the members' own talk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from conversation_mail import holds
from people import name_of, say_yes, write
from questions import ask
from scene import HANDLES, Scene, committee_file, nothing_more

ROBIN = "robin@visitors.example"
FOUNDATION = "conduct@foundation.example"
TARGETS = """{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}, \
sister: {email: help@sister.example, confidentiality_agreed: 2026-02-10}, hosts: {email: hosts@hall.example}}"""
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
WHY = "It happened at the summit that you host."


def file(**changes: str) -> str:
    return committee_file(transfer_targets=TARGETS, **changes)


async def say(scene: Scene, who: str, tag: str = "#transfer foundation", text: str = "", *, yes: bool = True) -> None:
    """A member says so, and confirms it."""
    before = len(scene.all("confirm", who))
    await scene.answer(scene.last("forward", who), text, tag=tag)
    if yes and len(scene.all("confirm", who)) > before:
        await say_yes(scene, scene.last("confirm", who))


async def owned(scene: Scene, text: str = "Kit Larsen shouted at me near the stage.", **how: str) -> None:
    """A report that Amara takes care of, and about which they have talked."""
    await scene.report(text, **how)
    await scene.answer(scene.last("forward", "amara"), tag="#own")
    await scene.answer(scene.last("forward", "jun"), "I know Kit from the harmonica class.")


def told(scene: Scene, who: str, kind: str = "receipt") -> str:
    return " ".join(scene.last(kind, who).text.split())


async def test_an_owner_and_a_second_member_hand_a_case_over_and_the_reporter_hears_of_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        with nothing_more(scene, FOUNDATION, ROBIN):
            await say(scene, "amara", text=WHY)
            assert "A second member has to say the same by" in told(scene, "amara")
            notice = told(scene, "noor", "notice")
            assert WHY in notice and "with name and address, and that reason" in notice
            await say(scene, "jun", yes=False)
        assert "#transfer foundation" in scene.last("confirm", "jun").text
        await say_yes(scene, scene.last("confirm", "jun"))
        (letter,) = scene.all(to=FOUNDATION)
        assert (
            letter.kind == "transfer"
            and WHY in letter.text
            and "near the stage" in letter.text
            and ROBIN in letter.text
        )
        name = await name_of(scene)
        secrets = [*HANDLES, "harmonica", name, name.replace(" ", "-"), "cocmail-case", "example.net"]
        assert not holds(letter, secrets)
        (word,) = scene.all("status", ROBIN)
        assert "has handed what you told it, in confidence, to foundation" in " ".join(word.text.split())
        assert not holds(word, [*secrets, "summit"])
        assert "The reporter is told so" in told(scene, "jun") and FOUNDATION in told(scene, "jun")
        assert "With Jun Sato enough of you have said so" in told(scene, "amara", "notice")
        # On record: what, to whom, why, when, by whom. The members keep what they have; nothing is owed here any more.
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        document = told(scene, "sam", "document")
        assert "Handed to foundation" in document and "by Amara Obi and Jun Sato: 1 of the reporter's" in document
        assert "the reporter was told" in document and WHY in document and "handed to another body" in document
        since = scene.mark()
        for _ in range(10):
            await scene.pass_time(timedelta(days=1))
        assert scene.recipients("reminder", since) == set()


async def test_who_does_not_own_the_case_can_say_so_first(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        with nothing_more(scene, FOUNDATION, ROBIN):
            await say(scene, "noor", text=WHY)
            assert "An owner of the case has to say the same" in told(scene, "noor")
            await say(scene, "sam")
            await say(scene, "noor")
            assert "You have said so already" in told(scene, "noor")
        await say(scene, "amara", text="I agree; ask Sam about the harmonica.")
        (letter,) = scene.all(to=FOUNDATION)
        assert WHY in letter.text and "harmonica" not in letter.text


@pytest.mark.parametrize("how", ["alone", "twice", "unconfirmed", "forged", "recused", "stranger", "no second"])
async def test_nobody_alone_sends_a_report_outside(tmp_path: Path, how: str) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        with nothing_more(scene, FOUNDATION, ROBIN):
            await say(scene, "amara", text=WHY, yes=how != "no second")
            match how:
                case "twice":
                    await say(scene, "amara", text="Once more.")
                case "unconfirmed":
                    await say(scene, "jun", yes=False)
                case "forged":
                    forged = scene.write(
                        "jun@example.net",
                        "conduct@example.org",
                        f"[{await name_of(scene)}] #transfer foundation",
                        "",
                        proven=False,
                    )
                    await scene.send(forged)
                    assert "It would run: #transfer foundation" in scene.last("confirm", "jun").text
                case "recused":
                    await say(scene, "jun", yes=False)
                    await scene.answer(scene.last("forward", "jun"), tag="#recuse")
                    await say_yes(scene, scene.last("confirm", "jun"))
                    assert "No such case for you" in told(scene, "jun")
                case "stranger":
                    await write(
                        scene, "Kit <kit@acme.example>", f"[{await name_of(scene)}] #transfer foundation", "Please."
                    )
                case "no second":
                    await say(scene, "jun")
                    assert "An owner of the case has to say the same" in told(scene, "jun") or "text" in told(
                        scene, "jun"
                    )
        assert not scene.all("status", ROBIN)


async def test_what_was_said_by_somebody_who_lost_the_case_counts_no_more(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        with nothing_more(scene, FOUNDATION, ROBIN):
            await say(scene, "noor", text=WHY)
            await scene.answer(scene.last("forward", "noor"), tag="#recuse")
            await say(scene, "amara")
            assert "what you want to say" in told(scene, "amara") or "text" in told(scene, "amara")
            await say(scene, "amara", text=WHY)
            assert "A second member has to say the same" in told(scene, "amara")


async def test_an_unproven_withdrawal_pauses_a_voice(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        with nothing_more(scene, FOUNDATION, ROBIN):
            await say(scene, "noor", text=WHY)
            await scene.answer(scene.last("forward", "noor"), tag="#recuse", proven=False)
            await say(scene, "amara", text=WHY)
        # It was not Noor: so Noor's word counts, once somebody says so again.
        await scene.answer(scene.last("confirm", "noor"), "That was not me.", subject="Re: your question")
        await say(scene, "amara", text=WHY)
        assert len(scene.all(to=FOUNDATION)) == 1


async def test_who_is_challenged_is_no_second_voice(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file(policy="kubernetes", more_members=RUTH)) as scene:
        await owned(scene)
        with nothing_more(scene, FOUNDATION, ROBIN):
            await say(scene, "jun", text=WHY)
            for who in ("noor", "ivo"):
                await scene.answer(scene.last("forward", who), "They share a flat with Kit.", tag="#challenge @jun")
            await say(scene, "amara", text=WHY)
            assert "A second member has to say the same" in told(scene, "amara")
            await scene.answer(scene.last("forward", "jun"), tag="#transfer foundation")
            assert "you take no part in it" in told(scene, "jun")
        await say(scene, "sam")
        assert len(scene.all(to=FOUNDATION)) == 1


async def test_a_request_can_be_taken_back_and_lapses_in_the_open(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        with nothing_more(scene, FOUNDATION, ROBIN):
            await say(scene, "amara", text=WHY)
            await say(scene, "amara", "#transfer foundation stop")
            assert "you do not say so any more" in told(scene, "amara")
            assert "does not ask for #transfer foundation any more" in told(scene, "jun", "notice")
            await say(scene, "jun", text=WHY)
            await scene.pass_time(timedelta(days=7, minutes=1))
            lapsed = [mail for mail in scene.all("notice", "ivo") if "has lapsed" in mail.text]
            assert len(lapsed) == 1
            await say(scene, "amara", text=WHY)
            assert "A second member has to say the same" in told(scene, "amara")


async def test_only_a_body_of_the_file_that_has_agreed_is_handed_anything(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        with nothing_more(scene, FOUNDATION, "hosts@hall.example", "help@sister.example"):
            for target in ("hosts", "police", "kit@acme.example"):
                await say(scene, "amara", f"#transfer {target}", WHY)
                refusal = told(scene, "amara")
                assert "foundation, sister" in refusal or "needs one word more" in refusal
                assert "Nothing was run" in refusal
            await say(scene, "amara")
            assert "#transfer foundation" in told(scene, "amara") and "Nothing was run" in told(scene, "amara")
            await say(scene, "amara", text="Please: I know Kit from the harmonica class. Ask jun@example.net")
            assert "a member's address" in told(scene, "amara") and not scene.all("confirm", "amara")


async def test_a_changed_address_in_the_file_takes_no_report_along(tmp_path: Path) -> None:
    """Who said so first meant another address: the two have to mean the same."""
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        elsewhere = "conduct@elsewhere.example"
        with nothing_more(scene, FOUNDATION, elsewhere):
            await say(scene, "amara", text=WHY)
            assert f"foundation <{FOUNDATION}>" in told(scene, "jun", "notice") and FOUNDATION in told(scene, "amara")
            await scene.change_committee(file().replace(FOUNDATION, elsewhere))
            await say(scene, "jun", text=WHY)
            assert f"foundation <{elsewhere}>" in told(scene, "amara", "notice")
        await say(scene, "amara", text=WHY)
        assert len(scene.all(to=elsewhere)) == 1 and not scene.all(to=FOUNDATION)


async def test_a_report_of_that_body_itself_does_not_go_back_to_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene, sender=f"The foundation <{FOUNDATION}>")
        with nothing_more(scene, FOUNDATION):
            await say(scene, "amara", text=WHY)
        assert "one of somebody who is involved" in told(scene, "amara")


async def test_with_nobody_else_left_the_owner_is_asked_once_more_and_that_is_enough(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        for who in ("jun", "noor", "ivo", "sam"):
            await scene.answer(scene.last("forward", who), tag="#recuse")
        with nothing_more(scene, FOUNDATION):
            await say(scene, "amara", text=WHY, yes=False)
        with nothing_more(scene, "jun", "noor", "ivo", "sam"):
            await say_yes(scene, scene.last("confirm", "amara"))
        assert len(scene.all(to=FOUNDATION)) == 1 and "Nobody else has this case" in told(scene, "amara")
        await scene.answer(scene.last("forward", "amara"), tag="#doc")
        assert "by Amara Obi (nobody else had the case)" in told(scene, "amara", "document")


@pytest.mark.parametrize("why", ["no address", "optout", "policy"])
async def test_who_is_not_told_of_it_stands_on_record(tmp_path: Path, why: str) -> None:
    text = file(override="{reporter.tell_on_transfer: false}") if why == "policy" else file()
    async with Scene(tmp_path, committee=text) as scene:
        if why == "no address":
            message = scene.write("a@x.example", "conduct@example.org", "Last night", "Kit shouted.", proven=False)
            message.replace_header("From", "a@x.example, b@x.example")
            await scene.send(message)
            await scene.answer(scene.last("forward", "amara"), tag="#own")
        else:
            await owned(scene)
        if why == "optout":
            await scene.answer(scene.last("forward", "amara"), tag="#optout")
        await say(scene, "amara", text=WHY)
        await say(scene, "jun")
        assert len(scene.all(to=FOUNDATION)) == 1 and not scene.all("status")
        await scene.answer(scene.last("forward", "amara"), tag="#doc")
        said = {"no address": "no contact", "optout": "wants no mail", "policy": "by the procedure"}[why]
        assert f"the reporter was not told{', ' if why == 'policy' else ': '}{said}" in told(scene, "amara", "document")


async def test_what_the_reporter_adds_later_goes_there_only_when_two_say_so_again(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        await ask(scene)
        await say(scene, "amara", text=WHY)
        await say(scene, "jun")
        assert "handed to another body" in told(scene, "noor", "tally")
        with nothing_more(scene, FOUNDATION):
            await scene.answer(scene.last("status", ROBIN), "Please do not tell the foundation: Kit works there.")
            assert "What stands here has not gone there." in told(scene, "noor", "forward")
            await say(scene, "amara", text="More of it.")
        since = scene.mark()
        await say(scene, "sam")
        (more,) = scene.all(to=FOUNDATION)[1:]
        assert "Kit works there" in more.text and "near the stage" not in more.text and "More of it." in more.text
        assert ROBIN not in {mail.recipient for mail in scene.smarthost.delivered[since:]}
        await say(scene, "amara", text="Again.")
        assert "with all that the reporter wrote. Nothing changes." in told(scene, "amara")
        # Its answer reaches those who have the case, and puts nobody out of it.
        with nothing_more(scene, ROBIN):
            await scene.answer(more, "Dear Jun Sato, dear Ivo Petrov: we have it.", sender=FOUNDATION)
        assert all("we have it" in scene.last("forward", who).text for who in HANDLES)
        await scene.answer(scene.last("forward", "jun"), tag="#reopen")
        assert "is taken up again" in told(scene, "jun")
        assert (await scene.case()).target is None


async def test_while_only_the_watchers_have_it_nothing_is_handed_over(tmp_path: Path) -> None:
    async with Scene(
        tmp_path, committee=file(policy="chaoss", triage="{size: 1, order: [amara]}", more_members=RUTH)
    ) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        with nothing_more(scene, FOUNDATION):
            await say(scene, "amara", text=WHY)
        assert "#transfer foundation: not now" in told(scene, "amara")


ORDER = "To: the district court\nGround: order 12/26 of 3 November\nWhat: the report and D1"


async def test_what_the_law_obliges_to_is_put_on_record_by_two_and_sent_by_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        since = scene.mark()
        await say(scene, "amara", "#disclose legal", "To: the district court")
        assert "Ground:" in told(scene, "amara") and "Nothing was run" in told(scene, "amara")
        await say(scene, "amara", "#disclose legal", ORDER)
        assert "order 12/26" in told(scene, "jun", "notice")
        assert not [mail for mail in scene.smarthost.delivered[since:] if not mail.recipient.endswith("@example.net")]
        await say(scene, "jun", "#disclose legal")
        receipt = told(scene, "jun")
        assert "I have sent nothing" in receipt and "Whether the police hears of it otherwise" in receipt
        (word,) = scene.all("status", ROBIN)
        assert "because the law obliges it to" in " ".join(word.text.split()) and "court" not in word.text
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        document = told(scene, "sam", "document")
        assert "Given to the district court" in document and "order 12/26 of 3 November" in document
        assert "the report and D1" in document and "by Amara Obi and Jun Sato" in document


async def test_where_a_court_forbids_it_the_reporter_is_not_told_and_the_reason_stands_there(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        with nothing_more(scene, ROBIN):
            await say(scene, "amara", "#disclose legal", f"Reporter: no\n{ORDER}")
            assert "needs a reason" in told(scene, "amara")
            await say(scene, "amara", "#disclose legal", f"Reporter: no, the order forbids it until May\n{ORDER}")
            await say(scene, "jun", "#disclose legal")
        assert "Please do not tell them otherwise" in told(scene, "jun")
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        assert "the reporter was not told: the order forbids it until May" in told(scene, "sam", "document")


async def test_what_was_asked_for_could_not_be_taken_back_once_the_file_had_lost_its_targets(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file()) as scene:
        await owned(scene)
        await say(scene, "amara", text=WHY)
        await scene.reload(committee_file())
        await say(scene, "amara", "#transfer foundation stop")
        assert "Not possible" not in told(scene, "amara")
        assert not (await scene.case()).proceedings.outward.requests
