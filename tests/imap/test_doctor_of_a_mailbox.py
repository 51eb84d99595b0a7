"""`cocmail doctor` and the mailbox that mail is fetched from: what is wrong there, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import dovecot
from cocmail.config.settings import Mailbox
from cocmail.doctor.findings import exit_code
from cocmail.doctor.mailbox import look_at_mailbox
from cocmail.errors import EXIT_CONFIG, EXIT_DONE, EXIT_UNAVAILABLE


@pytest.fixture
def mailbox(tmp_path: Path, mail_server: dovecot.Server) -> Mailbox:
    (tmp_path / "imap.pw").write_text(mail_server.password)
    user = mail_server.new_mailbox().name
    folders = ("INBOX", "Junk")
    return Mailbox("127.0.0.1", mail_server.imap_port, "none", user, str(tmp_path / "imap.pw"), None, folders)


def told(mailbox: Mailbox | None) -> tuple[int, list[str]]:
    found = list(look_at_mailbox(mailbox))
    return exit_code(found), [str(each) for each in found]


def test_a_mailbox_that_is_well_is_said_to_be_folder_by_folder(mailbox: Mailbox) -> None:
    code, lines = told(mailbox)
    assert code == EXIT_DONE and len(lines) == 2
    assert all(line.startswith("ok: mailbox: ") and "can be fetched from" in line for line in lines)
    assert told(None) == (EXIT_DONE, [])


def test_a_refused_log_in_and_a_folder_that_is_not_there_are_told_with_what_to_do(mailbox: Mailbox) -> None:
    code, (first, second) = told(replace(mailbox, folders=("INBOX", "Spam that nobody made")))
    assert code == EXIT_CONFIG and first.startswith("ok: ") and "no such folder" in second
    # Nobody's own words or names stand in a line: not the folder's, which may be a person's.
    assert "nobody made" not in second
    Path(str(mailbox.password_file)).write_text("wrong")
    code, lines = told(mailbox)
    assert code == EXIT_CONFIG and all("refuses the log-in" in line and mailbox.user not in line for line in lines)


def test_a_certificate_that_nobody_vouches_for_a_lost_secret_and_a_server_that_is_away_are_told(
    mailbox: Mailbox, mail_server: dovecot.Server
) -> None:
    one = replace(mailbox, folders=("INBOX",))
    code, (line,) = told(replace(one, tls="implicit", port=mail_server.imaps_port))
    assert code == EXIT_CONFIG and "certificate" in line
    code, (line,) = told(replace(one, password_file=str(Path(str(one.password_file)).with_name("gone.pw"))))
    assert code == EXIT_CONFIG and "cannot be read" in line
    code, (line,) = told(replace(one, port=1))
    assert code == EXIT_UNAVAILABLE and "mail stays there" in line
