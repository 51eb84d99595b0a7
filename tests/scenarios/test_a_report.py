"""A report reaches the right people, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scene import ALIAS, Scene, committee_file, nothing_more


async def test_four_of_five_get_the_report_when_it_names_the_fifth(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")

        assert scene.recipients("forward") == {"amara", "jun", "noor", "sam"}
        assert not scene.all(to="ivo")
        forward = scene.last("forward", "amara")
        assert "This went to you and to Jun Sato, Noor Haddad, Sam Reyes. One member is withheld." in forward.text
        assert "Ivo" not in forward.text.replace("Ivo shouted at me.", "")
        assert "From: Robin Vale <robin@visitors.example>" in forward.text
        assert "Subject: About last night" in forward.text


async def test_every_mail_goes_to_one_person_and_carries_nothing_of_the_senders_header(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        headers = {"X-Originating-IP": "192.0.2.7", "User-Agent": "Canarymail", "Received": "from laptop (canary)"}
        await scene.report("Text.", subject="Canary subject", headers=headers)
        for mail in scene.all():
            message = mail.message
            assert message["To"] == mail.recipient
            assert message["From"].addresses[0].addr_spec == ALIAS
            head = mail.content.split(b"\r\n\r\n")[0].lower()
            for leak in (b"canary", b"192.0.2.7", b"robin", b"list-"):
                assert leak not in head.replace(b"robin@visitors.example", b"") or mail.kind == "ack"
            assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply, RN, NRN"


async def test_the_code_name_stands_on_members_mail_and_never_on_the_reporters(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        name = (await scene.case()).code_name
        forward, ack = scene.last("forward", "amara"), scene.all("ack")[0]
        assert str(forward.message["Subject"]).startswith(f"[{name}] ")
        assert forward.message["Cocmail-Case"] == name.replace(" ", "-")
        assert ack.message["Cocmail-Case"] is None
        assert name not in ack.content.decode() and name.replace(" ", "-") not in ack.content.decode()


async def test_the_acknowledgement_reveals_nothing_and_says_what_happens_next(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        report = await scene.report("A secret sentence.", subject="A secret subject")
        (ack,) = scene.all("ack")
        assert ack.sender in ("", "<>"), "the null sender, as the library writes it"
        assert ack.recipient == "robin@visitors.example"
        assert ack.message["In-Reply-To"] == report["Message-ID"]
        assert ack.message["Auto-Submitted"] == "auto-replied"
        assert "secret" not in ack.content.decode()
        assert not any(name in ack.content.decode() for name in ("Amara", "Jun", "amara", "jun@"))
        for promise in ("within 24 hours", "7 days", "emergency", "+not-NAME@", "cannot promise", "reply to this mail"):
            assert promise in ack.text


async def test_a_member_who_meant_to_talk_to_the_others_had_reported_and_was_told_as_any_stranger_is(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("What do you think of it?", sender="Noor Haddad <noor@example.net>")
        told = " ".join(scene.last("ack", "noor@example.net").text.split())
        assert "this is a report of yours now" in told and "reply to a mail of that case" in told
        await scene.report("Somebody shouted at me.")
        assert "a report of yours" not in scene.last("ack", "robin@visitors.example").text


async def test_attachments_arrive_whole(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        message = scene.write("Robin Vale <robin@visitors.example>", ALIAS, "With a picture", "See the picture.")
        picture = bytes(range(256)) * 40
        message.add_attachment(picture, maintype="image", subtype="png", filename="../../what I saw.png")
        await scene.send(message)
        (part,) = scene.last("forward", "sam").message.iter_attachments()
        assert part.get_content() == picture
        assert part.get_filename() == "what I saw.png"


async def test_a_reporter_who_excludes_a_member_is_obeyed_before_the_first_forward(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.", to="conduct+not-jun@example.org")
        assert scene.recipients("forward") == {"amara", "noor", "ivo", "sam"}
        assert not scene.all(to="jun")


async def test_exclusions_count_wherever_they_stand_and_all_together(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        headers = {"Cc": "conduct+not-sam@example.org", "X-Original-To": "conduct+not-noor@example.org"}
        await scene.report("Somebody shouted.", to=["conduct+not-jun@example.org", ALIAS], headers=headers)
        assert scene.recipients("forward") == {"amara", "ivo"}


async def test_a_second_copy_that_excludes_somebody_still_excludes_them(tmp_path: Path) -> None:
    """A mail server may hand over one copy a recipient: the second one is no second case, and not ignored either."""
    async with Scene(tmp_path) as scene:
        report = await scene.report("Somebody shouted.")
        await scene.send(report, "conduct+not-jun@example.org")
        assert len(await scene.cases()) == 1
        with nothing_more(scene, "jun"):
            await scene.answer(scene.last("forward", "amara"), "What do you think?")


async def test_a_report_for_one_member_reaches_that_member_alone(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Dear Amara, I trust you alone, Amara.", to="conduct+amara@example.org")
        assert scene.recipients("forward") == {"amara"}
        assert "This went to you alone." in scene.last("forward", "amara").text


@pytest.mark.parametrize("extension", ["nobody", "not-nobody", "confirm-" + "a" * 26, "a" * 26])
async def test_an_extension_that_means_nothing_goes_to_the_triage(tmp_path: Path, extension: str) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.", to=f"conduct+{extension}@example.org")
        assert scene.recipients("forward") == {"amara", "jun"}


async def test_an_escrowed_report_is_acknowledged_and_read_by_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Keep this.", to="conduct+escrow@example.org")
        assert scene.recipients("forward") == set()
        assert "stays sealed" in scene.all("ack")[0].text


async def test_a_member_who_reports_gets_an_acknowledgement_and_no_access(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("I saw something.", sender="Jun Sato <jun@example.net>")
        assert scene.recipients("forward") == {"amara", "noor", "ivo", "sam"}
        assert scene.recipients("ack") == {"jun"}


async def test_what_cannot_be_read_goes_to_the_triage_as_it_came(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        raw = (
            b"From: robin@visitors.example\r\nTo: conduct@example.org\r\nSubject: ...\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n'
            b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
            b"--b\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\nabc\r\n--b--\r\n"
        )
        await scene.send(raw)
        assert scene.recipients("forward") == {"amara", "jun"}
        assert scene.recipients("ack") == {"robin@visitors.example"}
        parts = [part.get_payload(decode=True) for part in scene.last("forward", "amara").message.iter_attachments()]
        assert any(b"BEGIN PGP MESSAGE" in part for part in parts)
        assert (await scene.reasons()) == {"report-unreadable": 1}


async def test_automatic_mail_opens_a_case_and_is_not_answered(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("From a form.", headers={"Auto-Submitted": "auto-generated"})
        assert scene.recipients("forward") == {"amara", "jun", "noor", "ivo", "sam"}
        assert "looks automatic" in scene.last("forward", "amara").text
        assert not scene.all("ack")


async def test_null_sender_mail_and_believed_spam_are_kept_and_counted(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.send(scene.write("MAILER-DAEMON@example.com", ALIAS, "x", "x"), sender="")
        await scene.report("Buy things.", headers={"X-Spam-Flag": "YES"})
        assert not scene.all()
        assert await scene.reasons() == {"null-sender": 1, "spam": 1}


async def test_36_a_forged_sender_is_not_answered_but_the_report_is_read(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted.", proven="fail")
        assert not scene.all("ack")
        assert "sender is forged" in scene.last("forward", "amara").text


async def test_nobody_gets_more_than_five_acknowledgements_a_day(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        for number in range(7):
            await scene.report(f"Number {number}")
        assert len(scene.all("ack")) == 5
        assert len(await scene.cases()) == 7
        assert len(scene.all("forward", "amara")) == 7


async def test_the_same_message_again_is_one_case_and_other_words_under_its_id_are_another(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        report = await scene.report("Somebody shouted.")
        await scene.send(report)
        assert len(await scene.cases()) == 1
        del report["Content-Transfer-Encoding"], report["Content-Type"], report["MIME-Version"]
        report.set_content("Somebody shouted twice.")
        await scene.send(report)
        assert len(await scene.cases()) == 2


MEDIATOR = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
ALTERNATE = "- {handle: lee, name: Lee Wong, email: lee@example.net, role: alternate}"
EVERYBODY = "Amara Obi, Jun Sato, Noor Haddad, Ivo Petrov and Sam Reyes were all there."


async def test_when_all_are_named_the_alternates_stand_in(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(more_members=f"{ALTERNATE}\n{MEDIATOR}")) as scene:
        await scene.report(EVERYBODY)
        assert scene.recipients("forward") == {"lee"}


async def test_when_the_alternates_are_named_too_the_mediator_is_asked(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(more_members=f"{ALTERNATE}\n{MEDIATOR}")) as scene:
        await scene.report(EVERYBODY + " So was Lee Wong.")
        assert scene.recipients("forward") == {"ruth@mediation.example"}


async def test_when_nobody_of_the_committee_may_read_it_the_transfer_target_gets_it(tmp_path: Path) -> None:
    target = "{foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}"
    async with Scene(tmp_path, committee=committee_file(transfer_targets=target)) as scene:
        await scene.report(EVERYBODY)
        (handed,) = scene.all("transfer")
        assert handed.recipient == "conduct@foundation.example"
        assert EVERYBODY in handed.text.replace("\n", " ")
        assert handed.message["Auto-Submitted"] is None and handed.message["Cocmail-Case"] is None
        assert scene.recipients("forward") == set()


async def test_when_nobody_at_all_may_read_it_the_admins_are_alarmed_without_content(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(other_contact="board@example.org")) as scene:
        await scene.report(EVERYBODY)
        assert scene.recipients("forward") == set()
        (notice,) = scene.all("notice")
        assert notice.recipient == "ops@example.com"
        assert "Robin" not in notice.content.decode() and "Amara" not in notice.content.decode()
        assert "board@example.org" in scene.all("ack")[0].text


async def test_under_kubernetes_the_alternates_get_it_too(tmp_path: Path) -> None:
    text = committee_file(policy="kubernetes", more_members=f"{ALTERNATE}\n{MEDIATOR}")
    async with Scene(tmp_path, committee=text) as scene:
        await scene.report("Ivo shouted.")
        assert scene.recipients("forward") == {"amara", "jun", "noor", "sam", "lee"}
        assert "within 3 business days" in scene.all("ack")[0].text
