"""Receipts and notices that told members what was not so, or led nowhere. Each is named after what it did to them."""

from __future__ import annotations

from pathlib import Path

from scene import Delivered, Scene


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
