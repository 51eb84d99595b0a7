"""The reported person wants to apologise: what the procedure leaves to the members, and what the reporter hears."""

from __future__ import annotations

from pathlib import Path

import pytest

from scene import Scene, committee_file, nothing_more

KIT, ROBIN = "kit@acme.example", "robin@visitors.example"
SORRY = "I am sorry that I was so loud at the stage that night and I will not do it again."
RELAYED = f"Somebody asked us to pass on this apology; you need not answer it:\n\n{SORRY}"


def file(rule: str) -> str:
    return committee_file(override=f"{{outreach.apology: {rule}}}")


async def answered(scene: Scene) -> None:
    """Kit was written to, and says sorry."""
    await scene.report("Kit Larsen shouted at me near the stage.")
    await scene.answer(scene.last("forward", "amara"), tag='#own #party reported "Kit Larsen" #scope in')
    await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:no")
    await scene.answer(scene.last("forward", "amara"), f"To: {KIT}\n\nPlease be quieter.", tag="#reported")
    await scene.answer(scene.last("draft", "jun"), tag="#send D1")
    await scene.answer(scene.last("outreach", KIT), SORRY, sender=f"Kit Larsen <{KIT}>")


def told(scene: Scene, who: str, kind: str = "receipt") -> str:
    return " ".join(scene.last(kind, who).text.split())


async def document(scene: Scene) -> str:
    await scene.answer(scene.last("forward", "sam"), tag="#doc")
    return told(scene, "sam", "document").split("6. Discussions with the reported person")[1].split("7. What was")[0]


async def test_where_it_is_passed_on_it_is_a_draft_that_a_second_member_sends(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file("relay_or_decline")) as scene:
        await answered(scene)
        with nothing_more(scene, ROBIN, KIT):
            # Only an apology may quote them: any other letter to the reporter is stopped by the same words.
            await scene.answer(scene.last("forward", "amara"), RELAYED, tag="#reporter")
            assert "This cannot go out" in told(scene, "amara")
            await scene.answer(scene.last("forward", "amara"), tag="#apology relay")
            assert "Nothing was run" in told(scene, "amara")
            await scene.answer(
                scene.last("forward", "amara"), f"{RELAYED}\n\nYours, amara@example.net", tag="#apology relay"
            )
            assert "a member's address" in told(scene, "amara")
            await scene.answer(scene.last("forward", "amara"), RELAYED, tag="#apology relay")
            assert "best ask first whether the reporter wants to read it" in told(scene, "amara")
            assert SORRY in told(
                scene, "jun", "draft"
            ) and "passed on to the reporter, by D2 (not sent)" in await document(scene)
            await scene.answer(scene.last("draft", "amara"), tag="#send D2")
            assert "somebody else has to send it" in told(scene, "amara")
        with nothing_more(scene, KIT):
            await scene.answer(scene.last("draft", "jun"), tag="#send D2")
        letter = scene.last("outreach", ROBIN)
        assert SORRY in letter.text and "Kit" not in letter.content.decode()
        assert "passed on to the reporter, by D2." in await document(scene)


async def test_where_it_is_not_passed_on_the_reporter_hears_nothing_of_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file("decline")) as scene:
        await answered(scene)
        with nothing_more(scene, ROBIN):
            for how in ("relay", "accept"):
                await scene.answer(scene.last("forward", "amara"), RELAYED, tag=f"#apology {how}")
                assert "(outreach.apology: decline) does not have that" in told(scene, "amara")
            with nothing_more(scene, KIT):
                await scene.answer(scene.last("forward", "amara"), tag="#apology decline")
                assert "the apology is not passed on" in told(scene, "amara")
                assert "is not passed on" in told(scene, "noor", "notice")
                await scene.answer(
                    scene.last("forward", "amara"), "Thank you. We do not pass that on.", tag="#apology decline"
                )
                assert "a draft to Kit Larsen" in told(scene, "jun", "draft")
            await scene.answer(scene.last("draft", "jun"), tag="#send D2")
        assert scene.last("outreach", KIT).text.strip() == "Thank you. We do not pass that on."
        assert "An apology was offered; not passed on. Amara Obi" in await document(scene)


async def test_where_the_committee_accepts_it_in_the_reporters_place_the_reporter_hears_only_if_they_asked(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path, committee=file("accept_for_reporter")) as scene:
        await answered(scene)
        with nothing_more(scene, ROBIN, KIT):
            await scene.answer(scene.last("forward", "amara"), "It was sincere.", tag="#apology accept")
            assert "accepts the apology in the reporter's place" in told(scene, "amara")
            assert "It was sincere." in told(scene, "ivo", "notice")
            await scene.answer(scene.last("forward", "amara"), RELAYED, tag="#apology relay")
        assert "only send that if the reporter has asked for it" in told(scene, "amara")
        assert "An apology was offered; accepted in the reporter's place. Amara Obi" in await document(scene)


@pytest.mark.parametrize("rule", ["decline", "relay_or_decline", "accept_for_reporter"])
async def test_whoever_does_not_have_the_case_answers_no_apology(tmp_path: Path, rule: str) -> None:
    async with Scene(tmp_path, committee=file(rule)) as scene:
        await answered(scene)
        await scene.answer(scene.last("forward", "ivo"), tag="#recuse")
        with nothing_more(scene, ROBIN, KIT, "amara", "jun", "noor", "sam"):
            await scene.answer(scene.last("forward", "ivo"), RELAYED, tag="#apology relay")
            await scene.answer(scene.last("forward", "ivo"), RELAYED, tag="#apology decline")
        assert "No such case for you" in told(scene, "ivo")


async def test_who_wants_no_mail_gets_no_apology(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=file("relay_or_decline")) as scene:
        await answered(scene)
        await scene.answer(scene.last("forward", "amara"), tag="#optout")
        with nothing_more(scene, ROBIN):
            await scene.answer(scene.last("forward", "amara"), RELAYED, tag="#apology relay")
        assert "The reporter wants no more mail" in told(scene, "amara")
        assert "An apology" not in await document(scene)
