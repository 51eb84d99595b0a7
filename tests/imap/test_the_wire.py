"""What a server may say, and not say: every call ends, and what is no clean answer ends the session."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cocmail.config.settings import Mailbox
from cocmail.doors.imap_wire import TROUBLES, Session, open_session
from cocmail.errors import MailboxError

PATIENCE = 20.0
# What the server of these tests answers unless told otherwise: command, lines with {tag}.
USUAL = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1 IDLE UIDPLUS SASL-IR\r\n{tag} OK done\r\n",
    "LOGIN": "{tag} OK in\r\n",
    "AUTHENTICATE": "{tag} OK in\r\n",
    "SELECT": "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n{tag} OK [READ-WRITE] open\r\n",
    "LOGOUT": "* BYE bye\r\n{tag} OK bye\r\n",
}


class Scripted:
    """A server that answers by a table; "" is silence, None a closed connection."""

    def __init__(self, answers: dict[str, str | None], greeting: str = "* OK here\r\n") -> None:
        self.answers, self.greeting = {**USUAL, **answers}, greeting
        self.heard: list[str] = []
        self._talks: list[asyncio.Task[None]] = []

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.append(asyncio.create_task(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                writer.write(self.greeting.encode("latin-1"))
                while line := await reader.readline():
                    self.heard.append(line.decode("latin-1").rstrip("\r\n"))
                    answer = self.answer(self.heard[-1])
                    if answer is None:
                        break
                    writer.write(answer.encode("latin-1"))
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def answer(self, line: str) -> str | None:
        tag, _, rest = line.partition(" ")
        words = rest.removeprefix("UID ").split() or [tag]
        said = self.answers.get(words[0].upper(), "{tag} BAD what\r\n")
        return said if said is None else said.replace("{tag}", tag)

    async def end(self) -> None:
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)


class Challenging(Scripted):
    """One that answers AUTHENTICATE with a challenge, and the answer to that with a verdict."""

    def __init__(self, verdict: str, capabilities: str = "IMAP4rev1 SASL-IR") -> None:
        super().__init__({"CAPABILITY": f"* CAPABILITY {capabilities}\r\n{{tag}} OK done\r\n"})
        self._verdict, self._tag = verdict, ""

    def answer(self, line: str) -> str | None:
        if " AUTHENTICATE " in line:
            self._tag = line.partition(" ")[0]
            return "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"
        if " " not in line:
            return f"{self._tag} {self._verdict}\r\n"
        return super().answer(line)


@asynccontextmanager
async def at(
    folder: Path, server: Scripted, *, token: bool = False, patience: float = PATIENCE
) -> AsyncIterator[Callable[[], Awaitable[Session]]]:
    """Gives what opens a session there."""
    (folder / "secret").write_text("let-me-in")
    listening = await asyncio.start_server(server.begin, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    secret = str(folder / "secret")
    mailbox = Mailbox("127.0.0.1", port, "none", "conduct", None if token else secret, secret if token else None, ())
    try:
        yield lambda: open_session(mailbox, patience)
    finally:
        listening.close()
        await server.end()


@asynccontextmanager
async def session_with(folder: Path, server: Scripted, patience: float = PATIENCE) -> AsyncIterator[Session]:
    async with at(folder, server, patience=patience) as opened:
        session = await opened()
        try:
            await session.select("INBOX")
            yield session
        finally:
            await session.close()


async def refused(call: Awaitable[object]) -> str:
    with pytest.raises(MailboxError) as error:
        async with asyncio.timeout(PATIENCE):
            await call
    return error.value.trouble


async def test_thousands_of_lines_that_nobody_asked_for_harm_nobody(tmp_path: Path) -> None:
    flood = "".join(f"* {number} EXPUNGE\r\n" for number in range(5_000))
    server = Scripted({"SEARCH": flood + "* SEARCH 5 3 4\r\n{tag} OK done\r\n"})
    async with session_with(tmp_path, server) as session:
        assert await session.uids("UNDELETED") == [3, 4, 5]


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        pytest.param("\r\n" * 5_000, "lost", id="empty lines without end"),
        pytest.param("* SEARCH " + "1 " * 2_100_000, "lost", id="a line without end"),
        pytest.param("* 1 FETCH (BODY[] {99999999}\r\n", "lost", id="more than was asked for"),
        pytest.param("X1 OK whose answer is that\r\n", "lost", id="an answer to nothing"),
        pytest.param("* BYE going down\r\n", "lost", id="a goodbye"),
        pytest.param(None, "lost", id="a closed connection"),
        pytest.param("{tag} NO not now\r\n", "answer", id="a no"),
        pytest.param("{tag} BAD what\r\n", "answer", id="a bad"),
    ],
)
async def test_what_is_no_answer_ends_the_session(tmp_path: Path, answer: str | None, trouble: str) -> None:
    async with session_with(tmp_path, Scripted({"SEARCH": answer})) as session:
        assert await refused(session.uids("UNDELETED")) == trouble


async def test_a_server_that_says_nothing_any_more_is_left(tmp_path: Path) -> None:
    async with session_with(tmp_path, Scripted({"SEARCH": ""}), patience=0.2) as session:
        assert await refused(session.uids("UNDELETED")) == "silent"


async def test_half_a_message_is_none(tmp_path: Path) -> None:
    half = "* 1 FETCH (UID 1 BODY[]<0> {1000}\r\nonly this"
    async with session_with(tmp_path, Scripted({"FETCH": half}), patience=0.2) as session:
        assert await refused(session.content(1, 1000, 5000)) == "silent"
    whole_but_refused = "* 1 FETCH (UID 1 BODY[]<0> {4}\r\nabcd)\r\n{tag} NO the disk failed\r\n"
    async with session_with(tmp_path, Scripted({"FETCH": whole_but_refused})) as session:
        assert await refused(session.content(1, 4, 5000)) == "answer"


async def test_a_message_comes_byte_for_byte_whatever_stands_in_it(tmp_path: Path) -> None:
    raw = "Subject: * x\r\n\r\n* 1 FETCH (\r\nA1 OK done\r\n+ \r\n* BYE ((({12}\r\n\x00\xff* * \n"
    fetch = f"* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (BODY[]<0> {{{len(raw)}}}\r\n{raw} UID 1)\r\n{{tag}} OK done\r\n"
    server = Scripted({"FETCH": fetch})
    async with session_with(tmp_path, server) as session:
        assert await session.content(1, len(raw), 5000) == raw.encode("latin-1")
    assert any("BODY.PEEK[]<0.5001>" in line for line in server.heard)


async def test_a_message_that_is_not_there_or_is_empty(tmp_path: Path) -> None:
    async with session_with(tmp_path, Scripted({"FETCH": "{tag} OK done\r\n"})) as session:
        assert await session.content(1, 10, 5000) is None
        assert await session.content(1, 0, 5000) is None
    async with session_with(tmp_path, Scripted({"FETCH": '* 1 FETCH (BODY[]<0> "")\r\n{tag} OK done\r\n'})) as session:
        assert await session.content(1, 0, 5000) == b""


@pytest.mark.parametrize(
    ("answers", "greeting", "trouble"),
    [
        ({"LOGIN": "{tag} NO [AUTHENTICATIONFAILED] no\r\n"}, "* OK here\r\n", "log-in"),
        ({"LOGIN": "{tag} NO [UNAVAILABLE] later\r\n"}, "* OK here\r\n", "unreachable"),
        ({"LOGIN": None}, "* OK here\r\n", "lost"),
        ({}, "* BYE too many connections\r\n", "lost"),
        ({}, "* PREAUTH whoever you are\r\n", "log-in"),
        ({}, "220 smtp.example.org\r\n", "lost"),
        ({"CAPABILITY": "* CAPABILITY\r\n{tag} OK done\r\n"}, "* OK here\r\n", "lost"),
    ],
)
async def test_a_log_in_ends_one_way_or_the_other(
    tmp_path: Path, answers: dict[str, str | None], greeting: str, trouble: str
) -> None:
    async with at(tmp_path, Scripted(answers, greeting)) as opened:
        assert await refused(opened()) == trouble


async def test_a_refused_token_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """XOAUTH2 says why in a challenge, and says no only after the answer to it."""
    async with at(tmp_path, Challenging("NO no"), token=True) as opened:
        assert await refused(opened()) == "log-in"


async def test_a_server_that_takes_no_initial_response_gets_the_token_when_it_asks(tmp_path: Path) -> None:
    server = Challenging("OK in", "IMAP4rev1")
    async with at(tmp_path, server, token=True) as opened:
        await (await opened()).close()
    assert any(line.endswith("AUTHENTICATE XOAUTH2") for line in server.heard)
    said = next(line for line in server.heard if " " not in line)
    assert base64.b64decode(said) == b"user=conduct\x01auth=Bearer let-me-in\x01\x01"


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ("{tag} NO no such folder\r\n", "folder"),
        ("* 3 EXISTS\r\n{tag} OK [READ-WRITE] without unique ids\r\n", "folder"),
        ("{tag} OK [READ-ONLY] look only\r\n", "read-only"),
    ],
)
async def test_a_folder_that_nothing_can_be_safely_removed_from_is_not_fetched_from(
    tmp_path: Path, answer: str, trouble: str
) -> None:
    async with at(tmp_path, Scripted({"SELECT": answer})) as opened:
        session = await opened()
        assert await refused(session.select("INBOX")) == trouble
        await session.close()


async def test_names_with_spaces_and_quotes_stay_one_word(tmp_path: Path) -> None:
    server = Scripted({})
    async with at(tmp_path, server) as opened:
        session = await opened()
        await session.select('Spam "new"')
        await session.close()
    assert any(line.endswith(r'SELECT "Spam \"new\""') for line in server.heard)
    assert any(line.endswith('LOGIN "conduct" "let-me-in"') for line in server.heard)


@pytest.mark.parametrize("secret", ["", " \n", "two\nlines", "nul\x00"])
async def test_a_secret_that_can_be_none_is_not_said(tmp_path: Path, secret: str) -> None:
    server = Scripted({})
    async with at(tmp_path, server) as opened:
        (tmp_path / "secret").write_text(secret)
        assert await refused(opened()) == "secret"
    assert not any("LOGIN" in line for line in server.heard)


async def test_a_server_that_refuses_to_tell_news_is_asked_from_then_on(tmp_path: Path) -> None:
    server = Scripted({"IDLE": "{tag} NO not today\r\n", "NOOP": "{tag} OK done\r\n"})
    async with session_with(tmp_path, server) as session:
        session.look_for_news()
        for _ in range(2):
            async with asyncio.timeout(PATIENCE):
                await session.wait(600, 0.01)
    assert [line.split()[1] for line in server.heard].count("IDLE") == 1
    assert any(line.endswith("NOOP") for line in server.heard)


async def test_news_that_come_with_another_answer_are_not_slept_over(tmp_path: Path) -> None:
    """What a server has told once, it does not tell again when it is asked to wait with."""
    server = Scripted({"SEARCH": "* SEARCH\r\n* 4 EXISTS\r\n{tag} OK done\r\n", "IDLE": "+ idling\r\n"})
    async with session_with(tmp_path, server) as session:
        session.look_for_news()
        assert await session.uids("UNDELETED") == []
        idle = asyncio.ensure_future(session.wait(600, 600))
        async with asyncio.timeout(PATIENCE):
            while "DONE" not in server.heard:
                await asyncio.sleep(0.01)
        idle.cancel()
        await asyncio.gather(idle, return_exceptions=True)


async def test_who_says_nothing_when_asked_to_wait_is_left(tmp_path: Path) -> None:
    async with session_with(tmp_path, Scripted({"IDLE": ""}), patience=0.2) as session:
        assert await refused(session.wait(600, 600)) == "silent"
    async with session_with(tmp_path, Scripted({"IDLE": "+ idling\r\n", "DONE": ""}), patience=0.2) as session:
        assert await refused(session.wait(0.01, 600)) == "silent"


def test_every_trouble_is_explained_to_operators() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operator-guide.md").read_text(encoding="utf-8")
    table = guide.split("| `trouble` | means |")[1].split("##")[0]
    assert {trouble for trouble in (*TROUBLES, "store", "bug") if f"`{trouble}`" not in table} == set()
