"""Nobody commands the daemon in a member's name without proof; who cannot prove it is asked at their own address."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scene import AUTHSERV, Scene, committee_file, nothing_more


async def test_unproven_words_are_passed_to_nobody_until_the_member_confirms(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), "Words without proof.", proven=False)
        (asked,) = scene.smarthost.delivered[since:]
        assert asked.kind == "confirm" and asked.recipient == "amara@example.net"
        assert "Words without proof" not in asked.content.decode()

        address, subject = asked.link("Yes")
        await scene.send(scene.write("amara@example.net", address, subject, ""), address)
        assert scene.recipients("forward", since) == {"jun", "noor", "ivo", "sam"}
        assert "Words without proof." in scene.last("forward", "jun").text


async def test_a_confirm_address_works_once_and_for_a_day(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), "One.", proven=False)
        first, _ = scene.last("confirm", "amara").link("Yes")
        await scene.answer(scene.last("forward", "amara"), "Two.", proven=False)
        second, _ = scene.last("confirm", "amara").link("Yes")
        await scene.send(scene.write("amara@example.net", first, "Yes", ""), first)
        since = scene.mark()
        await scene.send(scene.write("amara@example.net", first, "Yes", "again"), first)
        await scene.pass_time(timedelta(hours=25))
        await scene.send(scene.write("amara@example.net", second, "Yes", ""), second)
        kinds = [mail.kind for mail in scene.smarthost.delivered[since:] if mail.kind != "reminder"]
        assert kinds == ["receipt"]
        assert "too late" in scene.last("receipt", "amara").text
        assert (await scene.reasons())["dead-confirm"] == 2


async def test_a_program_that_answers_a_confirm_mail_confirms_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#recuse", proven=False)
        address, _ = scene.last("confirm", "amara").link("Yes")
        for headers in ({"Auto-Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List-Id": "<x>"}):
            robot = scene.write("amara@example.net", address, "Out of office", "Away.", headers=headers)
            await scene.send(robot, address)
        assert not scene.all("receipt")
        await scene.pass_time(timedelta(hours=25))
        since = scene.mark()
        await scene.answer(scene.last("forward", "jun"), "More.")
        assert "amara" in scene.recipients("forward", since)


async def test_a_forged_recusal_delays_mail_but_takes_nothing_away(tmp_path: Path) -> None:
    """Domain scenario 20: no change, the member is asked by mail."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "noor"), tag="#recuse", proven=False)
        asked = scene.last("confirm", "noor")
        assert "#recuse" in asked.text and "24 hours" in asked.text
        with nothing_more(scene, "noor"):
            await scene.answer(scene.last("forward", "amara"), "Meanwhile.")
        since = scene.mark()
        await scene.answer(asked, "That was not me.")
        await scene.pass_time(timedelta(minutes=10))
        got = [mail.kind for mail in scene.smarthost.delivered[since:] if mail.recipient == "noor@example.net"]
        assert sorted(got) == ["forward", "receipt"]
        assert "it was not you" in scene.last("receipt", "noor").text
        assert "Meanwhile." in scene.last("forward", "noor").text


async def test_a_pause_that_nobody_answers_ends_by_itself(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "noor"), tag="#recuse", proven=False)
        await scene.answer(scene.last("forward", "amara"), "Meanwhile.")
        await scene.pass_time(timedelta(hours=24, minutes=10))
        assert "Meanwhile." in scene.last("forward", "noor").text


async def test_a_confirmed_recusal_stops_what_waited(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "noor"), tag="#recuse", proven=False)
        await scene.answer(scene.last("forward", "amara"), "Meanwhile.")
        address, _ = scene.last("confirm", "noor").link("Yes")
        await scene.send(scene.write("noor@example.net", address, "Yes", ""), address)
        await scene.pass_time(timedelta(hours=30))
        assert scene.last("receipt", "noor").text.count("You have withdrawn") == 1
        assert not any("Meanwhile" in mail.text for mail in scene.all(to="noor"))


async def test_a_live_token_used_from_another_address_is_asked_about_at_the_members_own(tmp_path: Path) -> None:
    """Domain scenario 21: a member forwarded the mail; the outsider's answer reaches nobody."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), "I am not Amara.", sender="eve@elsewhere.example")
        (asked,) = scene.smarthost.delivered[since:]
        assert (asked.kind, asked.recipient) == ("confirm", "amara@example.net")
        assert "not" in asked.text and "registered" in asked.text
        assert len(await scene.cases()) == 1


@pytest.mark.parametrize(
    "results",
    [
        "evil.example; dmarc=pass header.from=example.net",
        f"{AUTHSERV}; dmarc=pass header.from=evil.example",
        f"{AUTHSERV}; dkim=pass header.d=evil.example",
        f"{AUTHSERV}; spf=pass smtp.mailfrom=amara@example.net",
        f"{AUTHSERV}; dmarc=none header.from=example.net",
        f"{AUTHSERV}; dkim=pass (dmarc=pass) header.d=evil.example",
    ],
)
async def test_what_proves_nothing(tmp_path: Path, results: str) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        mail = scene.last("forward", "amara")
        since = scene.mark()
        forged = scene.write("amara@example.net", "x", f"Re: {mail.message['Subject']} #recuse", "", answers=mail)
        raw = f"Authentication-Results: {results}\r\n".encode() + forged.as_bytes()
        await scene.send(raw, str(mail.message["Reply-To"]))
        assert scene.recipients("receipt", since) == set()
        assert scene.recipients("confirm", since) == {"amara"}


@pytest.mark.parametrize(
    "results",
    [
        f"{AUTHSERV}; dmarc=pass header.from=example.net",
        f"{AUTHSERV}; dkim=pass header.d=example.net",
        f"{AUTHSERV}; dkim=pass header.d=mail.example.net; dmarc=none",
    ],
)
async def test_what_proves_the_sender(tmp_path: Path, results: str) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        mail = scene.last("forward", "amara")
        written = scene.write("amara@example.net", "x", f"Re: {mail.message['Subject']} #recuse", "", answers=mail)
        raw = f"Authentication-Results: {results}\r\n".encode() + written.as_bytes()
        await scene.send(raw, str(mail.message["Reply-To"]))
        assert scene.recipients("receipt") == {"amara"}


async def test_results_that_stand_below_the_borders_received_are_the_senders_own_words(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        mail = scene.last("forward", "amara")
        forged = scene.write(
            "amara@example.net", "x", f"Re: {mail.message['Subject']} #recuse", "", proven=True, answers=mail
        )
        raw = b"Received: from evil.example by mx.example.org with ESMTP; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
        await scene.send(raw + forged.as_bytes(), str(mail.message["Reply-To"]))
        assert not scene.all("receipt") and scene.recipients("confirm") == {"amara"}


async def test_two_from_addresses_prove_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        mail = scene.last("forward", "amara")
        forged = scene.write(
            "amara@example.net", "x", f"Re: {mail.message['Subject']} #recuse", "", proven=True, answers=mail
        )
        raw = forged.as_bytes().replace(
            b"From: amara@example.net", b"From: amara@example.net\r\nFrom: eve@elsewhere.example"
        )
        await scene.send(raw, str(mail.message["Reply-To"]), sender="eve@elsewhere.example")
        assert not scene.all("receipt")


async def test_where_the_committee_trusts_tokens_a_token_and_its_owners_from_suffice(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(trust="{level: token}")) as scene:
        await scene.report()
        forward = scene.last("forward", "amara")
        await scene.answer(forward, tag="#clear", proven=False)
        assert scene.recipients("receipt") == {"amara"}
        since = scene.mark()
        await scene.answer(forward, "Not hers.", sender="eve@elsewhere.example", proven=False)
        assert scene.recipients("confirm", since) == {"amara"}


async def test_right_sender_but_another_case_named_is_asked_about(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("First.")
        first = scene.last("forward", "amara")
        await scene.report("Second.", sender="Kim <kim@visitors.example>")
        second = scene.last("forward", "amara")
        since = scene.mark()
        await scene.answer(first, "Which?", subject=str(second.message["Subject"]))
        assert scene.recipients("confirm", since) == {"amara"}
        assert scene.recipients("forward", since) == set()


async def test_a_reply_address_with_a_new_subject_and_no_reference_is_asked_about_but_a_recusal_runs(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward = scene.last("forward", "amara")
        await scene.answer(forward, "Hello all.", subject="Hello", threaded=False)
        assert scene.recipients("confirm") == {"amara"}
        await scene.answer(forward, subject="#recuse", threaded=False)
        assert "You have withdrawn" in scene.last("receipt", "amara").text


async def test_references_alone_choose_a_case_only_for_a_proven_member(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward = scene.last("forward", "amara")
        since = scene.mark()
        await scene.answer(forward, "To the alias, proven.", to="conduct@example.org")
        assert scene.recipients("forward", since) == {"jun", "noor", "ivo", "sam"}
        since = scene.mark()
        await scene.answer(forward, "To the alias, unproven.", to="conduct@example.org", proven=False)
        assert scene.recipients("confirm", since) == {"amara"}
        assert scene.recipients("forward", since) == set()
        assert len(await scene.cases()) == 1


async def test_a_reporter_from_another_address_is_a_new_case_that_keeps_the_same_people_out(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")
        ack = scene.all("ack")[0]
        since = scene.mark()
        await scene.answer(ack, "From my other address.", sender="robin@second.example")
        assert len(await scene.cases()) == 2
        assert scene.recipients("forward", since) == {"amara", "jun", "noor", "sam"}
        assert "may belong to an earlier case" in scene.last("forward", "amara").text


async def test_nobody_was_told_to_which_earlier_case_a_report_may_belong(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")
        earlier, ack = await scene.case(), scene.all("ack")[0]
        await scene.answer(ack, "From my other address.", sender="robin@second.example")
        forward = scene.last("forward", "amara")
        assert "may belong to an earlier case" in forward.text and "#related" in forward.text
        # The name is in no text that members quote to each other, and to those who come in later.
        assert earlier.code_name not in forward.text
        address, subject = forward.link("#cases")
        since = scene.mark()
        await scene.answer(forward, to=address, subject=subject)
        receipt = scene.last("receipt", "amara")
        assert scene.recipients("receipt", since) == {"amara"} and earlier.code_name in receipt.text


async def test_a_party_who_writes_anew_inherits_who_was_kept_out_before(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.", to="conduct+not-jun@example.org")
        await scene.answer(scene.last("forward", "noor"), tag="#recuse")
        since = scene.mark()
        await scene.report("And then something else.", subject="Another thing")
        assert len(await scene.cases()) == 2
        assert scene.recipients("forward", since) == {"amara", "ivo", "sam"}


async def test_a_party_who_excludes_a_member_does_so_in_the_open_case_at_once(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.")
        await scene.report("Please keep Sam away.", to="conduct+not-sam@example.org", subject="One request")
        with nothing_more(scene, "sam"):
            await scene.answer(scene.all("ack")[0], "More of the first.")


async def test_a_member_is_asked_at_most_five_times_a_day(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for number in range(7):
            await scene.answer(scene.last("forward", "amara"), f"Number {number}", proven=False)
        assert len(scene.all("confirm")) == 5
        assert "last question" in scene.last("confirm", "amara").text
        assert (await scene.reasons())["held-unproven"] == 7


async def test_one_open_question_a_member_and_command(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for text in ("a", "b"):
            await scene.answer(scene.last("forward", "amara"), text, tag="#clear", proven=False)
        assert len(scene.all("confirm")) == 1


async def test_tags_of_people_outside_are_plain_text(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Words.", subject="#recuse #vote yes [home shelf]")
        assert not scene.all("receipt")
        assert "Subject: #recuse #vote yes [home shelf]" in scene.last("forward", "amara").text


async def test_a_member_without_a_case_asks_for_help_and_names_a_case_that_is_none(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.send(scene.write("amara@example.net", "conduct@example.org", "#help", "", proven=True))
        assert "#recuse" in scene.last("receipt", "amara").text
        await scene.send(scene.write("amara@example.net", "conduct@example.org", "#recuse [no such]", "", proven=True))
        assert "No such case for you" in scene.last("receipt", "amara").text
        assert await scene.cases() == []
