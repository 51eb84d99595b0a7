"""A report's way through a real Exim, Debian's configuration with the files of the operator's guide."""

from __future__ import annotations

import os
from collections.abc import Iterator
from email import policy
from pathlib import Path

import pytest

import exim
import guide
from mailservers import Servers, answer, of_kind, results_of
from postfix import OUTSIDE, NotInstalled
from process_scene import House, letter
from scene import committee_file

ALIAS, MX = "conduct@example.edu", "mx.example.edu"
FORGED = f"Authentication-Results: {MX}; dkim=pass header.d=example.net\r\n".encode()
FILES = (
    "/etc/exim4/conf.d/main/000_cocmail",
    "/etc/exim4/conf.d/router/110_cocmail",
    "/etc/exim4/conf.d/transport/30_cocmail",
    "/etc/exim4/cocmail_check_data",
)


@pytest.fixture(scope="module")
def border(servers: Servers) -> Iterator[exim.Server]:
    replaced = {
        "/run/cocmail/lmtp.sock": str(servers.socket),
        "mx.example.org": MX,
        "example.org": "example.edu",
    }
    files = {name: guide.block(name, replaced) for name in FILES}
    # What arrives at Robin from there is what the border makes of a mail.
    files["/etc/aliases"] = "look: robin@visitors.example\n"
    routes = {"example.net : visitors.example": servers.members.port}
    try:
        with exim.running(MX, "example.edu", servers.exim_port, files, routes, servers.records) as started:
            servers.exim = started
            yield started
            servers.exim = None
    except NotInstalled as missing:
        pytest.skip(f"Exim cannot be started: {missing}")


@pytest.fixture
def house(tmp_path: Path, servers: Servers, border: exim.Server) -> Iterator[House]:
    committee = committee_file(address=ALIAS, trust=f"{{authserv_id: {MX}}}")
    with House(tmp_path, smarthost=border.port, committee=committee) as built:
        built.intake = f"lmtp: {{listen: {servers.socket}}}"
        built.write()
        built.start()
        # The group of cocmail, in which the guide puts Exim.
        os.chown(servers.socket, -1, exim.GROUP)
        yield built
        print(border.log())
        servers.settle(built)


def test_a_report_goes_round_and_a_member_is_proven_by_their_signature(
    servers: Servers, border: exim.Server, house: House
) -> None:
    robin = "robin@visitors.example"
    # The envelope alone says whom the report is not for, as with a blind copy.
    raw = letter(robin, "Somebody shouted at me.", to=ALIAS, proven=False)
    border.send(raw.as_bytes(policy=policy.SMTP), robin, "conduct+not-amara@example.edu", source=OUTSIDE)
    forward = servers.wait("jun", of_kind("forward"), "the report")
    assert "Somebody shouted at me." in forward.text
    reply = answer(forward, "I will call them.")
    servers.member(reply, "jun@example.net", str(reply["To"]))
    servers.wait("noor", lambda mail: "I will call them." in mail.text, "what Jun wrote")
    servers.all_arrives(house)
    assert servers.inbox("amara") == []

    for_ivo = servers.wait("ivo", of_kind("forward"), "the report")
    forged = answer(for_ivo, "I resign.").as_bytes(policy=policy.SMTP)
    border.send(FORGED * 3 + forged, "ivo@example.net", str(for_ivo.message["Reply-To"]), source=OUTSIDE)
    servers.wait("ivo", of_kind("confirm"), "the question back")
    reasons = [event["reason"] for event in house.events("decided")]
    assert reasons.count("discussion") == 1 and reasons.count("held-unproven") == 1


def test_the_border_puts_its_result_on_top_and_takes_forged_ones_out(
    servers: Servers, border: exim.Server, house: House
) -> None:
    raw = letter("jun@example.net", "Look.", to=ALIAS, proven=False).as_bytes(policy=policy.SMTP)
    border.send(FORGED * 3 + raw, "jun@example.net", "look@example.edu", source=OUTSIDE)
    seen = servers.wait("robin", lambda mail: "Look." in mail.text, "a look at what the border makes of it")
    above, below = results_of(MX, seen)
    assert len(above) == 1 and "dkim=pass" not in above[0]
    assert below == []
