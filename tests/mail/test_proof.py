"""What people rely on: nobody becomes a member by writing a header, and a member's own mail is recognised."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocmail.core.model import Door, Envelope, Mail
from cocmail.core.trust import NOTHING_PROVEN, Proof, Trust, Verdict
from cocmail.mail.parse import read
from cocmail.mail.proof import prove

MX = "mx.example.org"
TRUST = Trust(authserv_id=MX, peers=frozenset({"127.0.0.1", "192.0.2.0/28"}), spam_header="X-Spam-Flag")
BORDER = ("received", f"from mail.example.net (mail.example.net [198.51.100.7]) by {MX} (Postfix); Mon, 1 Jan 2024")
RELAY = ("received", f"from {MX} by relay.example.org with LMTP; Mon, 1 Jan 2024")
FORGED = ("received", f"from nowhere by {MX}; Mon, 1 Jan 2024")
AMARA = ("from", "Amara Obi <amara@example.net>")
DMARC = ("authentication-results", f"{MX}; dmarc=pass (p=none) header.from=example.net")
PROVEN = Proof("amara@example.net", "dmarc", Verdict.PASS)


def envelope(door: Door = Door.LMTP_SOCKET, peer: str = "") -> Envelope:
    return Envelope(door, "conduct@example.org", "amara@example.net", ("conduct@example.org",), peer)


def results(text: str) -> tuple[str, str]:
    return ("authentication-results", f"{MX}; {text}")


def proof_of(*headers: tuple[str, str], trust: Trust = TRUST) -> Proof:
    return prove(Mail(headers=headers), envelope(), trust)


@pytest.mark.parametrize(
    ("door", "peer", "believed"),
    [
        (Door.LMTP_SOCKET, "", True),
        (Door.IMAP, "", True),
        (Door.SMTP, "127.0.0.1", True),
        (Door.SMTP, "192.0.2.9", True),
        (Door.SMTP, "::ffff:127.0.0.1", True),
        (Door.LMTP, "127.0.0.1", True),
        (Door.SMTP, "192.0.2.99", False),
        (Door.SMTP, "", False),
        (Door.LMTP, "::1", False),
        (Door.INJECT, "127.0.0.1", False),
    ],
)
def test_results_are_believed_only_through_our_own_servers_door(door: Door, peer: str, believed: bool) -> None:
    mail = Mail(headers=(("x-spam-flag", "YES"), DMARC, BORDER, AMARA))
    proof = prove(mail, envelope(door, peer), TRUST)
    assert proof == (Proof("amara@example.net", "dmarc", Verdict.PASS, spam=True) if believed else NOTHING_PROVEN)


def test_behind_two_borders_a_stranger_to_the_mailbox_acted_as_any_member() -> None:
    """The mailbox is at a provider of its own, which takes out forged results in its own name alone."""
    provider = ("received", "from evil.example by mx.provider.example; Mon, 1 Jan 2024")
    theirs = ("authentication-results", "mx.provider.example; dmarc=fail header.from=example.net")
    forged = Mail(headers=(theirs, provider, ("x-spam-flag", "no"), DMARC, BORDER, AMARA))
    genuine = Mail(headers=(DMARC, RELAY, AMARA))
    two = replace(TRUST, two_borders=True)
    assert prove(forged, envelope(Door.IMAP), two) == NOTHING_PROVEN
    assert prove(genuine, envelope(Door.IMAP), two) == PROVEN
    # By the other way the border stands where it always does.
    assert prove(Mail(headers=(RELAY, DMARC, BORDER, AMARA)), envelope(Door.LMTP_SOCKET), two) == PROVEN


def test_without_a_configured_id_nothing_is_believed() -> None:
    for ident in (None, "", " "):
        assert proof_of(DMARC, BORDER, AMARA, trust=Trust(authserv_id=ident, spam_header="x")) == NOTHING_PROVEN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dmarc=pass header.from=example.net", PROVEN),
        ("dmarc=pass", PROVEN),
        ("spf=pass smtp.mailfrom=example.net; dkim=none; dmarc=pass header.from=Example.NET", PROVEN),
        ("dmarc=pass header.from=evil.example", Proof(dmarc=Verdict.PASS)),
        ("dmarc=pass header.from=sub.example.net", Proof(dmarc=Verdict.PASS)),
        ("dmarc=pass header.from=example.net header.from=evil.example", Proof(dmarc=Verdict.PASS)),
        ("dmarc=fail header.from=example.net", Proof(dmarc=Verdict.FAIL)),
        ("dmarc=none header.from=example.net", Proof()),
        ("dmarc=bestguesspass header.from=example.net", Proof()),
        ("dmarc=pass header.from=example.net; dmarc=fail header.from=example.net", Proof(dmarc=Verdict.FAIL)),
        ("dmarc=pass header.from=example.net; dmarc=none", Proof()),
        ("dkim=pass header.d=example.net header.s=k1 header.b=abc", Proof("amara@example.net", "dkim")),
        ("dkim=pass header.i=@mail.example.net", Proof("amara@example.net", "dkim")),
        ("dkim=pass header.i=amara@example.net header.d=example.net", Proof("amara@example.net", "dkim")),
        ("dkim=pass (2048-bit key; unprotected) header.d=example.net", Proof("amara@example.net", "dkim")),
        ("dkim=pass header.d=list.example; dkim=pass header.d=example.net", Proof("amara@example.net", "dkim")),
        ("dkim=pass header.d=evil.example", Proof()),
        ("dkim=pass header.d=evil.example header.i=@example.net", Proof()),
        ("dkim=pass header.d=evil.example header.d=example.net", Proof()),
        ("dkim=pass header.d=net", Proof()),
        ("dkim=pass", Proof()),
        ("dkim=fail header.d=example.net", Proof()),
        ("dkim=pass header.d=example.net; dmarc=fail header.from=example.net", Proof(dmarc=Verdict.FAIL)),
        ("dkim=pass header.d=example.net; dmarc=none", Proof("amara@example.net", "dkim")),
        ("dkim=none (dmarc=pass header.from=example.net)", Proof()),
        ("dkim=fail (dkim=pass header.d=example.net)", Proof()),
        ('spf=fail reason="; dmarc=pass header.from=example.net"', Proof()),
        ('spf=pass smtp.mailfrom="; dmarc=pass header.from=example.net"@evil.example', Proof()),
        ("spf=pass smtp.mailfrom=example.net", Proof()),
        ("arc=pass; spf=pass", Proof()),
        ("none", Proof()),
        ("dmarc=", Proof()),
        ("dmarc=pass ((((", Proof()),
        ("(" * 3000, Proof()),
        ("dmarc=pass header.from=example.net; " + "x=y " * 5000, Proof()),
    ],
)
def test_what_our_servers_results_prove(text: str, expected: Proof) -> None:
    assert proof_of(results(text), BORDER, AMARA) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((DMARC, BORDER, AMARA), PROVEN),
        ((DMARC, RELAY, BORDER, AMARA), PROVEN),
        ((RELAY, DMARC, BORDER, AMARA), PROVEN),
        ((results("spf=pass"), DMARC, BORDER, AMARA), PROVEN),
        ((DMARC, AMARA), PROVEN),
        ((DMARC, ("received", "from x by other.example"), AMARA), PROVEN),
        # Forged: below the line that our server wrote.
        ((BORDER, DMARC, AMARA), Proof()),
        ((BORDER, DMARC, FORGED, AMARA), Proof()),
        ((RELAY, BORDER, DMARC, FORGED, AMARA), Proof()),
        ((results("dmarc=none"), BORDER, DMARC, FORGED, AMARA), Proof()),
        # Our server calls itself otherwise in Received: what stands at the very top still outweighs the forged pair.
        (
            (results("dkim=none"), ("received", "from x by in3.example.org"), DMARC, FORGED, AMARA),
            Proof(dmarc=Verdict.PASS),
        ),
        ((("received", "from by (x) by mx.example.org"), DMARC, FORGED, AMARA), Proof()),
        ((("received", "from x (by mx.example.org) by in3"), DMARC, ("received", "from x by y"), AMARA), Proof()),
        # Somebody else's results, and the form that names nobody.
        ((("authentication-results", "mx.evil.example; dmarc=pass header.from=example.net"), BORDER, AMARA), Proof()),
        ((("authentication-results", "dmarc=pass action=none header.from=example.net"), BORDER, AMARA), Proof()),
        ((("authentication-results", f"({MX}) mx.evil.example; dmarc=pass"), BORDER, AMARA), Proof()),
        # Case and a final dot in the id do not matter.
        ((("authentication-results", "MX.Example.ORG.; dmarc=pass header.from=example.net"), BORDER, AMARA), Proof()),
        ((("authentication-results", "MX.Example.ORG; dmarc=pass header.from=example.net"), BORDER, AMARA), PROVEN),
        # A header in our server's name that cannot be read might say the contrary.
        ((results("dmarc=fail ((("), DMARC, BORDER, AMARA), Proof(dmarc=Verdict.PASS)),
        ((*(results("spf=pass"),) * 30, DMARC, BORDER, AMARA), Proof()),
    ],
)
def test_only_results_above_our_servers_received_count(headers: tuple[tuple[str, str], ...], expected: Proof) -> None:
    assert proof_of(*headers) == expected


# As OpenDKIM 2.11 and OpenDMARC 1.4.2 of Debian 12 write them for a signed mail: who is asked last stands on top.
OPENDMARC = results("dmarc=pass (p=reject dis=none) header.from=example.net")
OPENDKIM = results(
    "dkim=pass (2048-bit key; unprotected) header.d=example.net header.i=@example.net header.a=rsa-sha256"
    " header.s=m1 header.b=mPj0Btgu; dkim-atps=neutral"
)
SIGNED = Proof("amara@example.net", "dkim", Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((OPENDMARC, OPENDKIM, BORDER), PROVEN),
        ((OPENDKIM, OPENDMARC, BORDER), PROVEN),
        ((OPENDKIM, BORDER), SIGNED),
        # One of them has nothing to say.
        ((results("dmarc=none header.from=example.net"), OPENDKIM, BORDER), SIGNED),
        ((OPENDMARC, results("dkim=none; dkim-atps=neutral"), BORDER), PROVEN),
        # They contradict each other.
        (
            (results("dmarc=fail (p=reject dis=none) header.from=example.net"), OPENDKIM, BORDER),
            Proof(dmarc=Verdict.FAIL),
        ),
        ((OPENDMARC, results("dmarc=fail header.from=example.net"), OPENDKIM, BORDER), Proof(dmarc=Verdict.FAIL)),
        ((OPENDMARC, results("dmarc=none header.from=example.net"), OPENDKIM, BORDER), Proof()),
        # One of them cannot be read.
        ((OPENDMARC, results("dkim=pass (2048-bit key"), BORDER), Proof(dmarc=Verdict.PASS)),
        # The border left one in that came from outside: it neither helps nor hurts.
        ((OPENDMARC, OPENDKIM, BORDER, results("dmarc=fail header.from=example.net")), PROVEN),
        ((results("dmarc=none"), results("dkim=none; dkim-atps=neutral"), BORDER, OPENDMARC, OPENDKIM), Proof()),
        ((results("dkim=none"), BORDER, OPENDKIM), Proof()),
        # Only one stands above: the other is not this server's, whatever it says.
        ((OPENDKIM, BORDER, OPENDMARC), SIGNED),
        # A filter that puts its header below proves nothing; the member is asked.
        ((BORDER, OPENDMARC, OPENDKIM), Proof()),
    ],
)
def test_two_results_of_our_server_count_together(headers: tuple[tuple[str, str], ...], expected: Proof) -> None:
    assert proof_of(*headers, AMARA) == expected


@pytest.mark.parametrize(
    "senders",
    [
        (),
        (AMARA, AMARA),
        (AMARA, ("from", "evil@evil.example")),
        (("from", "amara@example.net, evil@evil.example"),),
        (("from", "evil@evil.example <amara@example.net>"),),
        (("from", "amara@example.net <evil@evil.example>"),),
        (("from", "Amara"),),
        (("from", "team: amara@example.net;"),),
        (("from", "<amara@example.net"),),
    ],
)
def test_only_one_plain_sender_can_be_proven(senders: tuple[tuple[str, str], ...]) -> None:
    assert proof_of(DMARC, BORDER, *senders).address is None


def test_a_display_name_that_looks_like_an_address_proves_the_real_one() -> None:
    sender = ("from", '"jun@example.org" <amara@example.net>')
    assert proof_of(DMARC, BORDER, sender).address == "amara@example.net"


def test_only_members_are_given_where_members_are_asked_for() -> None:
    mail = Mail(headers=(DMARC, BORDER, AMARA))
    assert prove(mail, envelope(), TRUST, member_addresses=frozenset({"amara@example.net"})) == PROVEN
    assert prove(mail, envelope(), TRUST, member_addresses=frozenset({"jun@example.net"})).address is None


@pytest.mark.parametrize(
    ("headers", "spam"),
    [
        ([("x-spam-flag", "YES"), BORDER], True),
        ([("x-spam-flag", "true, score=9"), BORDER], True),
        ([("x-spam-flag", "No"), BORDER], False),
        ([("x-spam-flag", ""), BORDER], False),
        ([BORDER, ("x-spam-flag", "YES")], False),
        ([("x-other", "YES"), BORDER], False),
    ],
)
def test_the_spam_flag_is_our_servers_or_nothing(headers: list[tuple[str, str]], spam: bool) -> None:
    assert proof_of(*headers).spam is spam


@given(st.text(max_size=200), st.text(max_size=80))
def test_no_results_raise(text: str, sender: str) -> None:
    proof_of(results(text), ("received", text), ("from", sender))


@given(st.text(alphabet='dkim=pass;()" \\.header@exmplnt\t', max_size=120))
def test_nothing_like_a_result_proves_anything_for_a_stranger(text: str) -> None:
    assert proof_of(results(text), BORDER, ("from", "jun@stranger.example")).how != "dkim"


@pytest.mark.parametrize("unit", ["(a\\", "(", "\\(", "((x)", "()"])
def test_received_lines_of_nothing_but_brackets_held_up_everybody(unit: str) -> None:
    lines = [("received", "from a by mx.other.example " + unit * (9_000 // len(unit)))] * 20
    begun = time.thread_time()
    proof_of(*lines, BORDER, DMARC, AMARA)
    assert time.thread_time() - begun < 2.5


@pytest.mark.parametrize(
    ("comment", "is_ours"),
    [
        ("(by a.example) by", True),
        ("((a) by a.example (b)) by", True),
        (r"(\) by a.example (x)) by", True),
        ("( by", True),
        ("(x by", True),
        (") by", True),
        ("(by", False),
        ("(a (b) by", True),
    ],
)
def test_what_a_peer_greets_with_hides_no_line_of_our_own_server(comment: str, is_ours: bool) -> None:
    ends = ")" if not is_ours else ""
    ours = ("received", f"from x {comment} {MX}{ends}; Mon, 1 Jan 2024")
    # Above the border's line nothing counts but what it wrote: what is forged stands below.
    top = ("received", "from y by relay.example.org; Mon, 1 Jan 2024")
    assert (proof_of(top, DMARC, ours, AMARA) == PROVEN) is is_ours


@pytest.mark.parametrize(
    "sender",
    [
        b"\x1b$B<evil@example.net>>\x1b(B <amara@example.net>",
        b"\x1b$B<evil@example.net>\x1b(B <amara@example.net>",
        b"\x1b$B<evil@example.net>,\x1b(B <amara@example.net>",
        b"\x1b$Bevil@example.net,\x1b(B <amara@example.net>",
        b'"\x1b$B"<evil@example.net>, \x1b(B" <amara@example.net>',
        b"=?iso-2022-jp?q?=1B$B?= <evil@example.net>>\x1b(B <amara@example.net>",
        b'"evil@example.net\0" <amara@example.net>',
        b"Amara \xc2\x85 <amara@example.net>",
    ],
)
@pytest.mark.parametrize(
    "found", ["dmarc=pass", "dmarc=pass header.from=example.net", "dkim=pass header.d=example.net"]
)
def test_an_address_that_is_half_of_a_letter_in_one_charset_made_anybody_a_member(sender: bytes, found: str) -> None:
    ours = f"Authentication-Results: {MX}; {found}\r\n{BORDER[0]}: {BORDER[1]}\r\n".encode()
    mail = read(ours + b"From: " + sender + b"\r\nTo: conduct@example.org\r\nSubject: #clear\r\n\r\nhello")
    assert prove(mail, envelope(), TRUST).address is None
    assert "amara@example.net" in mail.from_addresses
    if b"\x1b$B" in sender:
        assert "evil@example.net" in " ".join(mail.from_addresses)
