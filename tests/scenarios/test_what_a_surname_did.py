"""A member who is named as people name those whom they hardly know: what it did to who wrote, and to who was named."""

from __future__ import annotations

from pathlib import Path

import pytest

from scene import Scene

EVERYBODY = {"amara", "jun", "noor", "ivo", "sam"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Mrs Haddad insulted me.", "noor"),
        ("Frau Haddad hat mich beleidigt.", "noor"),
        ("Dr. Haddad insulted me.", "noor"),
        ("Haddad-san insulted me.", "noor"),
        ("昨晩、Haddadさんが新人に怒鳴りました。", "noor"),
        ("昨晩、Junさんが新人に怒鳴りました。", "jun"),
        ("Junは新人に怒鳴りました。", "jun"),
    ],
)
async def test_the_report_went_to_the_member_whom_it_was_about(tmp_path: Path, text: str, named: str) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report(text)
        assert scene.recipients("forward") == EVERYBODY - {named}


async def test_a_letter_to_a_member_by_name_was_not_kept_from_them(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Sehr geehrte Frau Haddad,\n\nsomebody shouted at me.")
        assert scene.recipients("forward") == EVERYBODY


@pytest.mark.parametrize(
    ("name", "meant"),
    [("Haddad", "noor"), ("Mrs. Haddad", "noor"), ("haddad", "noor"), ("Junさん", "jun"), ("Sato-san", "jun")],
)
async def test_who_was_to_be_kept_out_was_told_that_they_are_the_reported_person(
    tmp_path: Path, name: str, meant: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody insulted me.")
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), tag=f'#own #party reported "{name}"')
        assert "is kept out from now on" in " ".join(scene.last("receipt", "amara").text.split())
        assert scene.recipients("notice", since) == EVERYBODY - {"amara", meant}
        await scene.answer(scene.last("forward", "amara"), "What now?")
        assert not scene.all(to=meant)[-1].text.count("What now?")


async def test_who_shares_no_more_than_a_surname_with_the_reported_person_is_told_who_it_is(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody insulted me.")
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), tag='#own #party reported "Kit Haddad"')
        assert scene.recipients("notice", since) == EVERYBODY - {"amara"}
