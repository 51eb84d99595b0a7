"""What members do by mail, and all that somebody was told, for the conversations about who may have what."""

from __future__ import annotations

from questions import vote
from scene import ALIAS, Delivered, Scene


def words(scene: Scene, who: str) -> str:
    """Everything that somebody was ever sent, as it went out and as it reads."""
    return "\n".join(mail.content.decode() + mail.text for mail in scene.all(to=who))


async def name_of(scene: Scene, number: int = -1) -> str:
    return str((await scene.case(number)).code_name)


async def write(scene: Scene, sender: str, subject: str, text: str = "", to: str = ALIAS) -> None:
    await scene.send(scene.write(sender, to, subject, text, proven=True), to)


async def say_yes(scene: Scene, asked: Delivered) -> None:
    """An empty mail to the one-use address of a mail."""
    address, _ = asked.link("confirm-")
    await write(scene, asked.recipient, "Yes", to=address)


async def vouch(scene: Scene, handle: str) -> None:
    """Another member says that a changed address is right."""
    address = handle if "@" in handle else f"{handle}@example.net"
    await say_yes(scene, [mail for mail in scene.all("notice", address) if "+confirm-" in mail.text][-1])


async def checked(scene: Scene) -> None:
    """Kit Larsen is the reported person, and the others are asked."""
    await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen"')
    await scene.answer(scene.last("forward", "amara"), tag="#check")


async def all_vote_yes(scene: Scene, handles: tuple[str, ...]) -> None:
    for handle in handles:
        await vote(scene, handle, "yes")
