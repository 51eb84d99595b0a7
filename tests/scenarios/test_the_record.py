"""Owners, evaluation, the case's document and the sheet, steered by Subject tags."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

from questions import ask, vote
from scene import ALIAS, HANDLES, Scene, nothing_more


async def test_a_case_from_its_owner_to_its_end(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        jun, noor = scene.last("forward", "jun"), scene.last("forward", "noor")
        await scene.answer(jun, tag="#own")
        assert "You are now the first owner" in scene.last("receipt", "jun").text
        assert "Jun Sato is now the first owner" in scene.last("notice", "sam").text
        await scene.answer(noor, tag="#own")
        assert "Jun Sato is the first owner already" in scene.last("receipt", "noor").text
        await scene.answer(noor, tag="#risk safety:yes #scope in")
        await scene.answer(noor, "We asked two people who were there.", tag="#note 2026-11-20")
        assert "two people who were there" in scene.last("notice", "ivo").text
        await scene.answer(jun, tag='#resolve violation "Verbal warning"')
        assert "not now. The case is open" in scene.last("receipt", "jun").text
        await ask(scene)
        for handle in HANDLES:
            await vote(scene, handle, "yes")
        await scene.answer(noor, tag='#resolve violation "Verbal warning"')
        assert "this is for an owner of the case, that is Jun Sato" in scene.last("receipt", "noor").text
        await scene.answer(jun, tag='#resolve violation "He was warned"')
        assert "He  (tells the gender)" in scene.last("receipt", "jun").text
        await scene.answer(jun, tag='#resolve violation "Verbal warning"')
        asked = scene.last("confirm", "jun")
        assert "happens only once you have said yes" in asked.text and "back then" not in asked.text
        assert (await scene.case()).proceedings.state.value == "decided"
        await scene.answer(asked, to=asked.link("confirm-")[0], subject="Yes")
        assert "The case is resolved (violation)" in scene.last("receipt", "jun").text
        await scene.answer(noor, tag="#doc")
        document = scene.last("document", "noor").text
        for part in ("Somebody shouted at me.", "two people who were there", "2026-11-20", "no hosting of meetups"):
            assert part in document
        await scene.answer(noor, tag="#sheet")
        sheet = scene.last("sheet", "noor")
        [attached] = [part for part in sheet.message.iter_attachments() if part.get_filename() == "status.csv"]
        content = attached.get_payload(decode=True)
        assert isinstance(content, bytes)
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert rows[0] == [
            "Safety risk?", "Risk of repeating?", "Status", "Code Name", "Date & Time", "Actions needed", "Resolution",
        ]  # fmt: skip
        assert rows[1][:4] == ["Yes", "Maybe", "Resolved", (await scene.case()).code_name]
        assert rows[1][5:] == ["-", "Verbal warning"]


async def test_the_sheet_leaves_out_the_case_that_names_its_reader(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")
        code = (await scene.case()).code_name
        await scene.report("It was loud.", sender="Kim <kim@visitors.example>")
        for handle, sees in (("ivo", False), ("jun", True)):
            mail = scene.write(f"{handle}@example.net", ALIAS, "#sheet", "", proven=True)
            await scene.send(mail)
            sheet = scene.last("sheet", handle)
            assert (code in sheet.text) is sees
            for part in sheet.message.iter_attachments():
                content = part.get_content()
                plain = content.encode() if isinstance(content, str) else content
                if part.get_filename() != "status.xlsx":
                    assert (code.encode() in plain) is sees
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        await scene.answer(scene.last("receipt", "jun"), tag="#cases")
        assert code in scene.last("receipt", "jun").text


async def test_who_withdrew_gets_neither_document_nor_thread_though_they_asked_before(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.smarthost.stop()
        await scene.answer(scene.last("forward", "jun"), tag="#doc", settle=False)
        await scene.answer(scene.last("forward", "jun"), tag="#show", settle=False)
        await scene.answer(scene.last("forward", "jun"), tag="#show original", settle=False)
        await scene.answer(scene.last("forward", "jun"), tag="#recuse", settle=False)
        await scene.settle()
        await scene.smarthost.start()
        await scene.pass_time(timedelta(hours=1))
        assert not scene.all("document")
        assert "You have withdrawn" in scene.last("receipt", "jun").text


async def test_the_thread_and_the_mail_as_it_came(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        report = await scene.report("Somebody shouted at me.", headers={"X-Mailer": "Old Phone"})
        await scene.answer(scene.last("forward", "amara"), "I can call her.")
        await scene.answer(scene.last("forward", "jun"), tag="#show")
        thread = scene.last("document", "jun")
        assert thread.text.index("Somebody shouted at me.") < thread.text.index("I can call her.")
        assert "Amara Obi" in thread.text
        await scene.answer(scene.last("forward", "jun"), tag="#show original")
        [original] = scene.last("document", "jun").message.iter_attachments()
        assert b"X-Mailer: Old Phone" in original.get_content()
        assert str(report["Message-ID"]).encode() in original.get_content()


async def test_no_report_is_closed_and_can_be_taken_up_again_for_a_week(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("When is the next meetup?")
        amara = scene.last("forward", "amara")
        await scene.answer(amara, tag="#notreport question")
        assert "closed this case" in scene.last("notice", "jun").text
        await scene.answer(amara, "Something.", tag="#note")
        refused = scene.last("receipt", "amara").text
        assert "not now. The case is closed as no report" in refused and "#reopen" in refused
        await scene.answer(scene.last("notice", "jun"), tag="#reopen")
        assert "taken up again" in scene.last("receipt", "jun").text
        await scene.answer(amara, tag="#notreport spam")
        await scene.pass_time(timedelta(days=8))
        await scene.answer(amara, tag="#reopen")
        assert "more than 7 days ago" in scene.last("receipt", "amara").text


async def test_talk_outside_of_cases_reaches_every_member_and_never_carries_a_case(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")
        with nothing_more(scene, "ivo", "noor", "sam"):
            await scene.answer(scene.last("forward", "jun"), "About this one.", tag="#committee")
            assert "your\nmail belongs to a case" in scene.last("receipt", "jun").text
        text = "Shall we meet on Monday?"
        await scene.send(scene.write("jun@example.net", ALIAS, "#committee", text, proven=True))
        assert scene.recipients("forward") >= {"amara", "noor", "ivo", "sam"}
        letter = scene.last("forward", "ivo")
        assert "Shall we meet on Monday?" in letter.text and "Jun Sato wrote" in letter.text
        assert (await scene.reasons())["command"] == 1
        address, subject = letter.link("#committee")
        await scene.answer(letter, "Yes.", to=address, subject=subject)
        assert "Yes." in scene.last("forward", "jun").text
        assert len(await scene.cases()) == 1


async def test_a_text_beside_a_tag_goes_to_nobody_and_the_receipt_says_so(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        with nothing_more(scene, "jun", "noor", "ivo", "sam"):
            await scene.answer(scene.last("forward", "amara"), "I think he did it.", tag="#cases")
        assert "What you wrote in the mail itself went to nobody" in scene.last("receipt", "amara").text
