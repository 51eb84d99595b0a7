"""The doors of the running daemon: does each answer, in its own protocol, to who has to reach it?"""

from __future__ import annotations

import grp
import ipaddress
import os
import pwd
import smtplib
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from cocmail.config.settings import Listener, Settings
from cocmail.daemon import inject_socket
from cocmail.doctor.findings import Finding, away, fine, unknown, warning, wrong

ABOUT = "intake"
SECONDS = 10.0
# Under whose names mail servers run that can speak LMTP or SMTP to a socket.
MAIL_USERS = ("postfix", "Debian-exim", "exim", "opensmtpd", "_smtpd")


def is_running(settings: Settings) -> bool | None:
    """Whether a daemon of this store answers on this machine, by the socket that `cocmail inject` uses.

    None where this user may not look.
    """
    try:
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(SECONDS)
            channel.connect(inject_socket(settings.store_url, settings.key_file))
    except PermissionError:
        return None
    except OSError:
        return False
    return True


def look_at_doors(settings: Settings, running: bool | None, mail_user: str | None) -> Iterator[Finding]:
    """`running` says whether the daemon is, `mail_user` as whom the mail server runs (None: as one of the usual)."""
    if running is False:
        text = "the daemon is not running: start it (systemctl start cocmail), and read its log if it does not stay"
        yield away(ABOUT, text)
    for listener in settings.listeners:
        if listener.address.endswith(":0"):
            text = f"{listener.protocol} has port 0, another one at each start, and is not looked at: give it a port"
            yield warning(ABOUT, text)
            continue
        yield from _look_at_door(listener, running, mail_user)


def _look_at_door(listener: Listener, running: bool | None, mail_user: str | None) -> Iterator[Finding]:
    name = f"{listener.protocol} at {listener.address}"
    is_path = os.path.isabs(listener.address)
    try:
        with _greeted(listener) as client:
            code, _ = client.ehlo()
    except smtplib.SMTPResponseException as error:
        text = (
            f"{name} answers with {error.smtp_code}: if that stays, too many connections are open, or it is not cocmail"
        )
        yield away(ABOUT, text)
        return
    except PermissionError:
        yield unknown(ABOUT, f"{name} may not be reached by this user: run the doctor as root or as the daemon's user")
        return
    except (OSError, smtplib.SMTPException):
        if running:
            text = f"{name} does not answer, though the daemon runs: restart it, since a reload opens no new doors"
        else:
            text = f"{name} does not answer: the mail server keeps what comes, and returns it after some days"
        yield away(ABOUT, text)
        return
    if code != 250:
        protocol = listener.protocol.upper()
        yield away(ABOUT, f"{name} does not speak {protocol}: another program listens there, and has to go")
    elif is_path:
        yield _reach(Path(listener.address), name, mail_user)
    else:
        yield fine(ABOUT, f"{name} answers")


def _greeted(listener: Listener) -> smtplib.SMTP:
    """A connection on which the banner was good."""
    if os.path.isabs(listener.address):
        client = smtplib.LMTP() if listener.protocol == "lmtp" else smtplib.SMTP(timeout=SECONDS)
        channel = socket.socket(socket.AF_UNIX)
        channel.settimeout(SECONDS)
        try:
            channel.connect(listener.address)
        except OSError:
            channel.close()
            raise
        client.sock = channel
        code, said = client.getreply()
        if code != 220:
            client.close()
            raise smtplib.SMTPConnectError(code, said)
        return client
    host, _, port = listener.address.rpartition(":")
    kind = smtplib.LMTP if listener.protocol == "lmtp" else smtplib.SMTP
    return kind(_to_call(host.strip("[]")), int(port), timeout=SECONDS)


def _to_call(host: str) -> str:
    """Who listens everywhere is called on loopback."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def _reach(path: Path, name: str, mail_user: str | None) -> Finding:
    """Whether the mail server's user can open the socket: what root is answered says nothing of that."""
    group = _group_of(path)
    if mail_user is not None and not _is_user(mail_user):
        return wrong(ABOUT, f"there is no user {mail_user} on this machine: name the one that the mail server runs as")
    users = [mail_user] if mail_user else [each for each in MAIL_USERS if _is_user(each)]
    if not users:
        return fine(ABOUT, f"{name} answers; see that the mail server's user is in the group {group}")
    try:
        shut = {user: first_shut(path, user) for user in users}
    except PermissionError:
        return warning(ABOUT, f"{name} answers; call the doctor as root to see whether {users[0]} can reach it")
    reaching = [user for user, place in shut.items() if place is None]
    if reaching:
        return fine(ABOUT, f"{name} answers, and {reaching[0]} can reach it")
    user, place = next((user, place) for user, place in shut.items() if place is not None)
    right = stat.S_IXGRP if place != path else stat.S_IWGRP
    if place.stat().st_mode & right and place.stat().st_gid == 0:
        # Never a mail server in the group root: what else that group may read is nobody's business there.
        do = "it belongs to root's group: run the daemon as a user of its own (User= in the unit, see the guide)"
    elif place.stat().st_mode & right:
        do = f"usermod --append --groups {_group_of(place)} {user}, and restart the mail server"
    else:
        do = f"let a group that {user} is in pass there, or put the socket into a folder that does (/run/cocmail)"
    return wrong(ABOUT, f"{name} answers, but {user} is shut out at {place}: {do}")


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _group_of(path: Path) -> str:
    number = path.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def first_shut(path: Path, user: str) -> Path | None:
    """The first folder on the way to a socket that a user may not pass, or the socket itself; None where they may."""
    known = pwd.getpwnam(user)
    groups = set(os.getgrouplist(user, known.pw_gid))
    for folder in reversed(path.parents):
        if not _may(folder, known.pw_uid, groups, stat.S_IXOTH):
            return folder
    return None if _may(path, known.pw_uid, groups, stat.S_IWOTH) else path


def _may(path: Path, uid: int, groups: set[int], right: int) -> bool:
    status = path.stat()
    if uid == 0:
        return True
    shift = 6 if status.st_uid == uid else 3 if status.st_gid in groups else 0
    return bool(status.st_mode & (right << shift))
