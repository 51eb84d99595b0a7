"""Whom a letter of the committee put out of the case when the reporter answered and quoted it, and who knew before."""

from __future__ import annotations

from pathlib import Path

import pytest

from scene import ALIAS, HANDLES, Delivered, Scene, committee_file

ROBIN = "robin@visitors.example"
THANKS = "Thank you, that helps me."
NAME = "Garden Project Code of Conduct Committee"
IN_THE_TEXT = """\
Dear Robin,

Noor and I have looked at the chat, and we will write to you again on Friday.

For the committee, Amara
"""
THREE_LINES = f"""\
Dear Robin,

we have looked at the chat, and we will write to you again on Friday.

Best wishes
Noor Haddad
for the {NAME}
"""
BLOCK = """\
Dear Robin,

the committee has decided to write to them. Noor was against it at first.

--\u0020
Amara Obi
Acme Ltd
+44 20 7946 0000
"""


def quoted(mail: Delivered) -> str:
    return "".join(f"> {line}\n" for line in mail.text.splitlines())


async def drafted(scene: Scene, letter: str) -> None:
    await scene.report()
    await scene.answer(scene.last("forward", "amara"), letter, tag="#reporter")


@pytest.mark.parametrize(
    ("letter", "out"),
    [(IN_THE_TEXT, {"noor"}), (THREE_LINES, set()), (BLOCK, {"noor"})],
    ids=["text", "lines", "block"],
)
async def test_a_thank_you_above_the_whole_letter_put_out_who_had_signed_it(
    tmp_path: Path, letter: str, out: set[str]
) -> None:
    async with Scene(tmp_path, committee=committee_file(name=NAME)) as scene:
        await drafted(scene, letter)
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        [sent] = scene.all("outreach")
        since = scene.mark()
        await scene.answer(sent, f"{THANKS}\n\nOn Friday, {NAME} wrote:\n{quoted(sent)}")
        assert scene.recipients("forward", since) == set(HANDLES) - out
        # Who writes it, and who is asked to send it, was told before; that there is no more to it, too.
        for handle in HANDLES:
            said = "outside its signature: when the reporter quotes it, Noor Haddad loses this case." in " ".join(
                scene.last("draft", handle).text.split()
            )
            assert said == bool(out)
            assert "Amara Obi outside" not in scene.last("draft", handle).text


async def test_a_letter_too_short_to_be_known_again_was_signed_and_nobody_was_told(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await drafted(scene, "It is done.\n\nAmara Obi\n")
        told = scene.last("draft", "jun").text
        assert "names Amara Obi, and is too short for me to know its signature: when the reporter quotes it" in told
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        since = scene.mark()
        await scene.answer(scene.last("outreach", ROBIN), f"{THANKS}\n\n{quoted(scene.last('outreach', ROBIN))}")
        assert scene.recipients("forward", since) == set(HANDLES) - {"amara"}


async def test_who_cannot_lose_the_case_by_a_letter_is_not_said_to(tmp_path: Path) -> None:
    """Who has withdrawn has nothing to lose, and whom the reporter chose alone stays."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "noor"), tag="#recuse")
        await scene.answer(scene.last("forward", "amara"), BLOCK, tag="#reporter")
        told = scene.last("draft", "jun").text
        assert "names Noor Haddad outside its signature." in told and "loses" not in told
        await scene.report(to="conduct+jun@example.org", sender="Dana <dana@visitors.example>")
        letter = "Jun has looked at it, and it will go on as you wish."
        await scene.answer(scene.last("forward", "jun"), letter, tag="#reporter")
        draft = scene.last("draft", "jun")
        assert "names Jun Sato outside its signature." in draft.text and "loses" not in draft.text
        await scene.answer(draft, tag="#send d1")
        asked = scene.last("confirm", "jun")
        await scene.answer(asked, to=asked.link("confirm-")[0], subject="Yes")
        [sent] = scene.all("outreach")
        since = scene.mark()
        await scene.answer(sent, f"{THANKS}\n\n{quoted(sent)}")
        assert scene.recipients("forward", since) == {"jun"}


async def test_a_letter_that_told_who_withdrew_and_the_private_number_of_its_writer_went_out_unmarked(
    tmp_path: Path,
) -> None:
    letter = f"""\
Dear Robin,

Jun Sato withdrew, since he knows the newcomer. Noor was against it at first. You can read our rules at
https://www.example.org/conduct, or write to {ALIAS}. We have looked at https://chat.example/log as you asked.

--\u0020
Amara Obi, +44 20 7946 0000
https://amara.example/12345678
"""
    async with Scene(tmp_path) as scene:
        await scene.report("It stands at https://chat.example/log for all to read.")
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        await scene.answer(scene.last("forward", "amara"), letter, tag="#reporter")
        for handle in ("amara", "sam"):
            told = " ".join(scene.last("draft", handle).text.rpartition("-" * 70)[2].split())
            assert "names Jun Sato outside its signature. " in told
            assert "when the reporter quotes it, Noor Haddad loses this case." in told
            assert "the committee's own: https://amara.example/12345678, +44 20 7946 0000. Is that meant?" in told
        await scene.answer(scene.last("draft", "sam"), tag="#send d1")
        assert scene.all("outreach", ROBIN)
        said = " ".join(scene.last("receipt", "sam").text.split())
        assert "on its way to the reporter, from the committee's address, word for word" in said
        assert "without your name" not in said


async def test_a_letter_that_names_nobody_and_gives_nothing_away_is_not_asked_about(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await drafted(scene, THREE_LINES)
        assert "meant" not in scene.last("draft", "jun").text


async def test_a_letter_to_the_reported_person_is_asked_about_as_well(tmp_path: Path) -> None:
    """What they answer puts nobody out: it is said whom the letter names, and no more."""
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me: Kit Larsen.")
        forward = scene.last("forward", "amara")
        for tag in ('#party reported "Kit Larsen"', "#scope in", "#risk safety:no repeat:no"):
            await scene.answer(forward, tag=tag)
        letter = "To: kit@visitors.example\n\nNoor Haddad saw you at the party. Please call 0170 1234567.\n"
        await scene.answer(forward, letter, tag="#reported")
        told = scene.last("draft", "jun").text
        assert "names Noor Haddad outside its signature" in told and "loses" not in told and "0170 1234567." in told


async def test_a_letter_that_a_member_passes_on_was_said_to_be_on_its_way_to_the_reporter(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        words = "Reporter: Robin Vale <robin@visitors.example>\n\nSomebody shouted at them.\n"
        await scene.send(scene.write("amara@example.net", ALIAS, "#new phone anonymous", words, proven=True))
        await scene.answer(scene.last("forward", "jun"), BLOCK, tag="#reporter")
        assert "loses" not in scene.last("draft", "sam").text
        await scene.answer(scene.last("draft", "sam"), tag="#send d1")
        assert "D1 is on its way to Amara Obi, to pass on" in scene.last("receipt", "sam").text
