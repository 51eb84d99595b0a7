"""The command line as an operator types it: exit codes, what is printed, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from process_scene import PROJECT, House, Smarthost, environment, letter, run, started, wait_until
from scene import ALIAS, AUTHSERV, committee_file


@pytest.fixture(scope="module")
def smarthost() -> Iterator[Smarthost]:
    with Smarthost() as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, smarthost: Smarthost) -> Iterator[House]:
    """One running daemon for all of these."""
    with House(tmp_path_factory.mktemp("house"), smarthost=smarthost.port) as built:
        built.start()
        yield built
        assert built.stop() == 0


def raw(text: str) -> bytes:
    return letter("robin@visitors.example", text).as_bytes()


# init, check, run


def test_init_makes_a_configuration_that_checks_and_runs(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    made = run("init", str(folder), "--yes")
    assert made.code == 0
    files = [Path(line) for line in made.out.splitlines()]
    assert {path.name for path in files} >= {"cocmail.yaml", "master.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    checked = run("check", "--config", str(folder / "cocmail.yaml"))
    assert checked.code == 0 and ": error:" not in checked.out
    again = run("init", str(folder), "--yes")
    assert again.code == 2 and "exists already" in again.err

    with House(tmp_path) as built:
        config = folder / "cocmail.yaml"
        # Another port than the default: something else may have it on this machine.
        config.write_text(config.read_text().replace("127.0.0.1:8025", "127.0.0.1:0"))
        committee = next((folder / "committees").glob("*.yaml")).read_text()
        alias = re.search(r"^address: \"?([^\"\s]+)", committee, re.MULTILINE)
        assert alias is not None
        built.config = config
        built.start()
        built.send(letter("robin@visitors.example", "The first report.", to=alias[1]), to=alias[1])
        boxes = folder / "var" / "outbox"
        wait_until(lambda: len(list(boxes.glob("*/new/*"))) >= 2, "mail in the outbox")
        assert any("The first report." in path.read_text() for path in boxes.glob("*/new/*"))
        assert built.stop() == 0


def test_init_without_answers_says_so_and_writes_nothing(tmp_path: Path) -> None:
    ended = run("init", str(tmp_path / "new"), stdin=b"Garden\n")
    assert ended.code == 2 and "--yes" in ended.err and "nothing was written" in ended.err
    assert not (tmp_path / "new").exists()


def test_check_names_file_and_line_of_everything_that_is_wrong(tmp_path: Path) -> None:
    built = House(tmp_path)
    built.committee = committee_file(polcy="basic", chair="nobody")
    built.more = "metrix: {}"
    built.write()
    ended = built.run("check")
    assert ended.code == 2 and ended.err == ""
    lines = ended.out.splitlines()
    assert all(re.fullmatch(r".+\.yaml:\d+: (error|warning): \S+: .+", line) for line in lines), lines
    errors = [line for line in lines if ": error: " in line]
    assert len(errors) >= 3
    assert any("metrix" in line and "metrics" in line for line in errors)
    assert any("polcy" in line and "policy" in line for line in errors)


def test_a_file_that_was_cut_after_its_third_member_passed_the_check_and_put_two_out(tmp_path: Path) -> None:
    with House(tmp_path) as built:
        built.start()
        whole = built.committee
        cut = "".join(line for line in whole.splitlines(True) if not re.match("- .*(ivo|sam)", line))

        def checked(text: str) -> list[str]:
            built.committee = text
            built.write()
            ended = built.run("check")
            assert ended.code == 0 and ended.err == ""
            assert not any(word in ended.out for word in ("@", "Reyes", "Petrov"))
            return [line for line in ended.out.splitlines() if "loading this" in line]

        assert checked(whole) == []
        (line,) = checked(cut)
        assert re.fullmatch(r".+committee\.yaml:\d+: warning: members: .+", line)
        assert "out for good: ivo, sam;" in line and line.endswith("told: 5") and "new" not in line
        moved = whole.replace("jun@example.net", "jun@elsewhere.example")
        (line,) = checked(moved.replace("ivo", "kim").replace("Ivo", "Kim"))
        assert "out for good: ivo" in line and "without what was before: kim" in line and "a yes: jun" in line
        # Both mailboxes of Jun, Ivo's, Kim's, and those of the three others.
        assert line.endswith("told: 7")
        (line,) = checked(whole.replace("chair: amara", "chair: noor"))
        assert "nobody goes or comes" in line and line.endswith("told: 5")
        # What it foresees is what comes: nothing of it has come yet.
        assert checked(whole) == []
        assert not list(tmp_path.glob("outbox/*/new/*"))
        checked(cut)
        built.hang_up()
        built.wait_for_event("reloaded")
        assert checked(cut) == []
        assert built.stop() == 0
        # Nor without the daemon; and where there is no store, none is made.
        assert "new, without what was before: ivo, sam" in checked(whole)[0]
        built.store_url = "sqlite:///elsewhere/store.db"
        assert checked(whole) == [] and not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("arguments", [["run"], ["check"], ["cases"], ["queue"], ["keys", "verify"]])
def test_without_a_configuration_every_command_ends_with_2(arguments: list[str], tmp_path: Path) -> None:
    ended = run(*arguments, "--config", str(tmp_path / "nowhere.yaml"))
    assert ended.code == 2 and "nowhere.yaml" in ended.err


def test_in_a_clone_the_sample_was_judged_and_nobody_knew(house: House, tmp_path: Path) -> None:
    """The contract looks below the current folder before /etc/cocmail: so it is said which file that is."""
    sample = tmp_path / "config" / "cocmail.yaml"
    shutil.copytree(PROJECT / "config", sample.parent)
    for command in (["check"], ["cases"], ["keys", "verify"]):
        ended = run(*command, cwd=tmp_path)
        assert ended.code == 2 and f"the configuration is {sample}" in ended.err and "--config" in ended.err, ended
    named = run("check", "--config", "config/cocmail.yaml", cwd=tmp_path)
    by_environment = run("check", cwd=tmp_path, environ={"COCMAIL_CONFIG": str(house.config)})
    assert named.err == by_environment.err == ""


@pytest.mark.parametrize("arguments", [[], ["dance"], ["keys"], ["keys", "new"], ["queue", "retry"], ["init"]])
def test_a_call_that_is_wrong_ends_with_2(arguments: list[str], house: House) -> None:
    ended = run(*arguments, cwd=house.folder, environ={"COCMAIL_CONFIG": str(house.config)})
    assert ended.code == 2 and ended.err


# inject


def test_an_injected_message_is_a_report(house: House, smarthost: Smarthost) -> None:
    message = raw("Handed over by a command.\n.\nAnd a dot.")
    assert house.run("inject", "--from", "robin@visitors.example", "--to", ALIAS, stdin=message).code == 0
    forwards = smarthost.wait(lambda mail: mail.kind == "forward" and "by a command" in mail.text, 5)
    assert all("And a dot." in mail.text for mail in forwards)


def test_inject_takes_sender_and_recipient_from_the_mail_server_s_variables(house: House, smarthost: Smarthost) -> None:
    environ = {"SENDER": "kim@visitors.example", "ORIGINAL_RECIPIENT": "conduct+not-ivo@example.org"}
    message = letter("kim@visitors.example", "By the variables.").as_bytes()
    assert house.run("inject", stdin=message, environ=environ).code == 0
    smarthost.wait(lambda mail: mail.kind == "forward" and "By the variables" in mail.text, 4)
    assert not [mail for mail in smarthost.of("forward", "ivo@example.net") if "By the variables" in mail.text]


@pytest.mark.parametrize(
    "sender", ["jürgen@visitors.example", "j\udcfcrgen@visitors.example", 'a "b\n> SIZE=9@visitors.example', "@x:"]
)
def test_however_a_sender_is_spelled_their_report_arrives(house: House, smarthost: Smarthost, sender: str) -> None:
    """In letters that are not ASCII, in Latin-1, or in nothing that an address can hold."""
    text = f"Spelled {sender.encode(errors='replace').hex()}."
    to = "conduct+bürgerbüro@example.org"
    assert house.run("inject", "--from", sender, "--to", to, stdin=raw(text)).code == 0
    smarthost.wait(lambda mail: mail.kind == "forward" and text in " ".join(mail.text.split()), 1)


def test_inject_for_nobody_or_for_strangers_ends_with_2(house: House) -> None:
    nobody = house.run("inject", stdin=raw("x"))
    assert nobody.code == 2 and "for whom" in nobody.err
    assert house.run("inject", "--to", "stranger@elsewhere.example", stdin=raw("x")).code == 2


def test_inject_with_a_broken_configuration_makes_the_mail_server_keep_the_message(tmp_path: Path) -> None:
    """With 2 the mail server would bounce a report because the operator mistyped something."""
    assert run("inject", "--to", ALIAS, "--config", str(tmp_path / "nowhere.yaml"), stdin=raw("x")).code == 75
    built = House(tmp_path)
    for broken in ("a: [b", "store: {url: '::::'}", "store: {url: 7}", ""):
        built.config.write_text(broken)
        assert built.run("inject", "--to", ALIAS, stdin=raw("x")).code == 75


def test_whatever_goes_wrong_in_inject_makes_the_mail_server_keep_the_message(tmp_path: Path) -> None:
    """What nobody foresaw, too: here a standard input that cannot be read."""
    built = House(tmp_path)
    with open(os.devnull, "wb") as nothing:
        call = ["inject", "--to", ALIAS, "--config", str(built.config)]
        streams = (nothing.fileno(), nothing.fileno(), nothing.fileno())
        process = started(call, cwd=tmp_path, environ=environment({}), streams=streams, cold=False)
    assert process.wait(60) == 75


@pytest.mark.parametrize("url", ["::::", "postgresql://host:port/db", "postgresql://[host/db", "sqlite:///"])
@pytest.mark.parametrize("command", [["run"], ["cases"], ["backup", "copies"]])
def test_an_address_of_the_store_that_is_none_is_named(tmp_path: Path, command: list[str], url: str) -> None:
    built = House(tmp_path)
    built.store_url = url
    built.write()
    ended = built.run(*command)
    assert ended.code == 2 and "store.url: must " in ended.err and "bug" not in ended.err


def test_inject_without_a_daemon_asks_to_be_tried_again(tmp_path: Path) -> None:
    built = House(tmp_path)
    ended = built.run("inject", "--to", ALIAS, stdin=raw("x"))
    assert ended.code == 75 and ended.out == ""


def test_a_result_that_an_injected_message_brings_along_proves_nothing(house: House, smarthost: Smarthost) -> None:
    """`|command` runs whatever arrives: its Authentication-Results may be anybody's."""
    house.report("About the forged one.")
    (forward,) = [
        mail
        for mail in smarthost.wait(lambda mail: mail.kind == "forward" and "About the forged" in mail.text, 5)
        if mail.recipient == "jun@example.net"
    ]
    said = forward.message
    forged = letter(
        "jun@example.net",
        "I leave.",
        to=str(said["Reply-To"]),
        subject=f"Re: {said['Subject']} #recuse",
        headers={"In-Reply-To": str(said["Message-ID"])},
    )
    assert forged["Authentication-Results"] == f"{AUTHSERV}; dmarc=pass header.from=example.net"
    before = len(smarthost.of("confirm", "jun@example.net"))
    arguments = ("inject", "--to", str(said["Reply-To"]), "--from", "jun@example.net")
    assert house.run(*arguments, stdin=forged.as_bytes()).code == 0
    smarthost.wait(lambda mail: mail.kind == "confirm" and mail.recipient == "jun@example.net", before + 1)
    assert not smarthost.of("receipt", "jun@example.net")


# cases, queue, keys


def test_cases_shows_the_vague_sheet_and_no_word_of_a_report(house: House, smarthost: Smarthost) -> None:
    house.report("Kingfisher", sender="sheetreporter@visitors.example", subject="Kestrel")
    smarthost.wait(lambda mail: mail.kind == "forward" and "Kingfisher" in mail.text, 5)
    rows = house.cases()
    fields = {"code_name", "status", "safety_risk", "repeat_risk", "dates", "actions", "resolution"}
    assert rows and all(set(row) == fields and row["status"] == "Ongoing" for row in rows)
    table = house.run("cases")
    assert table.code == 0 and rows[-1]["code_name"] in table.out
    for word in ("kingfisher", "kestrel", "sheetreporter"):
        assert word not in (table.out + json.dumps(rows)).casefold()


def test_the_queue_shows_ids_and_codes_and_retry_sends(house: House, smarthost: Smarthost) -> None:
    wait_until(lambda: house.queue() == [], "an empty queue")
    assert house.run("queue").out == "nothing waits\n"
    # In a script that runs after each repair, "no such id" was an alarm.
    nothing = house.run("queue", "retry", "all")
    assert (nothing.code, nothing.out, nothing.err) == (0, "nothing waits\n", "")
    smarthost._server.answers["jun@example.net"] = "450 4.2.1 <jun@example.net> is asleep"
    house.retry = "[1h]"
    house.write()
    before = len(house.events("reloaded"))
    house.hang_up()
    house.wait_for_event("reloaded", before + 1)
    house.report("The recipient's server is asleep.")
    wait_until(lambda: [row["code"] for row in house.queue()] == ["450 4.2.1"], "a deferred letter")
    (row,) = house.queue()
    assert set(row) >= {"id", "attempts", "next_attempt", "code"} and row["attempts"] == 1
    text = house.run("queue").out + json.dumps(row)
    assert "jun" not in text.casefold() and "asleep" not in text and "example" not in text
    del smarthost._server.answers["jun@example.net"]
    assert house.run("queue", "retry", "nonsense").code == 2
    assert house.run("queue", "retry", str(row["id"])).code == 0
    smarthost.wait(lambda mail: mail.recipient == "jun@example.net" and "server is asleep" in mail.text)
    wait_until(lambda: house.queue() == [], "an empty queue")


def test_keys_new_makes_a_private_file_and_never_overwrites_one(tmp_path: Path) -> None:
    key = tmp_path / "new.key"
    assert run("keys", "new", str(key)).code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    again = run("keys", "new", str(key))
    assert again.code == 2 and key.read_bytes() == before


def test_keys_verify_finds_one_flipped_bit(tmp_path: Path, smarthost: Smarthost) -> None:
    with House(tmp_path, smarthost=smarthost.port) as built:
        built.start()
        built.report("Heron " * 2000, sender="flip@visitors.example")
        smarthost.wait(lambda mail: mail.kind == "ack" and mail.recipient == "flip@visitors.example")
        wait_until(lambda: built.queue() == [], "an empty queue")
        assert re.search(r"\n1 cases, \d+ events, 1 messages, 0 outgoing, 1 timers\n$", built.all_opens())
        assert built.stop() == 0
        flip_one_bit(built.folder / "var" / "store.db")
        ended = built.run("keys", "verify", codes=(70,))
        assert "\n1 cases" in ended.out and "does not open" in ended.out


def test_one_damaged_case_hid_all_the_others_from_who_runs_the_machine(tmp_path: Path, smarthost: Smarthost) -> None:
    with House(tmp_path, smarthost=smarthost.port) as built:
        built.start()
        for guest in ("first", "second"):
            built.report("Curlew", sender=f"{guest}@visitors.example")
            smarthost.wait(lambda mail, to=f"{guest}@visitors.example": mail.kind == "ack" and mail.recipient == to)
        assert built.stop() == 0
        whole = built.cases()
        with closing(sqlite3.connect(built.folder / "var" / "store.db")) as connection, connection:
            (damaged,) = connection.execute("SELECT id FROM cases ORDER BY created_at").fetchone()
            connection.execute("UPDATE events SET mac = x'00' WHERE case_id = ? AND seq = 2", (damaged,))
        ended = built.run("cases", "--json", codes=(70,))
        assert json.loads(ended.out) == whole[1:]
        assert f"case:{damaged}: see `cocmail keys verify`" in ended.err
        assert whole[0]["code_name"] not in ended.err
        assert f"does not open: case:{damaged}" in built.run("keys", "verify", codes=(70,)).out
        saved = built.run("backup", str(tmp_path / "copy"), codes=(70,))
        assert "it opens, but for what is listed below" in saved.out and f"case:{damaged}" in saved.err


def flip_one_bit(path: Path) -> None:
    """In the middle of the sealed mail."""
    with sqlite3.connect(path) as connection:
        row, sealed = connection.execute("SELECT rowid, raw FROM spool").fetchone()
        changed = bytearray(sealed)
        changed[len(changed) // 2] ^= 1
        connection.execute("UPDATE spool SET raw = ? WHERE rowid = ?", (bytes(changed), row))
    connection.close()


def test_erase_asks_for_the_name_and_never_shows_what_is_in_the_case(house: House, smarthost: Smarthost) -> None:
    house.report("Kingfisher", sender="erasereporter@visitors.example")
    smarthost.wait(lambda mail: mail.kind == "ack" and mail.recipient == "erasereporter@visitors.example")
    name = house.cases()[-1]["code_name"]
    # An argument would stand in the list of processes.
    assert house.run("erase", name).code == 2
    assert house.run("erase", stdin=b"").code == house.run("erase", stdin=b"\n").code == 2
    wrong = house.run("erase", stdin=b"No Such Name\n")
    assert wrong.code == 2 and "no case of that name" in wrong.err
    asked = house.run("erase", stdin=name.encode() + b"\n")
    assert asked.code == 0 and "#keep" in asked.out
    for word in ("kingfisher", "visitors", "amara", "example"):
        assert word not in (asked.out + asked.err).casefold()
    assert name in {row["code_name"] for row in house.cases()}


def test_help_and_version_are_there() -> None:
    assert run("--version", cold=True).out.startswith("cocmail ")
    shown = run("--help").out
    for command in ("run", "check", "init", "demo", "inject", "cases", "queue", "keys", "erase"):
        assert command in shown
