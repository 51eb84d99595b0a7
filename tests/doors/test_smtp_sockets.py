"""Where a door listens, TLS, and that the library behind it stays silent."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cocmail.doors.smtp_in import silence_library, tls_context
from cocmail.errors import ConfigError, DoorShut


async def test_a_socket_file_has_its_mode_and_goes_with_the_door(house: Any, tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    door = await house.open("lmtp", str(path), socket_mode=0o640)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert door.address == str(path)
    await door.close()
    assert not path.exists()


async def test_a_socket_left_behind_is_replaced(house: Any, tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    peer = await house.call(await house.open("lmtp", str(path)))
    assert (await peer.hear()).startswith("220")


async def test_a_socket_that_answers_is_left_alone(house: Any, tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    first = await house.open("lmtp", str(path))
    with pytest.raises(DoorShut, match=f"^intake.lmtp.listen: {path}: another program listens there: "):
        await house.open("lmtp", str(path))
    peer = await house.call(first)
    assert (await peer.hear()).startswith("220")


async def test_a_file_that_is_no_socket_is_left_alone(house: Any, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("precious")
    with pytest.raises(ConfigError, match="1 problem"):
        await house.open("lmtp", str(path))
    assert path.read_text() == "precious"


async def test_an_old_door_does_not_remove_the_socket_of_a_new_one(house: Any, tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    old = await house.open("lmtp", str(path))
    path.rename(tmp_path / "moved")
    new = await house.open("lmtp", str(path))
    await old.close()
    peer = await house.call(new)
    assert (await peer.hear()).startswith("220")


async def test_a_taken_port_is_a_clear_problem(house: Any) -> None:
    door = await house.open()
    with pytest.raises(DoorShut, match=f"^intake.smtp.listen: {door.address}: another program listens there: "):
        await house.open(address=door.address)


@pytest.mark.parametrize("address", ["", "25", ":25", "localhost", "127.0.0.1:smtp", "127.0.0.1:99999", "run/x.sock"])
async def test_an_address_that_cannot_be_read_is_a_clear_problem(house: Any, address: str) -> None:
    with pytest.raises(ConfigError) as refused:
        await house.open(address=address)
    assert refused.value.problems[0].endswith("neither host:port nor an absolute path")


async def test_ipv6_is_written_in_brackets(house: Any) -> None:
    door = await house.open(address="[::1]:0")
    assert door.address.startswith("[::1]:") and not door.address.endswith(":0")
    peer = await house.call(door)
    await peer.greet()
    await peer.begin()
    assert (await peer.ask("x\r\n.")).startswith("250")
    assert house.shelf.kept[0][0][0].peer == "::1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for localhost, valid today, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    (folder / "key.pem").write_bytes(key.private_bytes(*form, serialization.NoEncryption()))
    (folder / "locked.pem").write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"secret")))
    return str(folder / "cert.pem"), str(folder / "key.pem")


def client_context(certificate: tuple[str, str]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate[0])


async def with_tls(house: Any, certificate: tuple[str, str], protocol: str = "smtp") -> Any:
    files = {"tls_cert_file": certificate[0], "tls_key_file": certificate[1]}
    return await house.call(await house.open(protocol, **files))


@pytest.mark.parametrize(("protocol", "word"), [("smtp", "EHLO"), ("lmtp", "LHLO")])
async def test_a_message_goes_over_tls(house: Any, certificate: tuple[str, str], protocol: str, word: str) -> None:
    peer = await with_tls(house, certificate, protocol)
    assert "STARTTLS" in await peer.greet(word)
    assert await peer.ask("STARTTLS") == "220 2.0.0 Go ahead"
    await peer.writer.start_tls(client_context(certificate), server_hostname="localhost")
    assert (await peer.ask("MAIL FROM:<>")).startswith("503")
    offered = await peer.ask(f"{word} peer.example.com")
    assert "STARTTLS" not in offered and "AUTH" not in offered
    assert (await peer.ask("STARTTLS")).startswith("502")
    await peer.begin()
    content = b"x" * 3_000_000 + b"\r\n"
    assert (await peer.ask(content + b".\r\n")).startswith("250")
    assert house.shelf.kept[0][1] == content
    assert (await peer.ask("QUIT")).startswith("221")
    assert await peer.is_cut_off()


async def test_what_was_sent_before_the_handshake_is_thrown_away(house: Any, certificate: tuple[str, str]) -> None:
    peer = await with_tls(house, certificate)
    await peer.greet()
    await peer.ask("MAIL FROM:<early@example.com>")
    await peer.say("STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<conduct@example.org>")
    assert (await peer.hear()).startswith("220")
    await peer.writer.start_tls(client_context(certificate), server_hostname="localhost")
    assert (await peer.ask("NOOP")) == "250 2.0.0 Ok"
    await peer.ask("EHLO peer.example.com")
    assert (await peer.ask("RCPT TO:<conduct@example.org>")).startswith("503")
    assert (await peer.ask("MAIL FROM:<ana@example.com>")).startswith("250")


@pytest.mark.parametrize("rubbish", [b"this is no handshake\r\n" * 20, b""])
async def test_a_handshake_that_fails_ends_the_connection(
    house: Any, certificate: tuple[str, str], rubbish: bytes
) -> None:
    house.limit(idle_seconds=0.2)
    peer = await with_tls(house, certificate)
    await peer.greet()
    await peer.ask("STARTTLS")
    await peer.say(rubbish)
    assert await house.is_empty()
    assert house.failures == []


async def test_old_tls_is_refused(certificate: tuple[str, str]) -> None:
    context = tls_context(*certificate)
    assert context is not None and context.minimum_version == ssl.TLSVersion.TLSv1_2


async def test_a_stalled_message_over_tls_is_cut(house: Any, certificate: tuple[str, str]) -> None:
    house.limit(idle_seconds=0.2)
    peer = await with_tls(house, certificate)
    await peer.greet()
    await peer.ask("STARTTLS")
    await peer.writer.start_tls(client_context(certificate), server_hostname="localhost")
    await peer.ask("EHLO x")
    await peer.begin()
    await peer.say(b"half")
    assert (await peer.hear()).startswith("421 4.4.2")
    await peer.leave()
    assert await house.is_empty()


async def test_without_a_certificate_there_is_no_starttls(house: Any) -> None:
    peer = await house.call(await house.open())
    assert "STARTTLS" not in await peer.greet()
    assert (await peer.ask("STARTTLS")).startswith("502")


def test_a_certificate_that_cannot_be_used_is_a_clear_problem(certificate: tuple[str, str], tmp_path: Path) -> None:
    locked = str(Path(certificate[1]).with_name("locked.pem"))
    for pair in ((str(tmp_path / "none.pem"), certificate[1]), (certificate[0], locked), (certificate[1], None)):
        with pytest.raises(ConfigError) as refused:
            tls_context(*pair)
        assert "tls_cert_file" in refused.value.problems[0]


class Everything(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()} {record.exc_info}")


async def test_nothing_that_a_peer_says_reaches_any_log(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = Everything()
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.DEBUG)
    monkeypatch.setattr(root, "handlers", [*root.handlers, everything])
    asyncio.get_running_loop().set_debug(True)
    door = await house.open()
    # Even where somebody opens the library's logger again.
    library = logging.getLogger("mail.log")
    library.setLevel(logging.DEBUG)
    library.propagate, library.disabled = True, False
    peer = await house.call(door)
    await peer.greet()
    await peer.begin("conduct+canary@example.org", sender="canary@example.com")
    house.shelf.trouble = RuntimeError("canary")
    assert (await peer.ask("Subject: canary\r\n\r\ncanary\r\n.")).startswith("451")
    house.shelf.trouble = None
    await peer.ask("canary")
    await peer.begin(sender="canary@example.com")
    await peer.say("canary, and gone")
    peer.writer.transport.abort()
    assert await house.is_empty()
    await door.close()
    asyncio.get_running_loop().set_debug(False)
    logging.getLogger("elsewhere").debug("heard")
    assert everything.lines[-1].startswith("elsewhere")
    assert [line for line in everything.lines if "canary" in line or line.startswith("mail")] == []
    silence_library()
