"""The SMTP and LMTP door: opens a listening socket in the daemon's own event loop, and closes it decently.

The rule: nothing here decides about a message. `conversation` takes it, the intake stores it, and only then the peer
hears 250. No thread is started.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import logging
import os
import socket
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cocmail.core.model import Door
from cocmail.doors import shut
from cocmail.doors.connection import FAREWELL_SECONDS, Register
from cocmail.doors.conversation import Conversation, LmtpConversation
from cocmail.doors.guard import Guard, Limits
from cocmail.doors.terms import Intake, Terms
from cocmail.errors import ConfigError

__all__ = ["Guard", "Intake", "Limits", "Listen", "OpenDoor", "open_door", "silence_library", "tls_context"]

LIBRARY_LOGGER = "mail.log"
BACKLOG = 100
PROBE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen, and how to speak. `protocol` is smtp or lmtp; `address` is host:port, [IPv6]:port or the
    absolute path of a unix socket; `door` is what the envelopes say. With a certificate STARTTLS is offered."""

    protocol: str
    address: str
    door: Door
    tls_cert_file: str | None = None
    tls_key_file: str | None = None
    socket_mode: int = 0o660


class OpenDoor:
    """A door that listens. `address` is the bound one: with port 0, the port that the system chose."""

    def __init__(self, server: asyncio.Server, register: Register, address: str, path: Path | None) -> None:
        self.address = address
        self._server = server
        self._register = register
        self._path = path
        self._inode = path.stat().st_ino if path else 0

    async def close(self) -> None:
        """Stop listening, let what the intake already has be stored and answered, cut off everybody else.

        Takes as long as the intake takes. Closing twice does no harm.
        """
        self._register.closing = True
        self._server.close()
        self._remove_socket()
        present = list(self._register.present)
        for connection in present:
            connection.hang_up()
        for connection in present:
            await connection.stored()
        await asyncio.gather(*(connection.ended(FAREWELL_SECONDS) for connection in present))

    def _remove_socket(self) -> None:
        """Only our own: another daemon may have put its socket there since."""
        try:
            if self._path and self._path.stat().st_ino == self._inode:
                self._path.unlink()
        except OSError:
            pass


async def open_door(
    listen: Listen,
    intake: Intake,
    limits: Limits,
    hostname: str,
    guard: Guard,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    failed: Callable[[Exception], None] = lambda error: None,
) -> OpenDoor:
    """Listen, and give what comes to the intake.

    `hostname` is what the banner says. `guard` is the one that all doors share. `now` dates the envelopes. `failed` is
    told of every exception behind a 451 (see `Terms`). Raises ConfigError where the address cannot be listened on or
    the certificate cannot be used, DoorShut where it can be for now alone.
    """
    silence_library()
    tls = tls_context(listen.tls_cert_file, listen.tls_key_file)
    terms = Terms(listen.door, listen.protocol == "lmtp", intake, limits, guard, hostname, tls, now, failed)
    register = Register()
    speak = functools.partial(LmtpConversation if terms.lmtp else Conversation, terms, register)
    try:
        if os.path.isabs(listen.address):
            return await _listen_on_path(listen, speak, register)
        host, port = _host_and_port(listen)
        server = await asyncio.get_running_loop().create_server(speak, host, port, backlog=BACKLOG)
    except OSError as error:
        raise shut.problem(_key(listen), listen.address, error) from None
    return OpenDoor(server, register, _written(server.sockets[0].getsockname()), None)


def tls_context(cert_file: str | None, key_file: str | None) -> ssl.SSLContext | None:
    """For STARTTLS: TLS 1.2 or later. None without a certificate. Raises ConfigError where the files cannot be used."""
    if cert_file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # With no password at all, OpenSSL would ask for that of an encrypted key at the terminal, and wait.
        context.load_cert_chain(cert_file, key_file, password="")
    except (OSError, ValueError):
        raise ConfigError(["tls_cert_file, tls_key_file: cannot be used as a certificate and its key"]) from None
    return context


def silence_library() -> None:
    """aiosmtpd logs addresses at INFO and whole messages at DEBUG. A filter that lets nothing through holds even where
    somebody later gives that logger a level and a handler."""
    library = logging.getLogger(LIBRARY_LOGGER)
    library.addFilter(_let_nothing_through)
    library.setLevel(logging.CRITICAL + 1)
    library.propagate = False
    library.disabled = True
    if not library.handlers:
        library.addHandler(logging.NullHandler())


def _let_nothing_through(record: logging.LogRecord) -> bool:
    return False


async def _listen_on_path(listen: Listen, speak: Callable[[], Conversation], register: Register) -> OpenDoor:
    path = Path(listen.address)
    await _clear_the_way(listen, path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        # Before anybody can connect: until it listens, a connection is refused.
        path.chmod(listen.socket_mode)
        server = await asyncio.get_running_loop().create_unix_server(speak, sock=sock, backlog=BACKLOG)
    except BaseException:
        sock.close()
        raise
    return OpenDoor(server, register, listen.address, path)


async def _clear_the_way(listen: Listen, path: Path) -> None:
    """Remove the socket that a daemon left behind; never one that somebody answers on, and never another file."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise _problem(listen, "there is a file of that name that is not a socket")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_unix_connection(path), PROBE_SECONDS)
    except ConnectionRefusedError:
        path.unlink()
        return
    except TimeoutError:
        pass
    else:
        writer.close()
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _host_and_port(listen: Listen) -> tuple[str, int]:
    host, colon, port = listen.address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) < 65536):
        raise _problem(listen, "neither host:port nor an absolute path")
    return host, int(port)


def _problem(listen: Listen, text: str) -> ConfigError:
    return ConfigError([f"{_key(listen)}: {listen.address}: {text}"])


def _key(listen: Listen) -> str:
    return "the socket of `cocmail inject`" if listen.door is Door.INJECT else f"intake.{listen.protocol}.listen"


def _written(name: tuple[str, int]) -> str:
    """A socket's address as `Listen.address` writes it."""
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
