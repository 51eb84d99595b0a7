"""Letters to the reported person and to others outside: who reads them first, what stops them, where answers go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scene import HANDLES, Scene, committee_file, nothing_more

KIT = "kit@acme.example"
ROBIN = "robin@visitors.example"
OUTSIDE = (KIT, ROBIN, "venue@hall.example")
LETTER = "Dear Kit,\n\nat the spring meeting you shouted at other people. Please do not do so again."
REPORT = "Kit Larsen pushed me off the stage stairs on Friday evening while Dana Cole was watching us."
QUOTING = f"""{REPORT}

On Saturday Kit Larsen wrote:
> you are a fat cow and nobody wants you here any more

--
He left me lying there alone until the hall was closed.
"""


async def judged(scene: Scene, text: str = REPORT, **how: str) -> None:
    """A report on Kit, which the members have judged."""
    await scene.report(text, **how)
    await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen" #scope in')
    await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:maybe")


async def propose(scene: Scene, text: str, tag: str = "#reported", who: str = "amara") -> None:
    await scene.answer(scene.last("forward", who), text, tag=tag, threaded=False)


def refused(scene: Scene, who: str = "amara") -> str:
    return " ".join(scene.last("receipt", who).text.split())


async def test_one_drafts_another_sends_and_the_answer_goes_to_those_who_have_the_case(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        with nothing_more(scene, *OUTSIDE):
            await propose(scene, f"To: {KIT}\n\n{LETTER}")
        draft = scene.last("draft", "jun").text
        assert "a draft to Kit Larsen (the reported person), by Amara Obi" in draft and f"go to {KIT}" in draft
        with nothing_more(scene, ROBIN):
            await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        (letter,) = scene.all(to=KIT)
        assert letter.text.strip() == LETTER and letter.message["Subject"] == "A message for you"
        assert "amara" not in letter.content.decode().casefold() and not letter.message["Cocmail-Case"]
        with nothing_more(scene, ROBIN, KIT):
            await scene.answer(letter, "I did not mean it. Amara Obi knows me.", sender=f"Kit Larsen <{KIT}>")
        assert all("Kit Larsen (the reported person) answered:" in scene.last("forward", who).text for who in HANDLES)
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        document = scene.last("document", "sam").text
        assert "To Kit Larsen. D1, written by Amara Obi, sent by Jun Sato" in " ".join(document.split())
        assert "I did not mean it." in document


async def test_the_reported_person_puts_nobody_out_by_naming_them(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        letter = scene.last("outreach", KIT)
        to = str(letter.message["Reply-To"])
        reply = scene.write(
            f"Kit Larsen <{KIT}>", to, "Re: A message for you", "Ivo Petrov is my enemy.", answers=letter
        )
        await scene.send(reply, [to, "conduct+not-sam@example.org"])
        await scene.send(reply, "conduct+not-noor@example.org")
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), "Thank you all.")
        assert scene.recipients("forward", since) == set(HANDLES) - {"amara"}


MUST_NOT_READ = [
    ("You pushed me off the stage stairs on Friday evening while somebody was watching.", "words of the report"),
    ("Robin says that you shouted.", "who reported it"),
    (f"Please write to {ROBIN}.", "who reported it"),
    ("Dana Cole saw it.", "who reported it, or was there"),
    ("Dana is still hurt.", "who reported it, or was there"),
    ("As robin_v wrote, you shouted.", "who reported it"),
    ("See chat.example/robinvale, you know what I mean.", "who reported it"),
    ("Robins Bericht liegt uns vor.", "who reported it"),
    ("you are a fat cow and nobody wants you here any more", "words of the report"),
    ("You left me lying there alone until the hall was closed.", "words of the report"),
    ("You ruined the whole spring meeting for all of us.", "words of the report"),
    ("You can reach me at amara (at) example dot net.", "a member's address"),
    ("> Let us be kind to Kit this time.\nPlease stop.", "a quoted mail"),
    ("I think he should be warned before the next meeting begins.", "the committee's talk"),
]


async def test_what_the_reported_person_must_not_read_stops_the_letter(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene, QUOTING, subject="He ruined the whole spring meeting for all of us")
        await scene.answer(scene.last("forward", "amara"), tag='#party witness "Dana Cole"')
        await scene.answer(scene.last("forward", "jun"), "I think he should be warned before the next meeting begins.")
        for text, told in MUST_NOT_READ:
            with nothing_more(scene, *OUTSIDE, "jun", "noor", "ivo", "sam"):
                await propose(scene, f"To: {KIT}\n\nDear Kit,\n\n{text}")
            assert told in refused(scene), text


async def test_what_was_decided_may_be_told_to_the_reported_person_and_to_nobody_else(tmp_path: Path) -> None:
    decided = "you do not come to our meetings until the end of next year"
    async with Scene(tmp_path) as scene:
        await judged(scene)
        motion = f"Finding: he did it.\nPlan: a talk.\nConsequence: {decided}.\nIf refused: for good."
        await scene.answer(scene.last("forward", "amara"), motion, tag="#motion outcome")
        for handle in HANDLES:
            await scene.answer(scene.last("vote", handle), tag="#vote yes")
        await propose(scene, f"To: {KIT}\n\nDear Kit, {decided}.")
        assert "Your draft is D1." in refused(scene)
        await propose(scene, f"To: venue@hall.example\n\nKnow that {decided}.", tag='#contact "The venue"')
        assert "words of the report, or of the committee's talk" in refused(scene)


async def test_an_address_is_given_once_and_can_be_changed(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, LETTER)
        assert "I do not know an address of Kit Larsen" in refused(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await propose(scene, "Dear Kit, one more thing.")
        await scene.answer(scene.last("draft", "jun"), tag="#send D2")
        assert scene.last("outreach", KIT).text.strip() == "Dear Kit, one more thing."
        await propose(scene, "To: <Kit@Elsewhere.example>\nDear Kit, hello there.")
        await scene.answer(scene.last("draft", "jun"), tag="#send D3")
        assert scene.last("outreach", "kit@elsewhere.example").text.strip() == "Dear Kit, hello there."
        # The first draft was seen with the first address.
        with nothing_more(scene, *OUTSIDE, "kit@elsewhere.example"):
            await scene.answer(scene.all("draft", "jun")[0], tag="#send D1")
        assert "D1 was drafted for another address" in refused(scene, "jun")


async def test_who_became_a_member_gets_no_letter_as_somebody_outside(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        kit = f"- {{handle: kit, name: Kit Larsen, email: {KIT}}}"
        await scene.change_committee(committee_file(more_members=kit))
        with nothing_more(scene, KIT):
            await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        assert "that address is a member's" in refused(scene, "jun")


WRONG_ADDRESSES = [
    (ROBIN, "that address is the reporter's"),
    (f"{ROBIN},", "that address is the reporter's"),
    (f"mailto:{ROBIN}", "that address is the reporter's"),
    (f"Kit <{ROBIN}>", "that address is the reporter's"),
    ("jun@example.net;", "that address is a member's"),
    (f"{KIT}, dana@acme.example", "I do not know an address"),
    ("a,b@acme.example", "I do not know an address"),
    ('k"it@acme.example', "I do not know an address"),
    ("kit@[127.0.0.1].x", "I do not know an address"),
    ("ADDRESS", "I do not know an address"),
    ("jun@example.net", "that address is a member's"),
    ("conduct+jun@example.org", "that address is this committee's own"),
    ("nowhere", "I do not know an address"),
    ("kit@", "I do not know an address"),
]


async def test_a_letter_to_the_wrong_address_is_not_even_drafted(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        for address, told in WRONG_ADDRESSES:
            with nothing_more(scene, *OUTSIDE, "jun", "sam"):
                await propose(scene, f"To: {address}\n\n{LETTER}")
            assert told in refused(scene), address


async def test_nobody_outside_is_written_to_before_it_is_judged_whether_it_is_safe(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report(REPORT)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        assert "nobody is noted as the reported person yet" in refused(scene)
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen"')
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        assert "please put on record whether the Code of Conduct covers it, and how you judge the risk" in refused(
            scene
        )
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Lee Larsen"')
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        assert "there are several reported people" in refused(scene) and not scene.all("draft")


async def test_a_stranger_with_the_reply_address_of_the_reported_person_is_not_taken_for_them(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        await scene.answer(scene.last("outreach", KIT), "I am Kit.", sender="Somebody <else@acme.example>")
        assert len(await scene.cases()) == 2


async def test_the_reporter_is_not_told_what_the_reported_person_wrote(tmp_path: Path) -> None:
    said = "I was tired that evening and I am sorry for every word of it."
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        await scene.answer(scene.last("outreach", KIT), said, sender=f"Kit Larsen <{KIT}>")
        await propose(scene, f"Dear Robin, Kit wrote: {said}", tag="#reporter")
        assert "words of the committee's own talk" in refused(scene)


@pytest.mark.parametrize(
    "line", [f"To: Kit Larsen <{KIT}>", f"*To:* {KIT}", f"To:\u00a0{KIT} <mailto:{KIT}>", f"to: {KIT};"]
)
async def test_an_address_is_understood_as_mail_programs_write_it(tmp_path: Path, line: str) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"{line}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        assert scene.last("outreach", KIT).text.strip() == LETTER


async def test_the_reported_person_emptied_the_reporters_case_by_a_mail_in_the_reporters_name(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        token = str(scene.last("outreach", KIT).message["Reply-To"])
        forged = scene.write(f"Robin <{ROBIN}>", token, "About it", "Please read this.")
        await scene.send(forged, [token, *(f"conduct+not-{handle}@example.org" for handle in HANDLES)])
        case = await scene.case(0)
        assert len([place for place in case.members.values() if place.level]) >= 2


async def test_a_case_for_one_member_was_shown_to_all_by_an_answer_to_the_alias(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report(REPORT, to="conduct+amara@example.org")
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen" #scope in')
        await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:maybe")
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "amara"), tag="#send D1")
        address, _ = scene.last("confirm", "amara").link("confirm-")
        await scene.send(scene.write("amara@example.net", address, "Yes", "", proven=True), address)
        letter = scene.last("outreach", KIT)
        with nothing_more(scene, "jun", "noor", "ivo", "sam"):
            await scene.answer(letter, "I did not.", sender=f"Kit <{KIT}>", to="conduct@example.org")
        assert "I did not." in scene.last("forward", "amara").text


async def test_a_decision_that_quotes_the_report_is_no_way_to_send_the_quote(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        finding = "Kit Larsen pushed me off the stage stairs on Friday evening"
        motion = f"Finding: {finding}.\nPlan: a talk.\nConsequence: a warning.\nIf refused: for good."
        await scene.answer(scene.last("forward", "amara"), motion, tag="#motion outcome")
        for handle in HANDLES:
            await scene.answer(scene.last("vote", handle), tag="#vote yes")
        await propose(scene, f"To: {KIT}\n\nDear Kit, we found that {finding}.")
        assert "words of the report" in refused(scene)


async def test_a_decision_that_quotes_the_reported_person_is_no_way_to_tell_the_reporter(tmp_path: Path) -> None:
    said = "I was tired that evening and I am sorry for every word of it"
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        await scene.answer(scene.last("outreach", KIT), f"{said}.", sender=f"Kit Larsen <{KIT}>")
        motion = f"Finding: Kit says: {said}.\nPlan: a talk.\nConsequence: a warning.\nIf refused: for good."
        await scene.answer(scene.last("forward", "amara"), motion, tag="#motion outcome")
        for handle in HANDLES:
            await scene.answer(scene.last("vote", handle), tag="#vote yes")
        await propose(scene, f"Dear Robin, Kit told us: {said}.", tag="#reporter")
        assert "words of the committee's own talk" in refused(scene)


@pytest.mark.parametrize("sender", ["Kit <kit@home.example>", "Kit <kit@elsewhere.example>"])
@pytest.mark.parametrize("to", ["", "conduct@example.org"])
async def test_the_reported_person_answered_from_home_and_became_the_reporter_who_is_written_to(
    tmp_path: Path, sender: str, to: str
) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        home = sender.partition("<")[2].strip(">")
        with nothing_more(scene, home):
            await scene.answer(scene.last("outreach", KIT), "It is me.", sender=sender, to=to)
            told = " ".join(scene.last("forward", "amara").text.split())
            assert "answers a letter of yours to somebody outside" in told and home in told
            text = "Dear Robin, you told us about Kit Larsen and Friday."
            await scene.answer(scene.last("forward", "amara"), text, tag="#reporter")
            await scene.pass_time(timedelta(days=15))
        assert "The reporter left no address" in refused(scene)


async def test_the_reported_persons_answer_to_the_public_address_came_as_a_new_report(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await judged(scene)
        await propose(scene, f"To: {KIT}\n\n{LETTER}")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        with nothing_more(scene, KIT):
            await scene.answer(
                scene.last("outreach", KIT), "I did not.", sender=f"Kit <{KIT}>", to="conduct@example.org", proven=True
            )
        assert "Kit Larsen (the reported person) answered:" in scene.last("forward", "sam").text
        assert len(await scene.cases()) == 1


async def test_a_reporter_whom_the_one_member_left_waiting_could_not_write_to_the_others(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report(REPORT, to="conduct+amara@example.org")
        ack = scene.last("ack", ROBIN)
        await scene.answer(ack, "She does not answer.", sender="R <r@home.example>", to="conduct@example.org")
        assert scene.recipients("forward") == set(HANDLES)
