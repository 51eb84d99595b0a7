"""A letter to somebody outside that a server refuses for good: who has the case knows, and no deadline counts it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.store import outbox
from conversation_mail import holds
from people import say_yes
from questions import ask
from scene import HANDLES, Scene, committee_file, nothing_more

KIT, ROBIN, FOUNDATION = "kit@acme.example", "robin@visitors.example", "conduct@foundation.example"
NO = "550 5.1.1 no such user, canary"


def told(scene: Scene, who: str, kind: str = "notice") -> str:
    return " ".join(scene.last(kind, who).text.split())


async def retry(scene: Scene) -> None:
    """The operator has everything tried again."""
    now = scene.now()
    for row in await scene.store.read(outbox.listing):
        await scene.store.write(lambda tx, id_=row.id: outbox.retry(tx, id_, now))
    await scene.settle()


async def test_a_letter_to_the_reporter_that_nobody_took_is_told_and_counts_for_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), tag="#own")
        await scene.answer(scene.last("forward", "noor"), tag="#recuse")
        scene.smarthost.answers[ROBIN] = NO
        await scene.answer(scene.last("forward", "amara"), "Thank you.", tag="#reporter")
        with nothing_more(scene, "noor"):
            await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        for who in ("amara", "jun", "ivo", "sam"):
            assert "D1 did not reach the reporter: no mail server took it. It counts as not sent." in told(scene, who)
            assert not holds(scene.last("notice", who), ["canary", "550", ROBIN])
        since = scene.mark()
        await scene.pass_time(timedelta(hours=25))
        assert "That was promised by" in told(scene, "sam", "reminder")
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        assert "no mail server took it" in told(scene, "sam", "document")
        # Tried again, it arrives, and counts.
        scene.smarthost.answers.clear()
        await retry(scene)
        assert scene.last("outreach", ROBIN).text.strip() == "Thank you."
        since = scene.mark()
        await scene.pass_time(timedelta(days=3))
        assert not [mail for mail in scene.smarthost.delivered[since:] if "promised by" in mail.text]
        await scene.answer(scene.last("forward", "sam"), tag="#doc")
        assert "no mail server took it" not in told(scene, "sam", "document")


@pytest.mark.parametrize("who", ["reported", "third", "witness", "target", "status"])
async def test_whoever_it_was_for_those_who_have_the_case_hear_of_it(tmp_path: Path, who: str) -> None:
    target = f"{{foundation: {{email: {FOUNDATION}, confidentiality_agreed: 2026-01-10}}}}"
    async with Scene(tmp_path, committee=committee_file(transfer_targets=target)) as scene:
        await scene.report("Kit Larsen shouted at me.")
        await scene.answer(scene.last("forward", "amara"), tag='#own #party reported "Kit Larsen" #scope in')
        await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:no")
        await scene.answer(scene.last("forward", "sam"), tag="#recuse")
        refused = {"reported": KIT, "third": KIT, "witness": "sam@example.net", "target": FOUNDATION, "status": ROBIN}
        scene.smarthost.answers[refused[who]] = NO
        forward = scene.last("forward", "amara")
        if who == "witness":
            await scene.answer(forward, "Were you there?", tag="#ask @sam")
        elif who in ("target", "status"):
            for name in ("amara", "jun"):
                await scene.answer(scene.last("forward", name), "It is yours.", tag="#transfer foundation")
                await say_yes(scene, scene.last("confirm", name))
        else:
            tag = "#reported" if who == "reported" else '#contact "The venue"'
            await scene.answer(forward, f"To: {KIT}\n\nWho was there?", tag=tag)
            await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        says = {
            "reported": "D1 did not reach Kit Larsen",
            "third": "D1 did not reach The venue",
            "witness": "Your question did not reach Sam Reyes",
            "target": "What you handed to foundation did not get there",
            "status": "A mail of mine did not reach the reporter",
        }[who]
        for handle in ("amara", "noor", "ivo"):
            assert any(says in " ".join(mail.text.split()) for mail in scene.all("notice", handle)), handle
        assert not any("did not" in mail.text for mail in scene.all("notice", "sam"))
        await scene.answer(scene.last("forward", "amara"), tag="#doc")
        unheard = "the reporter was written to, and it did not arrive"
        assert (unheard in told(scene, "amara", "document")) is (who == "status")


async def test_a_member_whom_mail_does_not_reach_is_named_where_the_others_wait(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        # Mail of another case, which Jun does not have, tells nobody of Sam's mailbox.
        scene.smarthost.answers["sam@example.net"] = NO
        await scene.report("Something else.", to=["conduct+sam@example.org"])
        scene.smarthost.answers.clear()
        await scene.report(sender="Dana Cole <dana@visitors.example>")
        await ask(scene)
        assert not any("Not reached since" in mail.text for mail in scene.all("vote"))
        scene.smarthost.answers["sam@example.net"] = NO
        await scene.answer(scene.last("forward", "amara"), "Who can call Robin?")
        scene.smarthost.answers.clear()
        since = scene.mark()
        await scene.pass_time(timedelta(hours=23))
        late = [mail for mail in scene.smarthost.delivered[since:] if mail.kind == "reminder"]
        line = "Not reached since 20"
        assert {mail.recipient for mail in late if line in mail.text} == {
            f"{who}@example.net" for who in HANDLES if who != "sam"
        }
        assert all(
            "Sam Reyes. The mail server took no mail for them." in mail.text for mail in late if line in mail.text
        )
        await scene.answer(scene.last("vote", "amara"), tag="#withdraw Q1")
        assert "Sam Reyes" in told(scene, "jun", "tally")
        await retry(scene)
        await ask(scene)
        assert "Not reached" not in told(scene, "jun", "vote")
