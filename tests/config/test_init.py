"""`cocmail init`: a configuration that runs as it stands, for its owner's eyes alone."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cocmail.config.init import Answers, Person, ask, make_handle, write_sample
from cocmail.config.load import examine, load, read
from cocmail.config.schema import HANDLE
from cocmail.config.settings import Listener, Smarthost
from cocmail.errors import ConfigError

TODAY = date(2026, 11, 21)


def new_key(path: Path) -> None:
    path.touch(0o600)
    path.write_text("a key\n")


def test_the_defaults_run_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    written = write_sample(folder, Answers(), new_key)

    found = load(folder / "cocmail.yaml", TODAY)

    assert [path.relative_to(folder).as_posix() for path in written] == [
        "cocmail.yaml",
        "committees/conduct.yaml",
        "master.key",
    ]
    assert found.listeners == (Listener("smtp", "127.0.0.1:8025"), Listener("lmtp", str(folder / "var/lmtp.sock")))
    assert found.maildir == str(folder / "var/outbox")
    assert found.store_url == f"sqlite:///{folder}/var/cocmail.db"
    assert [member.email for member in found.committees[0].members] == [
        *("amara@example.net", "jun@example.net", "noor@example.net")
    ]
    assert found.committees[0].trust.level == "proof"
    assert found.committees[0].trust.authserv_id == "mx.example.org"


def test_everything_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        written = write_sample(tmp_path / "new", Answers(), new_key)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert {stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) for name in ("", "committees", "var")} == {0o700}


@pytest.mark.parametrize("name", ["cocmail.yaml", "committees/conduct.yaml", "master.key"])
def test_nothing_that_exists_is_overwritten(tmp_path: Path, name: str) -> None:
    existing = tmp_path / name
    existing.parent.mkdir(exist_ok=True)
    existing.write_text("mine")
    with pytest.raises(ConfigError) as failure:
        write_sample(tmp_path, Answers(), new_key)
    assert failure.value.problems == [f"{existing}: exists already, nothing was written"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [existing]
    assert existing.read_text() == "mine"


def test_a_dangling_link_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "master.key").symlink_to("/nowhere/else")
    with pytest.raises(ConfigError):
        write_sample(tmp_path, Answers(), new_key)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError):
        write_sample(tmp_path / "file" / "below", Answers(), new_key)


def test_a_folder_too_deep_for_a_socket_gets_none(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100)
    write_sample(folder, Answers(), new_key)
    assert [each.protocol for each in load(folder / "cocmail.yaml", TODAY).listeners] == ["smtp"]


def test_what_a_person_answers_is_what_stands_there(tmp_path: Path) -> None:
    answers = {
        "Name of the project": ['Café: "Ünder" #1'],
        "Public address of the committee": ["a+b@example.org", "Team@Example.org"],
        "Name of the chair": ["", "Zoë O'Neil"],
        "Address of the chair": ["nobody", "team@example.org", "zoe@example.net"],
        "Name of another member (empty: no more)": ["Zoe Two", "李明", ""],
        "Address of this member": ["zoe@example.net", "two@example.net", "li@example.net"],
        "Mail server that takes our mail, HOST:PORT (empty: write mail into var/outbox)": ["mx", "mx.example.org:465"],
        "authserv-id of the mail server in front": [""],
    }

    reasons: list[str] = []

    def person(question: str, default: str) -> str:
        told, _, again = question.rpartition(". ")
        reasons.extend([told] if told else [])
        return answers[again].pop(0)

    given_answers = ask(person)
    assert not any(answers.values()), "each of them was asked for"
    assert all(told.startswith("That cannot be used: ") and len(told) > 50 for told in reasons), reasons
    assert len(reasons) == 6 and "not an empty one" in reasons[1] and "another member's" in reasons[4]
    assert given_answers.members == (
        Person("zoe", "Zoë O'Neil", "zoe@example.net"),
        Person("zoe2", "Zoe Two", "two@example.net"),
        Person("member", "李明", "li@example.net"),
    )
    write_sample(tmp_path / "new", given_answers, new_key)
    found = load(tmp_path / "new" / "cocmail.yaml", TODAY)
    committee = found.committees[0]
    assert committee.name == 'Café: "Ünder" #1 Code of Conduct Committee'
    assert (committee.address, committee.chair) == ("team@example.org", "zoe")
    assert [member.name for member in committee.members] == ["Zoë O'Neil", "Zoe Two", "李明"]
    assert committee.trust.authserv_id == "mx.example.org"
    assert found.smarthost == Smarthost("mx.example.org", 465, "implicit")


@pytest.mark.parametrize(
    ("smarthost", "tls"),
    [("127.0.0.1:25", "none"), ("mx.example.org:25", "starttls"), ("mx.example.org:587", "starttls")],
)
def test_mail_leaves_this_machine_encrypted(tmp_path: Path, smarthost: str, tls: str) -> None:
    write_sample(tmp_path / "new", Answers(smarthost=smarthost), new_key)
    found = load(tmp_path / "new" / "cocmail.yaml", TODAY).smarthost
    assert found is not None and found.tls == tls


@given(name=st.text(max_size=30), taken=st.lists(st.sampled_from(["zoe", "zoe2", "member", "escrow"]), max_size=4))
def test_any_name_gives_a_handle_of_its_own(name: str, taken: list[str]) -> None:
    handle = make_handle(name, taken)
    assert HANDLE.fullmatch(handle) and handle not in taken and handle != "escrow"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(project=st.text(max_size=40).filter(str.isprintable))
def test_any_name_of_a_project_makes_a_file_that_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, project: str
) -> None:
    folder = tmp_path_factory.mktemp("init") / "new"
    write_sample(folder, Answers(project=project), new_key)
    found, problems = examine(read(folder / "cocmail.yaml"), today=TODAY, environ={})
    assert [each for each in problems if each.level == "error"] == []
    assert found is not None and found.committees[0].name == f"{project} Code of Conduct Committee".strip()
