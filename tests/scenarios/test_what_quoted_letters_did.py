"""Whom a letter of the committee put out of the case when the reporter answered and quoted it, and who knew before."""

from __future__ import annotations

from pathlib import Path

import pytest

from scene import HANDLES, Delivered, Scene, committee_file

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
