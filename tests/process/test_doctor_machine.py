"""`cocmail doctor` and the machine: configuration, key, store, disk, doors, smarthost."""

from __future__ import annotations

import datetime
import ipaddress
import os
import pwd
import re
import shutil
import socket
import sqlite3
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import clinic as clinics
import guide
from clinic import COMMITTEE, ME, Clinic, Visit, free_port
from cocmail.core.model import Door, Envelope
from cocmail.doctor.backlog import look_at_backlog
from cocmail.doctor.intake import _reach, first_shut
from cocmail.doctor.premises import filesystem_of, look_at_disk, look_at_mount
from cocmail.store import outbox, restored, spool
from cocmail.store.engine import Store
from cocmail.store.transaction import Tx
from cocmail.vault.keyring import Keyring, new_key_file
from process_scene import run
from scene import ALIAS

STRANGER = "nobody"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with clinics.opened(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def clinic(running: Clinic) -> Iterator[Clinic]:
    running.border.reset()
    running.names.reset()
    yield running
    running.house.lmtp.chmod(0o660)


def with_store(clinic: Clinic, folder: Path) -> Visit:
    """The doctor looks at a copy of the store, for which no daemon runs."""
    return clinic.visit(("sqlite:///var/store.db", f"sqlite:///{folder}/store.db"))


@pytest.fixture
def copy(clinic: Clinic, tmp_path: Path) -> Path:
    """A folder with a copy of the store."""
    folder = tmp_path / "store"
    folder.mkdir(mode=0o700)
    source = sqlite3.connect(clinic.house.folder / "var" / "store.db")
    target = sqlite3.connect(folder / "store.db")
    source.backup(target)
    source.close()
    target.close()
    (folder / "store.db").chmod(0o600)
    return folder


# Configuration and key


def test_an_error_of_the_configuration_by_file_and_line(clinic: Clinic) -> None:
    visit = clinic.visit(committee=COMMITTEE.replace("chair: amara", "chair: nobody"))
    assert visit.code == 2 and visit.says("error", "configuration", "doctor-committee.yaml:4", "chair"), visit
    # Key and store are looked at all the same.
    assert visit.says("ok", "store") and visit.says("warning", "the rest")


def test_a_configuration_that_is_no_yaml_or_not_there(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("version: [1")
    for name in ("broken.yaml", "absent.yaml"):
        ended = run("doctor", "--config", str(tmp_path / name))
        assert ended.code == 2 and ended.out.startswith("error: configuration: ") and name in ended.out, ended


@pytest.mark.parametrize(
    ("mode", "words"), [(0o644, ("chmod 0600", "key")), (None, ("not there", "put it back")), (0, ("not a key file",))]
)
def test_a_key_file_that_cannot_be_used(clinic: Clinic, mode: int | None, words: tuple[str, ...]) -> None:
    key = clinic.house.folder / "other.key"
    key.unlink(missing_ok=True)
    if mode is not None:
        new_key_file(key)
        key.chmod(mode or 0o600)
    if mode == 0:
        key.write_text("not a key")
    visit = clinic.visit(("master.key", "other.key"))
    assert visit.code == 2 and visit.says("error", "key: ", "other.key", *words), visit
    assert len(visit.errors) == 1, visit


def test_the_key_of_another_store(clinic: Clinic) -> None:
    key = clinic.house.folder / "third.key"
    new_key_file(key)
    visit = clinic.visit(("master.key", "third.key"))
    assert visit.code == 2 and visit.says("error", "key: ", "not made with this key"), visit


# Store and disk


def test_a_store_that_is_not_there_is_not_made(clinic: Clinic, tmp_path: Path) -> None:
    visit = with_store(clinic, tmp_path)
    assert visit.code == 69 and visit.says("error", "store", "not there", "start the daemon"), visit
    assert not (tmp_path / "store.db").exists()


def test_a_store_of_a_later_release(clinic: Clinic, copy: Path) -> None:
    with sqlite3.connect(copy / "store.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    visit = with_store(clinic, copy)
    assert visit.code == 2 and visit.says("error", "store", "later release", "backup"), visit


def test_a_store_that_only_a_daemon_may_migrate_is_left_alone(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "store.db").touch(0o600)
    visit = with_store(clinic, tmp_path)
    assert visit.says("error", "store", "daemon has not made or migrated"), visit
    with sqlite3.connect(tmp_path / "store.db") as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == []
    database.close()


def test_a_file_that_is_no_store(clinic: Clinic, copy: Path) -> None:
    (copy / "store.db").write_bytes(b"Not a database. " * 4096)
    visit = with_store(clinic, copy)
    assert visit.code in (2, 75) and visit.says("error", "store"), visit
    assert not visit.says("ok", "store: opens")


def test_a_store_that_others_can_replace_or_read(clinic: Clinic, copy: Path) -> None:
    copy.chmod(0o777)
    (copy / "store.db").chmod(0o644)
    visit = with_store(clinic, copy)
    assert visit.code == 2 and visit.says("error", "others can write in", "chmod go-w"), visit
    assert visit.says("error", "others can open", "store.db", "0644")


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    largest, levels = 36_700_160, []
    for free in (10_000_000, 150_000_000, 50_000_000_000):
        levels.append([each.level for each in look_at_disk(tmp_path, free, largest)])
    assert levels == [["error"], ["warning"], []]


def test_a_store_on_a_network_file_system(tmp_path: Path) -> None:
    mounts = "\n".join(
        (
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
            f"30 22 0:40 / {tmp_path} rw,relatime shared:9 - nfs4 server:/export rw,vers=4.2",
            "31 22 0:41 / /elsewhere rw - cifs //server/share rw",
        )
    )
    (said,) = look_at_mount(tmp_path / "var", mounts)
    assert said.level == "error" and "nfs4" in said.text and "PostgreSQL" in said.text
    assert filesystem_of(Path("/srv"), mounts) == "ext4" and not list(look_at_mount(Path("/srv"), mounts))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("name", ["store.db", "store.db.lock", "store.db-wal", "store.db-shm", "inject.sock"])
def test_what_root_left_beside_the_store_kept_the_service_from_starting(clinic: Clinic, copy: Path, name: str) -> None:
    """Somebody had typed `cocmail run` as root."""
    user = pwd.getpwnam(STRANGER)
    for each in (copy, *copy.iterdir()):
        os.chown(each, user.pw_uid, user.pw_gid)
    assert not with_store(clinic, copy).says("warning", "does not belong")
    for each in copy.iterdir():
        os.chown(each, user.pw_uid, user.pw_gid)
    with (copy / name).open("ab"):
        pass
    (copy / name).chmod(0o600)
    os.chown(copy / name, 0, 0)
    visit = with_store(clinic, copy)
    assert visit.says("warning", "store", f"chown {user.pw_uid}:{user.pw_gid} {copy / name}"), visit
    assert sum("does not belong" in line for line in visit.lines) == 1, visit


# What stands still


def test_the_doctor_had_no_word_of_a_store_that_sends_nothing(clinic: Clinic, copy: Path) -> None:
    keyring = Keyring.load(clinic.house.folder / "master.key")
    store = Store.open(f"sqlite:///{copy}/store.db", keyring)
    assert list(look_at_backlog(store)) == []
    now = datetime.datetime.now(datetime.UTC)
    store.write_now(lambda tx: restored.mark(tx, now, now))
    store.close()
    visit = with_store(clinic, copy)
    assert visit.says("warning", "queue", "was restored and sends nothing", "cocmail queue release"), visit


def test_the_doctor_had_no_word_of_reports_that_nobody_gets(clinic: Clinic, copy: Path) -> None:
    keyring = Keyring.load(clinic.house.folder / "master.key")
    store = Store.open(f"sqlite:///{copy}/store.db", keyring)
    now = datetime.datetime.now(datetime.UTC)
    envelope = Envelope(Door.SMTP, ALIAS, "robin@visitors.example", (ALIAS,), received_at=now)

    def spoil(tx: Tx) -> None:
        for _ in range(2):
            spool.shunt(tx, spool.add(tx, spool.prepare(keyring, envelope, b"Subject: x\r\n\r\nx")), "ValueError")
        outbox.queue(tx, [outbox.Queued("a", "forward", None, "amara", b"x", now)], now)
        outbox.park(tx, "a", "550 5.1.1")

    store.write_now(spoil)
    store.close()
    visit = with_store(clinic, copy)
    assert visit.says("warning", "queue", "1 parked", "cocmail queue retry"), visit
    assert visit.says("warning", "queue", "2 shunted", "log line `shunted`"), visit
    assert "robin" not in repr(visit) and "amara" not in repr(visit)


# Doors and log


def test_the_daemon_is_not_running(clinic: Clinic, copy: Path) -> None:
    house = clinic.house
    visit = clinic.visit(
        ("sqlite:///var/store.db", f"sqlite:///{copy}/store.db"),
        ("./lmtp.sock", f"{copy}/lmtp.sock"),
        (f"127.0.0.1:{house.port}", f"127.0.0.1:{free_port()}"),
    )
    assert visit.code == 69 and visit.says("error", "daemon is not running", "systemctl start"), visit
    assert visit.says("error", "lmtp.sock does not answer") and visit.says("error", "smtp at", "does not answer")
    assert visit.says("warning", "test mail: not sent") and visit.says("ok", "smarthost")


def test_a_door_that_the_running_daemon_has_not_opened(clinic: Clinic) -> None:
    visit = clinic.visit((f"127.0.0.1:{clinic.house.port}", f"127.0.0.1:{free_port()}"))
    assert visit.code == 69 and visit.says("error", "smtp at", "though the daemon runs", "restart"), visit
    assert visit.says("ok", "lmtp") and visit.says("ok", "came back")


def test_another_program_at_the_door(clinic: Clinic) -> None:
    visit = clinic.visit(("./lmtp.sock", f"127.0.0.1:{clinic.border.port}"))
    assert visit.code == 69 and visit.says("error", "does not speak LMTP", "another program"), visit


def test_a_socket_that_the_mail_server_cannot_reach(clinic: Clinic) -> None:
    assert clinic.visit(user=STRANGER).says("error", "lmtp.sock", STRANGER, "shut out at", "group")
    assert clinic.visit(user="no-such-user").says("error", "no user no-such-user")
    assert clinic.visit(user=ME).code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="what root makes belongs to root's group")
def test_nobody_is_told_to_put_the_mail_server_into_the_group_root(clinic: Clinic) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        path = folder / "lmtp.sock"
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(path))
            path.chmod(0o660)
            said = str(_reach(path, "lmtp", STRANGER))
    finally:
        shutil.rmtree(folder)
    assert said.startswith("error") and "a user of its own" in said and "usermod" not in said, said


def test_who_may_pass_each_folder_and_write_the_socket_reaches_it(clinic: Clinic, tmp_path: Path) -> None:
    path = Path("/dev") / "null"
    assert first_shut(path, STRANGER) is None
    shut = clinic.house.lmtp
    assert first_shut(shut, STRANGER) in (shut, *shut.parents)


def test_a_log_that_tells_too_much(clinic: Clinic) -> None:
    visit = clinic.visit(("level: info", "level: debug"))
    assert visit.code == 0 and visit.says("warning", "logging.level is debug", "info"), visit


# The smarthost


def test_no_smarthost_answers(clinic: Clinic) -> None:
    visit = clinic.visit((f"port: {clinic.border.port}", f"port: {free_port()}"))
    assert visit.code == 69 and visit.says("error", "no mail server answers at 127.0.0.1"), visit
    assert visit.says("ok", "intake") and visit.says("ok", "dns of")


def test_mail_into_maildirs_has_no_way_back(clinic: Clinic) -> None:
    visit = clinic.visit((f"smtp: {{host: 127.0.0.1, port: {clinic.border.port}}}", "maildir: outbox"))
    assert visit.code == 0 and visit.says("ok", "Maildirs", "no test mail"), visit


def test_a_smarthost_without_the_encryption_that_is_asked_for(clinic: Clinic) -> None:
    port = f"port: {clinic.border.port}"
    visit = clinic.visit((port, f"{port}, tls: starttls"))
    assert visit.code == 2 and visit.says("error", "offers no STARTTLS"), visit
    visit = clinic.visit((port, f"{port}, tls: implicit"))
    assert visit.code == 2 and visit.says("error", "does not speak TLS as asked for"), visit


def test_a_smarthost_whose_certificate_is_not_good(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certify(tmp_path)
    clinic.border.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    clinic.border.tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    port = f"port: {clinic.border.port}"
    visit = clinic.visit((port, f"{port}, tls: starttls"))
    assert visit.code == 2 and visit.says("error", "certificate", "self-signed"), visit
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    assert clinic.visit((port, f"{port}, tls: starttls")).code == 0
    visit = clinic.visit(("host: 127.0.0.1", "host: localhost"), (port, f"{port}, tls: starttls"))
    assert visit.says("error", "certificate", "localhost"), visit


def test_a_smarthost_that_refuses_the_log_in(clinic: Clinic) -> None:
    (clinic.house.folder / "smtp.pw").write_text("wrong\n")
    (clinic.house.folder / "smtp.pw").chmod(0o600)
    port = f"port: {clinic.border.port}"
    login = (port, f"{port}, user: conduct, password_file: smtp.pw")
    clinic.border.password = "right"
    visit = clinic.visit(login)
    assert visit.code == 2 and visit.says("error", "refuses the log-in (535)", "password_file"), visit
    assert "wrong" not in repr(visit)
    clinic.border.password = "wrong"
    assert clinic.visit(login).code == 0


def test_a_smarthost_that_takes_less_than_we_accept(clinic: Clinic) -> None:
    clinic.border.size = 10_240_000
    visit = clinic.visit()
    assert visit.code == 0 and visit.says("warning", "takes 10240000 bytes", "36700160", "message_size_limit"), visit
    # Not "reach nobody": what is too large goes without its files, and with a list of them.
    assert visit.says("warning", "without their attachments", "outside") and "reach nobody" not in repr(visit), visit


def test_the_doctor_warned_of_the_very_limit_that_the_guide_sets(clinic: Clinic) -> None:
    (limit,) = re.findall(r"message_size_limit = (\d+)", guide.blocks()["Postfix in front and behind"])
    clinic.border.size = int(limit)
    assert not clinic.visit().says("warning", "takes"), clinic.visit()


def test_a_smarthost_that_refuses_the_null_sender(clinic: Clinic) -> None:
    clinic.border.takes_null_sender = False
    visit = clinic.visit()
    assert visit.code == 2 and visit.says("error", "null sender <> (501 5.1.7)", "delivery.null_sender: false"), visit
    assert visit.says("ok", "came back")
    assert clinic.visit(("retry:", "null_sender: false\n  retry:")).code == 0


def certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay.example.org")])
    today = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(today).not_valid_after(today + datetime.timedelta(days=2))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
