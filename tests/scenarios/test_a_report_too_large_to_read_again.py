"""A report that could be read when it came, and not when it is to be sent, reaches the members all the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cocmail.mail.reader import Reader
from scene import HANDLES, Scene


async def test_what_can_never_be_read_again_reached_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading it with its files takes more memory than without: each try to send it failed, for ever."""
    ask = Reader._ask

    async def fails_with_files(self: Reader, child: Any, raw: bytes, asked: Any, understand: Any) -> Any:
        if asked.keywords["contents"]:
            raise OSError("the child had no memory left")
        return await ask(self, child, raw, asked, understand)

    monkeypatch.setattr(Reader, "_ask", fails_with_files)
    async with Scene(tmp_path) as scene:
        await scene.report("The words.", headers={"X-Canary": "gramophone"})
        for span in (timedelta(minutes=2), timedelta(minutes=11)):
            await scene.pass_time(span)
            assert not scene.all("forward"), "it may be readable in a while"
        await scene.pass_time(timedelta(hours=2))
        assert scene.recipients("forward") == set(HANDLES)
        (part,) = scene.last("forward", "jun").message.iter_attachments()
        body = part.get_payload(decode=True)
        assert b"The words." in body and b"gramophone" not in body
