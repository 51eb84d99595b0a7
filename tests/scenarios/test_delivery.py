"""Outgoing mail is never dropped: it waits, it is tried again, it is parked and told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from cocmail.store import outbox
from cocmail.store.tables import OUTBOX
from people import say_yes
from scene import ALIAS, HANDLES, Scene, committee_file


async def waiting(scene: Scene) -> list[outbox.Waiting]:
    return await scene.store.read(outbox.listing)


async def test_54_greylisting_of_one_member_delays_that_member_alone(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["jun@example.net"] = "451 4.7.1 try later, Robin"
        await scene.report()
        assert scene.recipients("forward") == {"amara", "noor", "ivo", "sam"}
        (row,) = await waiting(scene)
        assert (row.attempts, row.code) == (1, "451 4.7.1")
        scene.smarthost.answers.clear()
        await scene.pass_time(timedelta(minutes=1))
        assert "jun" in scene.recipients("forward")
        assert await waiting(scene) == []


async def test_53_a_server_that_is_down_for_five_days_loses_nothing_and_parks_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.smarthost.stop()
        await scene.report()
        for _ in range(12):
            await scene.pass_time(timedelta(hours=12))
        assert all(row.state == "queued" for row in await waiting(scene))
        await scene.smarthost.start()
        await scene.pass_time(timedelta(hours=12))
        assert scene.recipients("forward") == {"amara", "jun", "noor", "ivo", "sam"}
        assert scene.recipients("ack") == {"robin@visitors.example"}


async def test_55_a_permanent_refusal_is_parked_and_told_to_the_admins_without_content(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["jun@example.net"] = "550 5.1.1 no such user jun@example.net"
        await scene.report("Canary words.")
        (row,) = await waiting(scene)
        assert (row.state, row.code) == ("parked", "550 5.1.1")
        (notice,) = scene.all("notice")
        assert notice.recipient == "ops@example.com"
        for word in ("jun", "Canary", "Robin", (await scene.case()).code_name):
            assert word not in notice.content.decode()
        scene.smarthost.answers.clear()
        now = scene.now()
        assert await scene.store.write(lambda tx: outbox.retry(tx, row.id, now))
        await scene.settle()
        assert "Canary words." in scene.last("forward", "jun").text


async def test_a_server_that_only_ever_puts_off_is_given_up_after_two_days_and_parked(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["jun@example.net"] = "451 4.2.2 later"
        await scene.report()
        for _ in range(6):
            await scene.pass_time(timedelta(hours=13))
        # Reminders that wait behind it are younger.
        assert (await waiting(scene))[0].state == "parked"
        assert scene.recipients("notice") == {"ops@example.com"}


OF_A_LATER_RELEASE = b'{"committee": "conduct@example.org", "of_a_later_release": 1}'


@pytest.mark.parametrize("payload", [OF_A_LATER_RELEASE, b"[]", b"no JSON", b""])
async def test_one_letter_that_could_not_be_read_kept_a_member_from_all_mail_and_nobody_was_told(
    tmp_path: Path, payload: bytes
) -> None:
    async with Scene(tmp_path) as scene:
        for number in (1, 2):
            row = f"{number}", "notice", None, f"{ALIAS} member:amara", payload, scene.now()
            await scene.store.write(lambda tx, row=row: outbox.queue(tx, [outbox.Queued(*row)], scene.now()))
        # As if it were another letter: then it does not open.
        await scene.store.write(lambda tx: tx.run(update(OUTBOX).where(OUTBOX.c.id == "2").values(kind="forward")))
        await scene.report()
        assert scene.recipients("forward") == set(HANDLES)
        assert [(row.state, row.code) for row in await waiting(scene)] == [("parked", outbox.UNREADABLE)] * 2
        # That one may be to an admin itself, so they hear of it once a day.
        assert [mail.recipient for mail in scene.all("notice")] == ["ops@example.com"]


async def test_a_notice_to_an_admin_that_is_refused_makes_no_further_notice(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["jun@example.net"] = "550 5.1.1 no"
        scene.smarthost.answers["ops@example.com"] = "550 5.1.1 no"
        await scene.report()
        assert sorted(row.state for row in await waiting(scene)) == ["parked", "parked"]


async def test_the_same_letter_has_the_same_message_id_at_every_try(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        first = scene.last("forward", "jun")
        assert str(first.message["Message-ID"]).endswith("@example.org>")
        assert len(str(first.message["Message-ID"])) == len("<@example.org>") + 26


async def test_every_mail_leaves_with_a_return_path_of_its_own_and_what_comes_there_is_only_filed(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        paths = {mail.sender for mail in scene.all("forward")}
        assert len(paths) == 5 and all(path.startswith("conduct+bounce-") for path in paths)
        since = scene.mark()
        await scene.send(scene.write("mailer-daemon@example.net", "x", "failure", "#recuse"), paths.pop(), sender="")
        assert scene.mark() == since
        assert (await scene.reasons())["to-bounce-address"] == 1


async def test_where_a_service_refuses_the_null_sender_acknowledgements_leave_from_the_bounce_address(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, main="")
    original = scene.settings

    def with_sender():  # type: ignore[no-untyped-def]
        from dataclasses import replace

        return replace(original(), null_sender=False)

    scene.settings = with_sender  # type: ignore[method-assign]
    async with scene:
        await scene.report()
        assert scene.all("ack")[0].sender.startswith("conduct+bounce-")


async def test_a_restart_sends_what_the_last_run_left(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.smarthost.stop()
        await scene.report()
        await scene.stop()
        await scene.smarthost.start()
        await scene.start()
        await scene.pass_time(timedelta(minutes=2))
        assert scene.recipients("forward") == {"amara", "jun", "noor", "ivo", "sam"}


async def report_with_a_file(scene: Scene) -> None:
    report = scene.write("Robin Vale <robin@visitors.example>", ALIAS, "About last night", "See the picture.")
    report.add_attachment(b"a picture", maintype="image", subtype="png", filename="evidence.png")
    await scene.send(report)


async def test_what_is_refused_for_what_is_in_it_goes_to_members_as_words_with_a_list_of_its_files(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answer_to_files = "550 5.7.1 virus found in evidence.png"
        await report_with_a_file(scene)
        assert scene.recipients("forward") == set(HANDLES)
        for mail in scene.all("forward"):
            assert "See the picture." in mail.text and "- evidence.png (image/png, 9 bytes)" in mail.text
            assert not list(mail.message.iter_attachments())
        assert await waiting(scene) == []


async def test_a_mailbox_that_is_refused_or_words_that_are_are_tried_once_and_parked(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["jun@example.net"] = "550 5.7.1 not you"
        await report_with_a_file(scene)
        assert [(row.state, row.attempts) for row in await waiting(scene)] == [("parked", 1)]
        assert {mail.recipient for mail in scene.all("forward")} == {f"{h}@example.net" for h in HANDLES if h != "jun"}
        assert all(list(mail.message.iter_attachments()) for mail in scene.all("forward"))


async def test_what_goes_to_another_body_goes_whole_or_not_at_all(tmp_path: Path) -> None:
    target = "{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"
    async with Scene(tmp_path, committee=committee_file(transfer_targets=target)) as scene:
        await report_with_a_file(scene)
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        for name in ("amara", "jun"):
            await scene.answer(scene.last("forward", name), "It is yours.", tag="#transfer foundation")
            if name == "jun":
                scene.smarthost.answer_to_files = "554 5.6.1 no such media here"
            await say_yes(scene, scene.last("confirm", name))
        assert not scene.all("transfer")
        assert [row.state for row in await waiting(scene)] == ["parked"]
        assert "did not get there" in " ".join(scene.last("notice", "noor").text.split())


async def test_the_time_in_which_no_server_answers_does_not_count_towards_giving_up(tmp_path: Path) -> None:
    """Refused for now, then five days of nobody, then refused for now: it was refused for hours, not for days."""
    async with Scene(tmp_path) as scene:
        scene.smarthost.answers["jun@example.net"] = "451 4.2.2 later"
        await scene.report()
        for span in (timedelta(minutes=2), timedelta(minutes=11), timedelta(hours=1), timedelta(hours=5)):
            await scene.pass_time(span)
        await scene.smarthost.stop()
        for _ in range(10):
            await scene.pass_time(timedelta(hours=12, minutes=1))
        await scene.smarthost.start()
        await scene.pass_time(timedelta(hours=12, minutes=1))
        assert (await waiting(scene))[0].state == "queued"
        for _ in range(4):
            await scene.pass_time(timedelta(hours=12, minutes=1))
        assert (await waiting(scene))[0].state == "parked"
