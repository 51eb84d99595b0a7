"""What comes out of a sound configuration, and where files are looked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cocmail.config.load import SourceFile, Sources, examine, find, load, read
from cocmail.config.settings import Flood, Listener, Smarthost
from cocmail.core.model import KnownConflict, Role, TransferTarget
from cocmail.core.trust import Trust
from cocmail.errors import ConfigError

Judge = Callable[..., Any]
TODAY = date(2026, 11, 21)


def test_a_sound_configuration_says_nothing(examined: Judge) -> None:
    _, problems = examined()
    assert problems == []


def test_what_is_left_out_has_the_defaults_of_the_contract(examined: Judge, place: Path) -> None:
    found, _ = examined()
    assert found.max_message_bytes == 36700160
    assert found.retry == tuple(timedelta(minutes=each) for each in (1, 10, 60, 240, 720))
    assert found.give_up_after == timedelta(days=2)
    assert found.null_sender is True
    assert found.store_url == f"sqlite:///{place}/var/cocmail.db"
    assert found.key_file == str(place / "master.key")
    assert (found.log_level, found.log_format) == ("info", "json")
    assert (found.metrics, found.imap, found.smarthost) == (None, None, None)
    assert found.flood == Flood(30, timedelta(hours=1)) == found.committees[0].flood
    assert found.maildir == str(place / "var/outbox")


def test_one_listener_for_each_place(examined: Judge, place: Path, sound_main: str) -> None:
    doors = 'intake: {smtp: {listen: ["127.0.0.1:8025", "[::1]:8025"]}, lmtp: {listen: [./l.sock, /run/l.sock]}}'
    found, problems = examined(doors + sound_main[sound_main.index("\ndelivery") :])
    assert problems == []
    assert found.listeners == (
        Listener("smtp", "127.0.0.1:8025"),
        Listener("smtp", "[::1]:8025"),
        Listener("lmtp", str(place / "l.sock")),
        Listener("lmtp", "/run/l.sock"),
    )


@pytest.mark.parametrize(
    ("smtp", "smarthost"),
    [
        ("{host: 127.0.0.1}", Smarthost("127.0.0.1", 25, "none")),
        ('{host: "::1", port: 2525}', Smarthost("::1", 2525, "none")),
        ("{host: localhost, tls: starttls}", Smarthost("localhost", 587, "starttls")),
        ("{host: mx.example.org}", Smarthost("mx.example.org", 587, "starttls")),
        ("{host: mx.example.org, tls: implicit}", Smarthost("mx.example.org", 465, "implicit")),
    ],
)
def test_nothing_leaves_this_machine_unencrypted_unless_asked(
    examined: Judge, sound_main: str, smtp: str, smarthost: Smarthost
) -> None:
    found, problems = examined(sound_main.replace("maildir: var/outbox", f"smtp: {smtp}"))
    assert (found.smarthost, found.maildir, problems) == (smarthost, None, [])


def test_flood_can_be_switched_off_and_a_postgresql_url_stays_as_it_is(examined: Judge, sound_main: str) -> None:
    url = "postgresql://cocmail@db.example.org/cocmail"
    found, _ = examined(sound_main.replace("store:", f"flood: off\nstore:\n  url: {url}"))
    assert found.flood is None and found.committees[0].flood is None
    assert found.store_url == url


def test_a_committee_becomes_the_values_that_everything_else_knows(examined: Judge, sound_main: str) -> None:
    text = """\
name: Example Project
address: Conduct@Example.org
aliases: [coc@example.org]
chair: amara
trust: {authserv_id: mx.example.org, peers: ["127.0.0.1", "0:0::1"], spam_header: X-Spam-Flag}
triage: {size: 2, rotation: weekly, order: [jun, amara]}
transfer_targets: {foundation: {email: conduct@foundation.example, confidentiality_agreed: 2026-01-10}}
other_contact: the foundation's office
members:
- handle: amara
  name: Amara Obi
  email: Amara@Example.net
  also: [obi@work.example]
  employer: Acme
  known_conflicts: [{with: Kit Larsen, emails: [Kit@acme.example]}]
  confidentiality_agreed: 2026-01-01
  away: [{from: 2026-12-20, to: 2027-01-04}]
  term: {from: 2026-01-01}
  time_zone: Africa/Lagos
- {handle: jun, name: Jun Sato, email: jun@example.net, role: alternate}
"""
    found, _ = examined(sound_main, text)
    committee = found.committees[0]
    assert committee.id == committee.address == "conduct@example.org"
    assert committee.aliases == ("coc@example.org",)
    assert committee.trust == Trust("mx.example.org", frozenset({"127.0.0.1", "::1"}), "X-Spam-Flag", "proof")
    assert (committee.triage_size, committee.triage_order) == (2, ("jun", "amara"))
    assert committee.triage_rotation == "weekly"
    assert committee.transfer_targets == (
        TransferTarget("foundation", "conduct@foundation.example", date(2026, 1, 10)),
    )
    assert committee.other_contact == "the foundation's office"
    assert committee.policy.name == "basic"
    amara = committee.member("amara")
    assert amara.addresses == {"amara@example.net", "obi@work.example"}
    assert amara.known_conflicts == (KnownConflict("Kit Larsen", ("kit@acme.example",), "hard"),)
    assert amara.away == ((date(2026, 12, 20), date(2027, 1, 4)),)
    assert (amara.confidentiality_agreed, amara.time_zone) == (date(2026, 1, 1), "Africa/Lagos")
    assert amara.term == (date(2026, 1, 1), None)
    assert committee.member("jun").role is Role.ALTERNATE
    assert committee.member("jun").term == (None, None)


def test_two_committees_cannot_share_an_address(examined: Judge, sound_main: str, sound_committee: str) -> None:
    other = sound_committee.replace("address: conduct@", "aliases: [Conduct@Example.org]\naddress: other@")
    found, problems = examined(sound_main, sound_committee, other)
    assert found is None
    assert [(each.line, each.key) for each in problems] == [(2, "aliases[0]")]
    assert problems[0].text == "is an address of another committee, too"


def test_a_member_of_one_committee_cannot_be_the_alias_of_another(
    examined: Judge, sound_main: str, sound_committee: str
) -> None:
    other = sound_committee.replace("conduct@example.org", "second@example.org").replace(
        "amara@example.net", "conduct@example.org"
    )
    _, problems = examined(sound_main, sound_committee, other)
    assert [each.key for each in problems] == ["members[0].email"]


def test_a_person_may_sit_on_two_committees(examined: Judge, sound_main: str, sound_committee: str) -> None:
    found, problems = examined(
        sound_main, sound_committee, sound_committee.replace("conduct@example.org", "second@example.org")
    )
    assert problems == [] and len(found.committees) == 2


def test_results_nobody_can_bring_are_told(examined: Judge, sound_main: str, sound_committee: str) -> None:
    main = sound_main.replace("  lmtp: {listen: lmtp.sock/s}\n", "")
    _, problems = examined(main, sound_committee)
    assert [(each.level, each.key) for each in problems] == [("warning", "trust")]
    _, problems = examined(main, sound_committee.replace("mx.example.org}", "mx.example.org, peers: [127.0.0.1]}"))
    assert problems == []


# -- keys and secrets ---------------------------------------------------------------------------------------------


def test_a_missing_key_file_is_an_error_that_says_what_to_do(examined: Judge, place: Path) -> None:
    (place / "master.key").unlink()
    found, problems = examined()
    assert found is None
    assert str(problems[0]).endswith(
        f"cocmail.yaml:8: error: store.key_file: {place}/master.key is not there: put it back from its copy; "
        f"only for a new store, `cocmail keys new {place}/master.key`"
    )


def test_a_key_file_that_others_can_read_is_an_error(examined: Judge, place: Path) -> None:
    (place / "master.key").chmod(0o644)
    found, problems = examined()
    assert found is None
    assert problems[0].text == "master key file is readable by others (0644); it must be 0600"


def test_a_credential_of_the_service_manager_wins_over_the_file_of_that_name(
    examined: Judge, place: Path, sound_main: str
) -> None:
    folder = place / "credentials"
    folder.mkdir()
    (folder / "master.key").write_text("another key\n")
    (folder / "master.key").chmod(0o440)  # systemd lets the service in by an access list, which shows so
    environ = {"CREDENTIALS_DIRECTORY": str(folder)}
    found, problems = examined(environ=environ)
    assert (found.key_file, problems) == (str(folder / "master.key"), [])

    named = sound_main.replace("key_file: master.key", "key_file: $CREDENTIALS_DIRECTORY/master.key")
    assert examined(named, environ=environ)[0].key_file == str(folder / "master.key")
    _, problems = examined(named, environ={})
    assert [each.key for each in problems if each.level == "error"] == ["store.key_file"]


def test_passwords_and_certificates_come_from_files(examined: Judge, place: Path, sound_main: str) -> None:
    for name in ("pw", "cert.pem", "key.pem"):
        (place / name).write_text("x")
        (place / name).chmod(0o644)
    main = sound_main.replace('025"}', '025", tls_cert_file: cert.pem, tls_key_file: key.pem}').replace(
        "maildir: var/outbox", "smtp: {host: mx.example.org, user: conduct, password_file: pw}"
    )
    found, problems = examined(main)
    assert found.smarthost == Smarthost("mx.example.org", 587, "starttls", "conduct", str(place / "pw"))
    assert found.listeners[0] == Listener("smtp", "127.0.0.1:8025", str(place / "cert.pem"), str(place / "key.pem"))
    assert [(each.level, each.key) for each in problems] == [
        ("warning", "intake.smtp.tls_key_file"),
        ("warning", "delivery.smtp.password_file"),
    ]


# -- files --------------------------------------------------------------------------------------------------------


def write(folder: Path, main: str, **committees: str) -> Path:
    (folder / "committees").mkdir(exist_ok=True)
    for name, text in committees.items():
        (folder / "committees" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "cocmail.yaml").write_text(main, encoding="utf-8")
    return folder / "cocmail.yaml"


def test_the_configuration_is_looked_for_in_the_order_of_the_contract(tmp_path: Path) -> None:
    assert find("x.yaml", {"COCMAIL_CONFIG": "y.yaml"}, tmp_path) == tmp_path / "x.yaml"
    assert find(None, {"COCMAIL_CONFIG": "/y.yaml"}, tmp_path) == Path("/y.yaml")
    assert find("x.yaml", {}, Path()) == Path("x.yaml"), "shown to people as they named it"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cocmail.yaml").touch()
    assert find(None, {}, tmp_path) == tmp_path / "config/cocmail.yaml"


def test_committee_files_are_found_by_pattern_and_by_name_each_once(
    place: Path, sound_main: str, sound_committee: str
) -> None:
    main = sound_main.replace("[committees/*.yaml]", "[committees/b.yaml, committees/*.yaml]")
    sources = read(write(place, main, a=sound_committee, b=sound_committee))
    assert [Path(each.path).name for each in sources.committees] == ["b.yaml", "a.yaml"]


def test_a_folder_whose_name_is_a_pattern_is_still_a_folder(tmp_path: Path, sound_main: str) -> None:
    folder = tmp_path / "a[1]*"
    folder.mkdir()
    assert len(read(write(folder, sound_main, a="x: 1")).committees) == 1


def test_a_main_file_that_cannot_be_read_is_named(place: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        read(place / "gone.yaml")
    assert failure.value.problems == [f"{place}/gone.yaml:1: error: file: cannot be read (No such file or directory)"]


def test_committee_files_that_cannot_be_read_are_problems_like_others(place: Path, sound_main: str) -> None:
    main = sound_main.replace("[committees/*.yaml]", "[committees/gone.yaml, committees/*.yaml]")
    path = write(place, main)
    (place / "committees" / "latin.yaml").write_bytes(b"name: x\naddress: caf\xe9\n")
    found, problems = examine(read(path), today=TODAY, environ={})
    assert found is None
    assert [str(each) for each in problems] == [
        f"{place}/committees/gone.yaml:1: error: file: cannot be read (No such file or directory)",
        f"{place}/committees/latin.yaml:2: error: file: is not UTF-8 text",
    ]


def test_no_committee_at_all_is_an_error(place: Path, sound_main: str) -> None:
    with pytest.raises(ConfigError) as failure:
        load(write(place, sound_main), TODAY)
    assert failure.value.problems == [f"{place}/cocmail.yaml:10: error: committees: no file is there under these names"]


def test_load_gives_the_settings_or_every_error(place: Path, sound_main: str, sound_committee: str) -> None:
    assert len(load(write(place, sound_main, a=sound_committee), TODAY).committees) == 1
    with pytest.raises(ConfigError) as failure:
        load(write(place, "colour: red\n" + sound_main, a=sound_committee, b="name: x\n"), TODAY)
    assert [line.removeprefix(f"{place}/") for line in failure.value.problems] == [
        "cocmail.yaml:1: error: colour: unknown key `colour`; known: "
        "admins, committees, delivery, flood, intake, logging, metrics, store, version",
        "committees/b.yaml:1: error: address: is required",
        "committees/b.yaml:1: error: members: is required",
    ]


def test_kept_texts_are_judged_without_their_files(place: Path, sound_main: str, sound_committee: str) -> None:
    """The daemon runs on the last good text of a committee whose file is broken now."""
    path = write(place, sound_main, a=sound_committee)
    sources = read(path)
    for file in (path, place / "committees" / "a.yaml"):
        file.unlink()
    found, problems = examine(sources, today=TODAY, environ={})
    assert found is not None and problems == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_mutilation_is_told_and_never_a_crash(
    data: st.DataObject, place: Path, sound_main: str, sound_committee: str
) -> None:
    """Lines dropped, doubled and shuffled, values exchanged, keys misspelt: an answer each time."""
    texts = []
    for text in (sound_main, sound_committee):
        lines = data.draw(st.permutations(text.splitlines()) | st.just(text.splitlines()))
        lines = lines[: data.draw(st.integers(0, len(lines)))] + lines[data.draw(st.integers(0, len(lines))) :]
        mutilated = "\n".join(lines)
        old = data.draw(st.sampled_from([",", "{", "127", "amara", ": ", "handle", "listen", "example", "\n", "2026"]))
        new = data.draw(st.sampled_from(["", "~", "[]", "{}", "-1", "true", '"', "&a ", "*a", "!x ", "#", "\x00", "+"]))
        texts.append(mutilated.replace(old, new, data.draw(st.integers(0, 3))))
    sources = Sources(SourceFile(str(place / "m.yaml"), texts[0]), (SourceFile(str(place / "c.yaml"), texts[1]),))
    found, problems = examine(sources, today=TODAY, environ={})
    assert (found is None) == any(each.level == "error" for each in problems)
    assert all(each.line >= 1 for each in problems)


@pytest.mark.parametrize(
    ("intake", "warned"),
    [
        ("imap: {host: imap.example.org, user: c, password_file: master.key}", False),
        ("lmtp: {listen: ./s/l}", False),
        ("lmtp: {listen: ./s/l}\n  imap: {host: imap.example.org, user: c, password_file: master.key}", True),
    ],
)
def test_a_mailbox_beside_another_way_in_may_be_behind_another_server(
    examined: Judge, sound_main: str, intake: str, warned: bool
) -> None:
    found, problems = examined(f"intake:\n  {intake}" + sound_main[sound_main.index("\ndelivery") :])
    assert [committee.trust.two_borders for committee in found.committees] == [warned]
    assert any("behind another server" in problem.text for problem in problems) is warned
