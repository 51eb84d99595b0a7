"""What is drawn for a message can be drawn again, and is nobody else's."""

from __future__ import annotations

import re

from cocmail.mail.draw import KeyedDraw

ONE, OTHER = b"1" * 32, b"2" * 32
AMARA, JUN = ("case", "member amara", "amara@example.net"), ("case", "member jun", "jun@example.net")


def test_the_same_secret_draws_the_same() -> None:
    first, second = ((draw.id(), draw.code_name(), draw.token(*AMARA)) for draw in (KeyedDraw(ONE), KeyedDraw(ONE)))
    assert first == second


def test_what_one_person_has_is_not_drawn_for_another_in_whatever_order() -> None:
    first, second = KeyedDraw(ONE), KeyedDraw(ONE)
    amara, jun = first.token(*AMARA), first.token(*JUN)
    assert (second.token(*JUN), second.token(*AMARA)) == (jun, amara) and amara != jun


def test_nothing_is_drawn_twice() -> None:
    draw, other = KeyedDraw(ONE), KeyedDraw(OTHER)
    every = [each.token(*about) for each in (draw, other) for about in (AMARA, JUN, (), AMARA, JUN, ())]
    every += [draw.id(), draw.id(), other.id()]
    assert len(set(every)) == len(every)
    assert all(re.fullmatch(r"[a-z2-7]{26}", each) for each in every)
    assert len({draw.code_name() for _ in range(30)} | {other.code_name() for _ in range(30)}) == 60


def test_where_one_word_of_a_purpose_ends_makes_a_difference() -> None:
    draw = KeyedDraw(ONE)
    assert len({draw.token("a b", "c"), draw.token("a", "b c"), draw.token("a", "b", "c"), draw.token('a", "b c')}) == 4
