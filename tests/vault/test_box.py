"""What a seal promises: the same bytes back at the same place with the same key, and nothing otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocmail.errors import SealError
from cocmail.vault import box

KEYS = st.binary(min_size=32, max_size=32)


@given(key=KEYS, plaintext=st.binary(), context=st.binary())
def test_what_is_sealed_opens_at_its_place(key: bytes, plaintext: bytes, context: bytes) -> None:
    sealed = box.seal(key, plaintext, context)
    assert box.open_(key, sealed, context) == plaintext
    assert len(sealed) == len(plaintext) + box.OVERHEAD


@given(plaintext=st.binary(), data=st.data())
def test_one_changed_bit_is_noticed(plaintext: bytes, data: st.DataObject) -> None:
    key = box.new_key()
    sealed = bytearray(box.seal(key, plaintext, b"here"))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << (place % 8)
    with pytest.raises(SealError):
        box.open_(key, bytes(sealed), b"here")


@given(plaintext=st.binary(), end=st.integers(min_value=0, max_value=28))
def test_a_cut_record_is_noticed(plaintext: bytes, end: int) -> None:
    key = box.new_key()
    with pytest.raises(SealError):
        box.open_(key, box.seal(key, plaintext, b"")[:end], b"")


def test_neither_another_key_nor_another_place_opens_it() -> None:
    key = box.new_key()
    sealed = box.seal(key, b"a report", box.identity("events", "c1", 1))
    for other_key, place in (
        (box.new_key(), ("events", "c1", 1)),
        (key, ("events", "c1", 2)),
        (key, ("spool", "c1", 1)),
    ):
        with pytest.raises(SealError):
            box.open_(other_key, sealed, box.identity(*place))


def test_a_key_of_another_size_is_refused() -> None:
    for size in (0, 16, 31, 33):
        with pytest.raises(SealError):
            box.seal(bytes(size), b"", b"")


def test_the_same_text_never_looks_the_same() -> None:
    key = box.new_key()
    assert len({box.seal(key, b"yes", b"") for _ in range(200)}) == 200


PARTS = st.lists(st.text(st.characters()), max_size=4)


@given(one=PARTS, other=PARTS)
def test_two_places_never_share_a_name(one: list[str], other: list[str]) -> None:
    assert (box.identity(*one) == box.identity(*other)) == (one == other)


def test_a_place_may_hold_whatever_a_peer_sent() -> None:
    assert box.identity("\udcff") != box.identity("\udcfe")


def test_an_error_says_nothing_of_what_was_sealed() -> None:
    sealed = box.seal(box.new_key(), b"canary", b"canary")
    with pytest.raises(SealError) as error:
        box.open_(box.new_key(), sealed, b"canary")
    assert "canary" not in str(error.value)
    assert error.value.__suppress_context__
