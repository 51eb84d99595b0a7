"""What people rely on: an address means one person however it is written, and a subaddress means what was asked."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocmail.core.model import Wanted
from cocmail.mail import address
from cocmail.mail.parse import read

ALIASES = ("conduct@example.org", "coc@example.org")
HANDLES = ("amara", "Jun")
TOKEN = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Amara@Example.ORG", "amara@example.org"),
        (" <amara@example.org> ", "amara@example.org"),
        ("amara@example.org.", "amara@example.org"),
        ('"amara.obi"@example.org', "amara.obi@example.org"),
        ('"amara obi"@example.org', '"amara obi"@example.org'),
        ("amara @ example.org", "amara@example.org"),
        ("rae@BÜCHER.example", "rae@xn--bcher-kva.example"),
        ("rae@xn--bcher-kva.example", "rae@xn--bcher-kva.example"),
        ("rae@b\u0075\u0308cher.example", "rae@xn--bcher-kva.example"),
        ("rae@ｅxample。org", "rae@example.org"),
        ("d..o..t.@docomo.example", "d..o..t.@docomo.example"),
        ("rae@[192.0.2.1]", "rae@[192.0.2.1]"),
        ("x" * 900 + "@example.org", "x" * 900 + "@example.org"),
    ],
)
def test_one_address_has_one_normal_form(written: str, meant: str) -> None:
    assert address.normal(written) == meant
    assert address.normal(meant) == meant


@pytest.mark.parametrize(
    "nonsense",
    ["", "<>", "root", "@", "a@", "@b.c", "a b@c.d", "a@b@c.d", "a@b..c", "a@b c", "[id]", "a\n@b.c",
     "a@b.c\r\nBcc: x@y.z", "a\u202eb@c.d", "\ud800@b.c", "a,b@c.d", '"@b.c', "a@[x y]",
     "a@" + "b" * 64 + ".c", "a@" + "b." * 200 + "c", "a\0@b.c"],
)  # fmt: skip
def test_what_is_no_address_is_nothing(nonsense: str) -> None:
    assert address.normal(nonsense) == ""
    assert not address.is_address(nonsense)


def test_two_owners_never_share_a_normal_form() -> None:
    """IDNA 2003 and case folding would make the first two one domain, and the last two one mailbox."""
    assert address.normal("amara@faß.example") != address.normal("amara@fass.example")
    assert address.normal("straße@example.org") != address.normal("strasse@example.org")


def test_domains_are_aligned_by_organisation() -> None:
    assert address.organisational_domain("a.b.example.co.uk") == "example.co.uk"
    assert address.aligned("mail.example.org", "Example.org.")
    assert not address.aligned("example.co.uk", "other.co.uk")
    assert not address.aligned("co.uk", "example.co.uk")
    assert not address.aligned("", "")
    assert address.domain_of("a@B.example") == "b.example"


@pytest.mark.parametrize(
    ("recipient", "ext"),
    [
        ("conduct@example.org", ""),
        ("Conduct+@example.org", ""),
        ("COC+Not-Amara@EXAMPLE.org", "not-amara"),
        ("conduct+a+b@example.org", "a+b"),
        ('"conduct+a b"@example.org', "a b"),
        ("conduct+" + "x" * 500 + "@example.org", "x" * 500),
        ("conducts@example.org", None),
        ("conduct-x@example.org", None),
        ("conduct+x@example.net", None),
        ("nonsense", None),
    ],
)
def test_any_extension_of_ours_is_recognised(recipient: str, ext: str | None) -> None:
    assert address.extension(recipient, ALIASES) == ext


@pytest.mark.parametrize(
    ("recipients", "meant"),
    [
        (["conduct@example.org"], Wanted(alias=True)),
        (["conduct+jun@example.org"], Wanted(only=("Jun",))),
        (["conduct+NOT-amara@example.org"], Wanted(excluded=frozenset({"amara"}))),
        (["conduct+not-nobody@example.org"], Wanted(unknown=True, spellings=frozenset({"nobody"}))),
        (["conduct+not-amara+not-jun@example.org"], Wanted(excluded=frozenset({"amara", "Jun"}))),
        (["conduct+escrow@example.org"], Wanted(escrow=True)),
        ([f"conduct+{TOKEN}@example.org"], Wanted(token=TOKEN)),
        ([f"conduct+{TOKEN.upper()}@example.org"], Wanted(token=TOKEN)),
        ([f"conduct+confirm-{TOKEN}@example.org"], Wanted(confirm=TOKEN)),
        (["conduct+confirm-no@example.org"], Wanted(unknown=True)),
        ([f"conduct+bounce-{TOKEN}@example.org"], Wanted(bounce=TOKEN)),
        (["conduct+typo@example.org"], Wanted(unknown=True)),
        (["conduct+not-@example.org"], Wanted(unknown=True)),
        (["someone@example.net", "bad"], Wanted()),
        (
            ["conduct@example.org", "coc+not-amara@example.org", "conduct+jun@example.org", "conduct+jun@example.org"],
            Wanted(alias=True, excluded=frozenset({"amara"}), only=("Jun",)),
        ),
    ],
)
def test_recipients_say_who_may_read(recipients: list[str], meant: Wanted) -> None:
    assert address.wanted(recipients, ALIASES, HANDLES) == meant


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('Foo <a@b.c>, "X, Y <n@o.p>" <d@e.f>', ("a@b.c", "d@e.f")),
        ("team: a@b.c, D@e.f;, g@h.i", ("a@b.c", "d@e.f", "g@h.i")),
        ("undisclosed-recipients:;", ()),
        ("Exchange <[id]>", ()),
        ("a@b.c (John (x@y.z) Doe)", ("a@b.c",)),
        ("<@relay,@other:u@v.w>", ("u@v.w",)),
        ("a@b.c; d@e.f", ("a@b.c", "d@e.f")),
        ("<a@b.c", ("a@b.c",)),
        ("<a@b.c>, <", ("a@b.c",)),
        ('"unclosed <a@b.c>', ("a@b.c",)),
        ("(unclosed <a@b.c>", ("a@b.c",)),
        ("Name a@b.c", ("a@b.c",)),
        ("<a@b.c> <d@e.f>", ("a@b.c", "d@e.f")),
        ('"a>b"@c.d', ('"a>b"@c.d',)),
        ("=?utf-8?q?a=40b=2Ec?= <d@e.f>", ("d@e.f",)),
        ("(" * 1000 + ")" * 1000 + " a@b.c", ("a@b.c",)),
    ],
)
def test_address_lists_are_read_as_people_write_them(value: str, found: tuple[str, ...]) -> None:
    assert address.addresses_in(value) == found


@pytest.mark.parametrize(
    ("value", "sole"),
    [
        ("a@b.c", "a@b.c"),
        ("Amara Obi <a@b.c>", "a@b.c"),
        ('"Obi, Amara @ work" <a@b.c>', "a@b.c"),
        ("a@b.c (Amara)", "a@b.c"),
        ("a@b.c, d@e.f", ""),
        ("a@b.c <d@e.f>", ""),
        ("<d@e.f> a@b.c", ""),
        ("<a@b.c> <d@e.f>", ""),
        ("<a@b.c", ""),
        ("(x <a@b.c>", ""),
        ("g: a@b.c;", ""),
        ("<@r:a@b.c>", ""),
        ("<[id]> a@b.c", ""),
        ("a\\@b.c@d.e", ""),
        ("", ""),
    ],
)
def test_an_ambiguous_sender_is_nobody(value: str, sole: str) -> None:
    assert address.sole_mailbox(value) == sole


@pytest.mark.parametrize(
    "piece", ["(", '"', '"\\', "<", "a@ ", "[", "\\", '(a)"', "<a@b.c,", ":;", "((", "()", "a@b.c "]
)
def test_no_address_list_takes_long(piece: str) -> None:
    # The time of this thread, whatever else the machine has to do.
    begun = time.thread_time()
    address.addresses_in(piece * (200_000 // len(piece)))
    assert time.thread_time() - begun < 2.5


@pytest.mark.parametrize(
    "value", ['"' + '\\"' * 99_999 + " <a@b.example>", '"' + '\\"' * 99_999 + "\\", "<@" + "a" * 99_999 + "," * 99_999]
)
def test_one_address_that_never_ended_stopped_the_daemon_for_minutes(value: str) -> None:
    begun = time.thread_time()
    address.mailboxes_in(value)
    address.sole_mailbox(value)
    assert time.thread_time() - begun < 2.5


def test_who_stands_behind_a_list_without_end_is_not_the_only_one() -> None:
    assert address.sole_mailbox("a@b.example, " * 30_000) == ""


def test_twenty_thousand_recipients_are_read() -> None:
    assert len(address.addresses_in(", ".join(f"P {n} <p{n}@example.org>" for n in range(20_000)))) == 20_000


@given(st.text(), st.lists(st.text(), max_size=3))
def test_no_text_raises(text: str, recipients: list[str]) -> None:
    address.addresses_in(text)
    address.sole_mailbox(text)
    address.wanted([text, *recipients], ALIASES, HANDLES)
    assert address.normal(address.normal(text)) == address.normal(text)


@given(st.text(alphabet='ab@.<>()",;:\\[] +\t', max_size=60))
def test_punctuation_alone_raises_nothing_either(text: str) -> None:
    for found in address.addresses_in(text):
        assert address.normal(found) == found
    assert address.normal(address.normal(text)) == address.normal(text)


@pytest.mark.parametrize("field", ["To", "Cc", "Delivered-To"])
def test_whom_to_keep_out_was_not_heard_behind_five_thousand_others(field: str) -> None:
    many = ",\r\n ".join(f"a{number}@x.example" for number in range(5_200))
    head = f"To: {many}\r\n" if field != "To" else ""
    more = f"{many}, " if field == "To" else ""
    mail = read(f"{head}{field}: {more}conduct+not-ivo@example.org\r\n\r\nhello".encode())
    wanted = address.wanted((*mail.delivered_to, *mail.to), ["conduct@example.org"], ["ivo"])
    assert wanted.excluded == {"ivo"}
    assert len(mail.to) <= 5_001
