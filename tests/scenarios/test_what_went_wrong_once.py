"""Mistakes that were found by reading and trying, each named after what it would have done to people."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from cocmail.core.model import Mail
from cocmail.mail.reader import Reader
from cocmail.store import outbox, spool
from scene import ALIAS, HANDLES, NAMES, Scene, committee_file, nothing_more

LEE = "- {handle: lee, name: Lee Wong, email: lee@example.net, role: alternate}"
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
EVERYBODY_BUT = "conduct+" + "+".join(f"not-{handle}" for handle in HANDLES) + "@example.org"
ONE = "- {handle: jun, name: Jun Sato, email: jun@example.net}"
TARGET = "{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"


def roster(*handles: str, **emails: str) -> str:
    lines = (f"- {{handle: {h}, name: {NAMES[h]}, email: {emails.get(h, h + '@example.net')}}}" for h in handles)
    return "\n".join(lines)


# Who gets in


async def test_a_forged_mail_that_excluded_everybody_made_an_alternate_the_only_reader(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(more_members=LEE)) as scene:
        await scene.report("The first report.")
        await scene.report("Forged.", to=EVERYBODY_BUT, proven=False, subject="Other")
        assert not any("The first report." in mail.text for mail in scene.all("forward", "lee"))
        since = scene.mark()
        await scene.answer(scene.all("ack")[0], "More of the first.")
        assert scene.recipients("forward", since) == set(HANDLES)


async def test_unproven_exclusions_take_access_and_the_others_are_told(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("The first report.")
        await scene.report("Keep Sam away.", to="conduct+not-sam@example.org", proven=False, subject="Other")
        assert scene.recipients("notice") == {"amara", "jun", "noor", "ivo"}
        assert "not proven" in scene.last("notice", "amara").text.replace("\n", " ")
        with nothing_more(scene, "sam"):
            await scene.answer(scene.all("ack")[0], "More.")


async def test_a_copy_of_a_held_mail_sent_to_exclusions_took_the_case_from_everybody(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(more_members=LEE)) as scene:
        await scene.report("The report.")
        name = (await scene.case()).code_name
        forged = scene.write("amara@example.net", ALIAS, f"[{name}] hi", "x")
        await scene.send(forged)
        await scene.send(forged, EVERYBODY_BUT)
        assert not scene.all(to="lee")
        since = scene.mark()
        await scene.answer(scene.all("ack")[0], "More.")
        assert scene.recipients("forward", since) == set(HANDLES)


async def test_a_stand_in_who_was_not_looked_for_when_the_report_came_read_about_herself(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun")) as scene:
        await scene.report("Ruth Adler did it.")
        await scene.change_committee(committee_file(members=ONE, chair="jun", more_members=RUTH))
        since = scene.mark()
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert not scene.all("forward", to="ruth@mediation.example")
        assert scene.recipients("notice", since) == {"ops@example.com"}


async def test_a_stand_in_whom_the_members_talked_about_read_what_they_said(tmp_path: Path) -> None:
    two = roster("amara", "jun")
    async with Scene(tmp_path, committee=committee_file(members=two, more_members=f"{LEE}\n{RUTH}")) as scene:
        await scene.report("Somebody did it.")
        await scene.answer(scene.last("forward", "amara"), "I think Lee Wong did it.")
        await scene.answer(scene.last("forward", "amara"), tag="#recuse")
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert not scene.all(to="lee")
        assert len(scene.all("forward", "ruth@mediation.example")) == 2


async def test_a_new_handle_at_an_excluded_address_stepped_in(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun", more_members=LEE)) as scene:
        await scene.report("Words.", to="conduct+not-lee@example.org")
        renamed = LEE.replace("handle: lee", "handle: leew")
        await scene.change_committee(committee_file(members=ONE, chair="jun", more_members=renamed))
        with nothing_more(scene, "lee"):
            await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert not scene.all("forward", to="lee")


async def test_when_both_watchers_withdraw_the_next_members_watch(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.", to="conduct+nobody@example.org")
        for handle in ("amara", "jun"):
            await scene.answer(scene.last("forward", handle), tag="#recuse")
        assert {"noor", "ivo"} <= scene.recipients("forward")
        assert "ops@example.com" not in scene.recipients("notice")


async def test_a_handle_that_went_to_another_person_carried_its_cases_over(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        old = scene.last("forward", "jun")
        name = (await scene.case()).code_name
        changed = committee_file().replace("Jun Sato", "June Smith").replace("jun@example.net", "june@example.net")
        await scene.change_committee(changed)
        since = scene.mark()
        await scene.answer(old, "I am the old Jun.", proven=False)
        await scene.answer(old, "I am the new June.", sender="june@example.net")
        ask = scene.write("june@example.net", ALIAS, f"[{name}] #clear", "", proven=True)
        await scene.send(ask)
        for mail in scene.smarthost.delivered[since:]:
            assert mail.recipient == "june@example.net" and mail.kind == "receipt"
            assert "o such case for you" in mail.text or "belongs to no case" in mail.text
            assert name not in mail.content.decode()
        await scene.answer(scene.last("forward", "amara"), "Who has it?")
        assert "June" not in scene.last("forward", "noor").text


async def test_a_new_address_beside_the_old_one_moved_an_open_case_to_another_mailbox(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        both = committee_file().replace("email: jun@example.net", "email: jun@new.example, also: [jun@example.net]")
        await scene.change_committee(both)
        await scene.answer(scene.last("forward", "amara"), "More words.")
        assert not scene.all("forward", to="jun@new.example")
        assert "More words." in scene.last("forward", "jun").text
        name = (await scene.case()).code_name
        for tag in ("#cases", "#sheet"):
            await scene.send(scene.write("jun@new.example", ALIAS, tag, "", proven=True))
        told = scene.all(to="jun@new.example")
        assert len(told) > 2 and not any(name in mail.text or name.encode() in mail.content for mail in told)
        # The old mailbox says yes: now it is theirs.
        asked = next(mail for mail in scene.all("confirm", "jun") if "+confirm-" in mail.text)
        address, _ = asked.link("confirm-")
        await scene.send(scene.write("jun@example.net", address, "Yes", "", proven=True), address)
        await scene.answer(scene.last("forward", "amara"), "Even more words.")
        assert "Even more words." in scene.last("forward", "jun@new.example").text


async def test_mail_that_waits_for_a_changed_address_waited_without_a_word(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        await scene.change_committee(committee_file().replace("jun@example.net", "jun@new.example"))
        await scene.answer(scene.last("forward", "amara"), "More words.")
        assert "address was changed" in scene.last("notice", "ops@example.com").text


async def test_somebody_who_left_got_a_receipt_with_a_code_name_that_was_still_queued(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        forward = scene.last("forward", "sam")
        await scene.smarthost.stop()
        await scene.answer(forward, tag="#clear", sender="sam@example.net")
        await scene.change_committee(committee_file(members=roster("amara", "jun", "noor", "ivo")))
        await scene.smarthost.start()
        since = scene.mark()
        await scene.pass_time(timedelta(hours=1))
        mine = [mail for mail in scene.smarthost.delivered[since:] if mail.recipient == "sam@example.net"]
        # Sam is told of the roster, and thanked; of the case there is no word.
        assert {mail.kind for mail in mine} == {"notice"}
        name = (await scene.case()).code_name
        assert not any(name in mail.content.decode() for mail in mine)


async def test_the_last_reader_left_while_the_server_was_down_and_the_report_reached_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun", more_members=LEE)) as scene:
        await scene.smarthost.stop()
        await scene.report("Words.")
        other = "- {handle: kim, name: Kim Ro, email: kim@example.net}"
        await scene.change_committee(committee_file(members=other, chair="kim", more_members=LEE))
        await scene.smarthost.start()
        await scene.pass_time(timedelta(hours=1))
        assert scene.recipients("forward") == {"lee"}


async def test_forged_exclusions_left_exactly_the_reader_whom_the_forger_wanted(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        but_ivo = "conduct+not-amara+not-jun+not-noor+not-sam@example.org"
        await scene.report("Forged.", to=but_ivo, proven=False, subject="Other")
        since = scene.mark()
        await scene.answer(scene.all("ack")[0], "More.")
        assert scene.recipients("forward", since) == set(HANDLES)


async def test_a_report_for_one_was_taken_away_when_the_reporter_thanked_that_one(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(more_members=LEE)) as scene:
        await scene.report("For Amara.", to="conduct+amara@example.org")
        await scene.answer(scene.all("ack")[0], "Thank you, I knew Amara Obi would help.")
        await scene.answer(scene.all("ack")[0], "From Amara's friend.", sender="robin@second.example")
        assert scene.recipients("forward") == {"amara"}
        assert len(scene.all("forward", "amara")) == 3


async def test_a_form_that_everybody_writes_through_got_the_whole_committee_barred(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        form = {"Auto-Submitted": "auto-generated"}
        for name in NAMES.values():
            await scene.report(f"{name} did it.", sender="form@example.com", headers=form)
        since = scene.mark()
        await scene.report("A stranger did it.", sender="form@example.com", headers=form)
        assert scene.recipients("forward", since) == set(HANDLES)


async def test_a_target_added_after_the_alarm_got_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun")) as scene:
        await scene.report("Jun Sato did it.")
        assert len(scene.all("notice", "ops@example.com")) == 1
        await scene.pass_time(timedelta(days=1))
        await scene.daemon.clock.remind()
        await scene.pass_time(timedelta(days=1))
        await scene.daemon.clock.remind()
        await scene.settle()
        assert len(scene.all("notice", "ops@example.com")) >= 2
        await scene.change_committee(committee_file(members=ONE, chair="jun", transfer_targets=TARGET))
        await scene.settle()
        assert "Jun Sato did it." in scene.last("transfer", "conduct@foundation.example").text


async def test_one_damaged_case_kept_the_daemon_from_taking_any_report(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        statement = sqlalchemy.text("update events set mac = x'00'")
        await scene.store.write(lambda tx: tx.run(statement) and None)
        await scene.stop()
        await scene.start()
        await scene.report("Other words.", sender="kim@visitors.example")
        assert "Other words." in scene.last("forward", "amara").text


# What is passed on


async def test_who_left_confirmed_a_held_mail_and_it_became_a_report_to_the_barred(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo did it.")
        name = (await scene.case()).code_name
        await scene.send(scene.write("sam@example.net", ALIAS, f"[{name}] plan", "We should ban him."))
        address, _ = scene.last("confirm", "sam").link("Yes")
        await scene.change_committee(committee_file(members=roster("amara", "jun", "noor", "ivo")))
        since = scene.mark()
        await scene.send(scene.write("sam@example.net", address, "Yes", ""), address)
        assert scene.mark() == since and len(await scene.cases()) == 1


async def test_who_withdrew_confirmed_a_held_mail_and_it_became_a_report(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo did it.")
        name = (await scene.case()).code_name
        await scene.send(scene.write("sam@example.net", ALIAS, f"[{name}] plan", "We should ban him."))
        address, _ = scene.last("confirm", "sam").link("Yes")
        await scene.answer(scene.last("forward", "sam"), tag="#recuse")
        since = scene.mark()
        await scene.send(scene.write("sam@example.net", address, "Yes", ""), address)
        assert len(await scene.cases()) == 1
        assert scene.recipients("forward", since) == set()


async def test_a_target_got_its_own_answers_back_without_end(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun", transfer_targets=TARGET)) as scene:
        await scene.report("Jun Sato did it.")
        handed = scene.all("transfer")[0]
        await scene.answer(handed, "We have it.")
        await scene.answer(handed, "I have it.", sender="anna@foundation.example")
        assert len(scene.all("transfer")) == 1


async def test_mail_that_a_program_sent_in_a_members_name_withdrew_the_member(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        name = (await scene.case()).code_name
        robot = scene.write(
            "sam@example.net", ALIAS, f"[{name}] #recuse", "", proven=True, headers={"Auto-Submitted": "auto-generated"}
        )
        await scene.send(robot)
        assert not scene.all("receipt")
        assert not (await scene.case(0)).barred


async def test_a_reporter_who_wanted_a_sealed_report_read_was_sealed_again(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        sealed = await scene.report("Sealed.", to="conduct+escrow@example.org")
        await scene.report("I want this read.", headers={"References": str(sealed["Message-ID"])}, proven=False)
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_question_to_the_daemon_was_read_by_everybody_because_the_tag_stood_further_up(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        await scene.answer(scene.last("forward", "amara"), tag="#help")
        since = scene.mark()
        await scene.answer(scene.last("receipt", "amara"), "My private question.", tag="#help")
        assert scene.recipients("forward", since) == set()
        assert scene.recipients("receipt", since) == {"amara"}


async def test_a_forward_said_that_people_have_what_only_the_watchers_got(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        await scene.answer(scene.all("ack")[0], "-----BEGIN PGP MESSAGE-----\n\nabcd\n-----END PGP MESSAGE-----\n")
        text = scene.last("forward", "amara").text
        assert "This went to you and to Jun Sato." in text and "encrypted" in text


async def test_a_late_answer_to_a_question_was_taken_for_a_success(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        await scene.answer(scene.last("forward", "amara"), "More.", proven=False)
        address, _ = scene.last("confirm", "amara").link("Yes")
        await scene.pass_time(timedelta(hours=25))
        await scene.send(scene.write("amara@example.net", address, "Yes", ""), address)
        assert "too late" in scene.last("receipt", "amara").text


async def test_the_last_reader_was_told_that_the_others_were_told(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun")) as scene:
        await scene.report("Words.")
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert "other members" not in scene.last("receipt", "jun").text


@pytest.mark.parametrize("how", ["attached text", "attached message", "quotation", "attribution"])
async def test_a_follow_up_that_named_a_member_anywhere_but_in_plain_words_reached_that_member(
    tmp_path: Path, how: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody did it.")
        ack = scene.all("ack")[0]
        text = {"quotation": "> From: Jun Sato\n> Beware.", "attribution": "Yesterday Jun Sato wrote:\n> Beware."}
        token = str(ack.message["Reply-To"])
        more = scene.write("Robin <robin@visitors.example>", token, "Re: x", text.get(how, "See there."), answers=ack)
        if how == "attached text":
            more.add_attachment("Jun Sato did it.", filename="note.txt")
        if how == "attached message":
            more.add_attachment(scene.write("Jun Sato <jun@example.net>", "robin@visitors.example", "Hey", "Beware."))
        with nothing_more(scene, "jun"):
            await scene.send(more, token)
        assert "See there." in scene.last("forward", "amara").text or how not in ("attached text", "attached message")


async def test_an_encrypted_follow_up_went_to_members_whom_it_might_name(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        since = scene.mark()
        armour = "-----BEGIN PGP MESSAGE-----\n\nabcd\n-----END PGP MESSAGE-----\n"
        await scene.answer(scene.all("ack")[0], armour)
        assert scene.recipients("forward", since) == {"amara", "jun"}


@pytest.mark.parametrize("extension", ["amara", "escrow"])
async def test_an_answer_from_another_address_showed_a_report_for_one_to_everybody(
    tmp_path: Path, extension: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("For one alone.", to=f"conduct+{extension}@example.org")
        since = scene.mark()
        await scene.answer(scene.all("ack")[0], "More of it.", sender="robin@second.example")
        assert scene.recipients("forward", since) == ({"amara"} if extension == "amara" else set())


async def test_an_answer_to_a_mail_without_a_case_became_a_report_that_everybody_read(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo did it.")
        ask = scene.write("amara@example.net", ALIAS, "#help", "", proven=True)
        await scene.send(ask)
        since = scene.mark()
        await scene.answer(scene.last("receipt", "amara"), "What I think of Ivo.")
        assert scene.recipients("forward", since) == set()
        assert "passed to nobody" in scene.last("receipt", "amara").text
        assert len(await scene.cases()) == 1


async def test_words_of_members_were_handed_to_a_transfer_target(tmp_path: Path) -> None:
    text = committee_file(members=ONE, chair="jun", transfer_targets=TARGET)
    async with Scene(tmp_path, committee=text) as scene:
        await scene.report("Words.")
        await scene.answer(scene.last("forward", "jun"), "My private words.")
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        assert not scene.all(to="conduct@foundation.example")
        # Jun was told that nobody hears them.
        assert scene.recipients("notice") == {"jun", "ops@example.com"}
        assert not any("My private words." in mail.text for mail in scene.all())


async def test_what_a_reporter_added_never_reached_the_target_that_had_the_report(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun", transfer_targets=TARGET)) as scene:
        await scene.report("Jun Sato did it.")
        await scene.answer(scene.all("ack")[0], "It was at nine.")
        assert [mail.text.count("It was at nine.") for mail in scene.all("transfer")] == [0, 1]


async def test_what_a_reporter_added_to_a_case_without_readers_was_filed_in_silence(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun")) as scene:
        await scene.report("Jun Sato did it.")
        await scene.answer(scene.all("ack")[0], "It was at nine.")
        assert len(scene.all("notice", "ops@example.com")) == 2


async def test_after_the_alias_was_renamed_a_members_words_became_a_report_to_the_barred(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Jun Sato did it.")
        forward = scene.last("forward", "amara")
        renamed = committee_file(address="coc@example.org", aliases=f"[{ALIAS}]")
        await scene.change_committee(renamed)
        since = scene.mark()
        await scene.answer(forward, "My words.")
        assert scene.recipients("forward", since) == {"noor", "ivo", "sam"}
        assert len(await scene.cases()) == 1


async def test_a_misspelt_exclusion_in_the_header_was_ignored(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.", headers={"Cc": "conduct+not-ivvo@example.org"})
        assert scene.recipients("forward") == {"amara", "jun"}


async def test_the_acknowledgement_promised_one_reader_when_another_had_stepped_in(tmp_path: Path) -> None:
    knows_kit = "name: Amara Obi, known_conflicts: [{with: Kit Larsen}],"
    conflicted = roster("amara", "jun").replace("name: Amara Obi,", knows_kit)
    async with Scene(tmp_path, committee=committee_file(members=conflicted, more_members=LEE)) as scene:
        await scene.report("Kit Larsen did it.", to="conduct+amara@example.org")
        assert scene.recipients("forward") == {"lee"}
        assert "Only the member" not in scene.all("ack")[0].text


# Who is kept waiting, and what is lost in silence


async def test_forged_recusals_kept_a_member_from_a_case_for_ever(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.")
        forward = scene.last("forward", "noor")
        await scene.answer(scene.last("forward", "amara"), "Wait for it.", settle=False)
        await scene.answer(forward, tag="#recuse", proven=False)
        for _ in range(3):
            await scene.pass_time(timedelta(hours=20))
            await scene.answer(forward, "again", tag="#recuse", proven=False)
        assert "Wait for it." in scene.last("forward", "noor").text


async def test_a_report_that_took_the_last_reader_of_two_cases_was_shunted_for_ever(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(members=ONE, chair="jun")) as scene:
        await scene.report("One.")
        await scene.report("Two.", to="conduct+not-jun@example.org", subject="Two")
        assert await scene.store.read(spool.shunted) == []
        assert len(await scene.cases()) == 2


async def test_a_copy_that_the_spam_filter_hid_swallowed_the_one_that_was_sent_again(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        mail = scene.write("Robin <robin@visitors.example>", ALIAS, "x", "Words.", headers={"X-Spam-Flag": "YES"})
        await scene.send(mail)
        assert not scene.all()
        del mail["X-Spam-Flag"]
        await scene.send(mail)
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_report_with_x_autoreply_no_was_taken_for_an_automatic_reply(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.", headers={"X-Autoreply": "no"})
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_photo_that_the_server_takes_for_too_large_kept_the_words_from_everybody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.largest = 200_000
        mail = scene.write("Robin <robin@visitors.example>", ALIAS, "With a photo", "The words.")
        mail.add_attachment(b"\xff" * 300_000, maintype="image", subtype="jpeg", filename="photo.jpg")
        await scene.send(mail)
        assert scene.recipients("forward") == set(HANDLES)
        text = scene.last("forward", "sam").text
        assert "The words." in text and "photo.jpg" in text and "Left out" in text


async def test_one_refusal_of_our_own_address_parked_everything_at_once(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.sender_answer = "530 5.7.0 Authentication required"
        await scene.report("Words.")
        rows = await scene.store.read(outbox.listing)
        assert {row.state for row in rows} == {"queued"}
        scene.smarthost.sender_answer = ""
        await scene.pass_time(timedelta(minutes=2))
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_server_that_takes_the_data_and_never_answers_got_the_same_mail_without_end(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.drop_data_of = "jun@example.net"
        await scene.report("Words.")
        for _ in range(8):
            await scene.pass_time(timedelta(hours=13))
        # The report, which is the oldest; reminders that were due meanwhile may wait behind it.
        assert (await scene.store.read(outbox.listing))[0].state == "parked"
        assert "refused for good" in scene.last("notice", "ops@example.com").text


async def test_a_clock_that_ran_ahead_once_kept_mail_back_for_years(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.smarthost.stop()
        scene.offset = timedelta(days=3650)
        await scene.report("Words.")
        scene.offset = timedelta()
        await scene.smarthost.start()
        scene.daemon.outbox.wake.set()
        await asyncio.sleep(0.5)
        await scene.settle()
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_reader_that_fails_for_a_moment_sent_an_empty_report_to_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child that reads is gone, and none can be started: the machine is short of memory."""
    ask = Reader._ask
    async with Scene(tmp_path) as scene:
        broken = [scene.daemon.content_reader]

        async def fails_once(self: Reader, *args: Any, **named: Any) -> Mail:
            if self in broken:
                raise OSError("fork: cannot allocate memory")
            return await ask(self, *args, **named)

        monkeypatch.setattr(Reader, "_ask", fails_once)
        await scene.report("The words.")
        assert not scene.all("forward")
        broken.clear()
        await scene.pass_time(timedelta(minutes=2))
        assert all("The words." in mail.text for mail in scene.all("forward"))
        assert scene.recipients("forward") == set(HANDLES)


async def test_what_cannot_be_taken_apart_reached_the_triage_as_no_text_at_all(tmp_path: Path) -> None:
    deep = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(1200))
    head = b"From: robin@visitors.example\r\nTo: conduct@example.org\r\nSubject: deep\r\nMIME-Version: 1.0\r\n"
    raw = head + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + deep + b"Deep words.\r\n"
    async with Scene(tmp_path) as scene:
        await scene.send(raw, sender="robin@visitors.example")
        assert scene.recipients("forward") == {"amara", "jun"}
        (part,) = scene.last("forward", "amara").message.iter_attachments()
        assert b"Deep words." in part.get_payload(decode=True)
        assert b"Content-Type: multipart/mixed; boundary=b0" not in part.get_payload(decode=True)


async def test_a_line_of_greetings_held_everything_up_for_minutes(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        async with asyncio.timeout(15):
            await scene.report("Hi " * 12_000 + "x1")
            await scene.report("Hi A" + "." * 30_000 + "(", sender="kim@visitors.example")
        assert len(await scene.cases()) == 2


async def test_mail_for_a_committee_that_vanished_waited_unseen(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.daemon.roster.put([], [])
        mail = scene.write("Robin <robin@visitors.example>", ALIAS, "x", "Words.")
        scene.daemon.roster.put(scene.settings().committees, ["ops@example.com"])
        real = scene.daemon.roster.committee
        scene.daemon.roster.committee = lambda committee_id: None  # type: ignore[method-assign]
        await scene.send(mail)
        assert len(await scene.store.read(spool.postponed)) == 1
        await scene.daemon.clock.remind()
        scene.daemon.roster.committee = real  # type: ignore[method-assign]
        await scene.settle()
        assert "no configuration" in scene.last("notice", "ops@example.com").text
        await scene.pass_time(timedelta(hours=2))
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_store_in_a_deep_folder_kept_the_daemon_from_starting(tmp_path: Path) -> None:
    async with Scene(tmp_path / ("deep" * 30)) as scene:
        await scene.report("Words.")
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_long_report_arrives_whole(tmp_path: Path) -> None:
    """Long texts are written in another encoding, since the readable one takes seconds."""
    text = "".join(f"Line {number} with umlauts: äöü.\n" for number in range(8000))
    async with Scene(tmp_path) as scene:
        await scene.report(text)
        assert text.strip() in scene.last("forward", "sam").text


async def test_every_answer_carried_the_links_of_who_wrote_it_which_led_nowhere(tmp_path: Path) -> None:
    """Whoever answers above a quotation quotes what stood at its end: links that would be theirs alone."""
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        forward = scene.last("forward", "amara")
        quoted = "\n".join(f"> {line}" for line in forward.text.splitlines())
        await scene.answer(forward, f"I will write to them: mailto:kit@visitors.example\n\n{quoted}")
        passed_on = scene.last("forward", "jun").text
        above, _, below = passed_on.partition("-- \nTo talk about this case")
        assert "....." not in above and above.count("(link removed)") == forward.text.count("mailto:")
        assert "mailto:kit@visitors.example" in above and "mailto:" in below
