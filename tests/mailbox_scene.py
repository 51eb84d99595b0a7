"""A scene whose daemon fetches from a mailbox, and waiting for what it does there.

async with MailboxScene(tmp_path, server) as scene:
    scene.server.deliver(scene.box, raw)
    await scene.emptied()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

import dovecot
from cocmail.doors import imap_in
from cocmail.store import spool
from scene import Scene, committee_file

QUICK = imap_in.Times(answer=10, idle=30, poll=0.2, lost=(0.05, 0.5), refused=(0.1, 0.5))


def bytes_of(message: EmailMessage | bytes) -> bytes:
    return message if isinstance(message, bytes) else message.as_bytes(policy=policy.SMTP)


class MailboxScene(Scene):
    """`committee_text` is that of the mailbox's own address: what is delivered to it names it."""

    def __init__(
        self,
        folder: Path,
        server: dovecot.Server,
        *,
        box: dovecot.Mailbox | None = None,
        times: imap_in.Times = QUICK,
        main: str = "",
        **imap: str,
    ) -> None:
        self.server, self.box, self.times = server, box or server.new_mailbox(), times
        self.keys = {
            "host": "127.0.0.1",
            "port": str(server.imap_port),
            "tls": "none",
            "user": self.box.name,
            "password_file": "imap.pw",
            "folders": "[INBOX, Junk]",
            "after": "delete",
            **imap,
        }
        # Of intake.max_message_bytes; 0 leaves it out.
        self.limit = 0
        super().__init__(folder, committee=committee_file(address=self.box.address), main=main)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "imap.pw").write_text(server.password + "\n")
        (folder / "imap.pw").chmod(0o600)

    def main_text(self) -> str:
        keys = ", ".join(f"{key}: {value}" for key, value in self.keys.items() if value)
        limit = f"  max_message_bytes: {self.limit}\n" if self.limit else ""
        return super().main_text().replace("intake:\n", f"intake:\n  imap: {{{keys}}}\n{limit}")

    async def start(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(imap_in, "TIMES", self.times)
            await super().start()

    async def deliver(
        self, *messages: EmailMessage | bytes, sender: str = "robin@visitors.example", detail: str = ""
    ) -> None:
        """A mail server puts them into the mailbox."""
        raw = [bytes_of(each) for each in messages]
        await asyncio.to_thread(self.server.deliver, self.box, *raw, sender=sender, detail=detail)

    async def put(self, *messages: EmailMessage | bytes, folder: str = "INBOX") -> None:
        """They lie in a folder as they are."""
        raw = [bytes_of(each) for each in messages]
        await asyncio.to_thread(lambda: self.box.append(*raw, folder=folder))

    async def lying(self, folder: str = "INBOX") -> list[int]:
        return await asyncio.to_thread(self.box.uids, folder)

    async def until(self, reached: Callable[[], object], what: str, patience: float = 20.0) -> None:
        """Looks again and again; fails with `what` was waited for."""
        try:
            async with asyncio.timeout(patience):
                while True:
                    found = reached()
                    if asyncio.iscoroutine(found):
                        found = await found
                    if found:
                        return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"waited {patience:.0f} s for {what}") from None

    async def stored(self, count: int, patience: float = 20.0) -> None:
        """So many messages were taken, and everything was done about them."""

        async def enough() -> bool:
            return await self.store.read(spool.count) >= count

        await self.until(enough, f"{count} messages", patience)
        await self.settle()

    async def emptied(self, *folders: str, patience: float = 20.0) -> None:
        """Nothing lies in these folders any more."""
        for folder in folders or ("INBOX",):

            async def empty(folder: str = folder) -> bool:
                return not await self.lying(folder)

            await self.until(empty, f"an empty {folder}", patience)

    def letter(self, text: str = "Somebody shouted at me.", *, to: str = "", **more: str) -> EmailMessage:
        return self.write("Robin Vale <robin@visitors.example>", to or self.box.address, "Last night", text, **more)  # type: ignore[arg-type]
