"""How many acknowledgements leave, and to whom they are counted; how reports are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cocmail.core.caps import mailbox
from cocmail.core.digests import is_held_back
from cocmail.core.flood import SLICES, Flood, slices
from cocmail.core.model import Door, Envelope, Mail, Wanted
from cocmail.core.setting import Known, Message, Setting
from cocmail.core.trust import Proof, Verdict
from core.desk import ADDRESS, ALIAS, NOW, CountingDraw, committee

HOURLY = Flood(30, timedelta(hours=1))


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("robin@visitors.example", "robin@visitors.example"),
        ("robin+a@visitors.example", "robin@visitors.example"),
        ("robin+a+b@visitors.example", "robin@visitors.example"),
        ("+odd@visitors.example", "+odd@visitors.example"),
        ("ro.bin@visitors.example", "ro.bin@visitors.example"),
        ("ro.bi.n+x@gmail.com", "robin@gmail.com"),
        ("robin@googlemail.com", "robin@gmail.com"),
    ],
)
def test_whoever_varies_an_address_is_counted_as_one_mailbox(address: str, counted_as: str) -> None:
    assert mailbox(address) == counted_as


@pytest.mark.parametrize("minutes", range(0, 61, 7))
def test_no_hour_is_counted_in_parts(minutes: int) -> None:
    """Whatever came less than an hour ago is in the count."""
    now = datetime(2026, 11, 21, 23, 58, 59, tzinfo=UTC)
    came = now - timedelta(minutes=minutes)
    assert slices("c", HOURLY, came)[0] in slices("c", HOURLY, now)
    assert slices("c", HOURLY, now - timedelta(minutes=75))[0] not in slices("c", HOURLY, now)
    assert len(slices("c", HOURLY, now)) == SLICES + 1


@pytest.mark.parametrize(
    ("limit", "proof", "sender", "reports", "held"),
    [
        (HOURLY, Proof(), "robin@visitors.example", 30, True),
        (HOURLY, Proof(dmarc=Verdict.FAIL), "robin@visitors.example", 30, True),
        (HOURLY, Proof(), "robin@visitors.example", 29, False),
        (HOURLY, Proof(dmarc=Verdict.PASS), "robin@visitors.example", 3000, False),
        (HOURLY, Proof("robin@visitors.example", "dkim"), "robin@visitors.example", 30, True),
        (HOURLY, Proof(ADDRESS["jun"], "dkim"), ADDRESS["jun"], 30, False),
        (HOURLY, Proof(), ADDRESS["jun"], 30, True),
        (None, Proof(), "robin@visitors.example", 3000, False),
    ],
)
def test_who_is_vouched_for_is_never_held_back(
    limit: Flood | None, proof: Proof, sender: str, reports: int, held: bool
) -> None:
    place = replace(committee(), flood=limit)
    mail = Mail(from_addresses=(sender,))
    message = Message("m1", mail, Envelope(Door.SMTP, ALIAS, sender, (ALIAS,)), Wanted(alias=True), proof)
    setting = Setting(place, Known(counts={"report": reports}), NOW, CountingDraw())
    assert is_held_back(message, setting) is held
