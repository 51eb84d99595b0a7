"""Faults of machine and people (docs/attacks.md, 45 to 61) that no other test is named after."""

from __future__ import annotations

from pathlib import Path

from scene import Scene, committee_file

CONFLICT = "known_conflicts: [{with: Kit Larsen, emails: [kit@acme.example], kind: hard}]"


def with_conflict() -> str:
    return committee_file().replace("email: ivo@example.net,", f"email: ivo@example.net, {CONFLICT},")


async def test_50_a_typing_mistake_at_a_reload_leaves_no_conflict_out(tmp_path: Path) -> None:
    """The file that is wrong also lacks a known conflict: nothing of it is in force, and the admins hear of it."""
    async with Scene(tmp_path, committee=with_conflict()) as scene:
        await scene.reload(committee_file().replace("policy: basic", "polcy: basic"))
        await scene.settle()
        assert [mail.recipient for mail in scene.all("notice")] == ["ops@example.com"]
        await scene.report("Kit Larsen shouted at me.")
        assert scene.recipients("forward") == {"amara", "jun", "noor", "sam"}


async def test_51_after_a_change_of_address_the_old_reply_address_is_dead(tmp_path: Path) -> None:
    """The new mailbox gets open cases once the old one has said so; from then on the old one's addresses do nothing."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        old = scene.last("forward", "sam")
        await scene.change_committee(committee_file().replace("sam@example.net", "sam@elsewhere.example"))
        asked = next(mail for mail in scene.all() if "+confirm-" in mail.text and mail.recipient == "sam@example.net")
        address, subject = asked.link("confirm-")
        since = scene.mark()
        await scene.answer(old, "Has it begun?")
        assert not scene.recipients("forward", since), "not before: mail from there is no member's any more"
        await scene.send(scene.write("sam@example.net", address, subject, "Yes.", proven=True), address)
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), "Who can call Robin?")
        assert scene.recipients("forward", since) == {"jun", "noor", "ivo", "sam@elsewhere.example"}
        since = scene.mark()
        await scene.answer(old, "What do the others say?")
        assert not [mail for mail in scene.all()[since:] if mail.recipient == "sam@example.net"]
        assert not scene.recipients("forward", since) and len(await scene.cases()) == 1
