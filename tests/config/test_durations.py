"""Durations of the contract, section 2."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocmail.config.durations import BusinessDays, parse_duration, parse_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1w", timedelta(days=7)),
        ("6mo", timedelta(days=180)),
        ("1y", timedelta(days=365)),
        ("100y", timedelta(days=36500)),
        ("2bd", BusinessDays(2)),
    ],
)
def test_every_unit_means_what_the_contract_says(text: str, length: object) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text",
    ["", "5", "m", "5 m", "-5m", "5M", "1d12h", "1.5h", "0s", "0bd", "101y", "99999999999s", "٣d", 5, None, True],
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_duration(text)


def test_business_days_have_no_fixed_length() -> None:
    assert str(parse_duration("2bd")) == "2bd"
    with pytest.raises(ValueError, match="business days have no meaning here"):
        parse_length("2bd")


@given(st.text() | st.from_regex(r"\A[0-9]{1,30}(s|m|h|d|bd|w|mo|y)\Z"))
def test_a_duration_is_understood_or_refused_but_never_overflows(text: str) -> None:
    try:
        length = parse_duration(text)
    except ValueError:
        return
    assert isinstance(length, BusinessDays) or timedelta() < length <= timedelta(days=36500)
