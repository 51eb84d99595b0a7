"""Every tag, in every state of a case, by all who have not got it, or not all of it, or did not prove who they are.

To whom a case is no case, every tag of it gets the same sentence, and nothing happens. Expectations are from the
contract, section 5, and written down by hand.
"""

from __future__ import annotations

import itertools

import pytest

from cocmail.core import events
from cocmail.core.effects import Decision
from cocmail.core.model import member_person
from core.desk import ADDRESS, CASE, CODE, NAMES, Desk, can_be_written, changed, committee, lines, names, opened
from core.every_tag import EARLY, KEPT, STATES, TO_ALL, UNSEALED, WITHOUT_CASE, WRITTEN, desk, policies_of

# Out, one way or the other. Noor withdrew, Ivo was named, Pat left the committee and came back, Ruth never had it.
OUT = ("noor", "ivo", "pat", "ruth")
HAD_LETTERS = frozenset({"noor", "pat"})
ANSWERS = frozenset({"clear", "recuse"})
# Where one member may keep somebody safe alone; a measure to a day only where nobody need be in danger for that.
ACTS_ALONE = {"act": ("basic", "kubernetes", "chaoss", "cncf"), "interim": ("basic", "kubernetes")}
STEERS_OWN_ACCESS = frozenset({"recuse", "unrecuse"})
# Steps of a member's own that need no case; `leave` always asks first.
OWN = WITHOUT_CASE | {"clear n", "leave"}


def is_afterthought(tag: str, handle: str, policy: str, state: str) -> bool:
    """Whether it is one of the few things that reach a case which this member withdrew from."""
    more = {"recuse"} if policy == "cncf" else set()
    return handle == "noor" and state != "sealed" and tag in {"unrecuse"} | more


def no_case(decision: Decision, handle: str, tag: str, *, belongs: bool, where: str) -> None:
    """The decision tells nothing of the case and does nothing to it."""
    assert not changed(decision), where
    assert not any(letter.case_id == CASE for letter in decision.letters), where
    if tag == "leave":
        assert decision.reason.value == "held-irreversible", where
        assert [(letter.kind, letter.to) for letter in decision.letters] == [("confirm", member_person(handle))]
        return
    [line] = lines(decision)
    assert CODE not in str(line), where
    if tag in WITHOUT_CASE:
        assert not line.get("refused"), where
    elif tag == "clear n":
        assert line["outcome"] == "no-such-number", where
    elif tag in TO_ALL:
        # Who has letters of it must not write to all from there; others must not find out by this that there is one.
        assert (line["outcome"] == TO_ALL[tag]) is belongs, where
    else:
        assert line["outcome"] == "no-such-case", where
    if tag not in TO_ALL or belongs:
        assert {letter.to for letter in decision.letters} == {member_person(handle)}, where


@pytest.mark.parametrize("tag", WRITTEN)
def test_who_is_out_learns_nothing_and_changes_nothing(tag: str) -> None:
    for state, handle in itertools.product(STATES, OUT):
        for policy in policies_of(state):
            here, where = desk(state, policy), f"{tag} by {handle} in {state} under {policy}"
            decision = here.look(handle, *WRITTEN[tag])
            can_be_written(decision, here)
            if is_afterthought(tag, handle, policy, state):
                assert not decision.cancel and here.standing(handle) == "recused", where
                continue
            no_case(decision, handle, tag, belongs=handle in HAD_LETTERS and state != "sealed", where=where)


@pytest.mark.parametrize("tag", WRITTEN)
def test_a_sealed_case_and_one_before_anybody_was_asked_exist_for_no_other_member(tag: str) -> None:
    for state, policy in (("sealed", "basic"), ("triage", "chaoss")):
        for handle in ("lee", "kim") if state == "triage" else ("amara", "jun", "lee"):
            where = f"{tag} by {handle} in {state}"
            no_case(desk(state, policy).look(handle, *WRITTEN[tag]), handle, tag, belongs=False, where=where)


@pytest.mark.parametrize("tag", WRITTEN)
def test_who_is_asked_can_answer_and_do_nothing_else(tag: str) -> None:
    for state in sorted(UNSEALED - {"triage"}):
        for policy in policies_of(state):
            here, where = desk(state, policy), f"{tag} in {state} under {policy}"
            decision = here.look("lee", *WRITTEN[tag])
            can_be_written(decision, here)
            if tag == "clear n":
                # Asked about this case alone, and sent no list: a number means nothing, and nothing is opened by it.
                assert [line["outcome"] for line in lines(decision)] == ["no-such-number"], where
                assert not changed(decision), where
                continue
            if state in KEPT and policy in ACTS_ALONE.get(tag, ()):
                # Whoever knows of it may keep somebody safe, where one member may act alone; and reads nothing by it.
                assert names(changed(decision))[0] == "MeasureTaken", where
                assert not [letter for letter in decision.letters if letter.to.handle == "lee"][1:], where
                continue
            if tag not in ANSWERS:
                no_case(decision, "lee", tag, belongs=True, where=where)
                continue
            [line] = lines(decision)
            assert line["outcome"] == ("cleared" if tag == "clear" else "recused-unread"), where
            told = [letter for letter in decision.letters if letter.kind == "notice" and letter.to.handle == "jun"]
            assert told, where


@pytest.mark.parametrize("tag", WRITTEN)
def test_who_has_a_soft_conflict_steers_nothing(tag: str) -> None:
    """Kim may talk and Mika reads the notes; their own access aside, no tag of the case is for them."""
    for state, handle in itertools.product(sorted(UNSEALED - EARLY), ("kim", "mika")):
        here, where = desk(state, "cncf"), f"{tag} by {handle} in {state}"
        decision = here.look(handle, *WRITTEN[tag])
        can_be_written(decision, here)
        if tag == "leave":
            assert decision.reason.value == "held-irreversible" and not changed(decision), where
            continue
        [line] = lines(decision)
        if tag in STEERS_OWN_ACCESS:
            assert not line.get("refused"), where
            assert set(names(changed(decision))) <= {"MemberRecused", "QuestionOpened"}, where
            continue
        if tag == "act" and state in KEPT:
            # But to keep somebody safe: there nothing stands in their way.
            assert names(changed(decision))[0] == "MeasureTaken", where
            continue
        assert not changed(decision), where
        assert {letter.to.handle for letter in decision.letters} == {handle}, where
        if tag in WITHOUT_CASE:
            assert not line.get("refused"), where
        elif tag in TO_ALL or tag == "clear n":
            assert line["outcome"] in (*TO_ALL.values(), "no-such-number"), where
        else:
            assert line["outcome"] == "limited", where


@pytest.mark.parametrize(("handle", "level"), [("kim", "discuss"), ("mika", "summary")])
def test_no_word_of_ones_own_gives_more_than_the_others_left(handle: str, level: str) -> None:
    for tag in ("clear", "unrecuse"):
        here = Desk(desk("open", "cncf").committee, desk("open", "cncf").case)
        here.does(handle, *WRITTEN[tag], runs=tag == "unrecuse")
        assert here.standing(handle) == f"limited {level}"
        assert not here.got(handle, "forward")
    here.does(handle, "#recuse")
    assert here.standing(handle) == "recused"


def test_who_has_a_soft_conflict_votes_where_the_procedure_says_so() -> None:
    for allowed in (False, True):
        place = committee("cncf", knobs={"conflict.soft_may_vote": allowed})
        here = Desk(place, desk("open", "cncf").case)
        here.does("amara", *WRITTEN["motion outcome"])
        assert len(here.got("kim", "vote")) == allowed and not here.got("mika", "vote")
        here.does("mika", "#vote yes", runs=False)
        here.does("kim", "#vote yes", runs=allowed)
        assert here.case.proceedings.motions[0].ballots == ({"kim": "yes"} if allowed else {})


@pytest.mark.parametrize("tag", WRITTEN)
def test_a_reporters_tag_is_plain_text(tag: str) -> None:
    for state in STATES:
        for policy in policies_of(state):
            decision = desk(state, policy).look("reporter", *WRITTEN[tag])
            assert decision.reason.value == "follow-up"
            assert names(changed(decision)) == ["EntryFiled"], (tag, state)
            assert {letter.kind for letter in decision.letters} <= {"forward"}, (tag, state)


@pytest.mark.parametrize("tag", WRITTEN)
def test_a_strangers_tag_is_a_report_and_touches_no_other_case(tag: str) -> None:
    for state in STATES:
        for policy in policies_of(state):
            decision = desk(state, policy).look("stranger", *WRITTEN[tag])
            assert decision.reason.value == "report" and not changed(decision), (tag, state)
            assert {letter.kind for letter in decision.letters} == {"ack", "forward"}, (tag, state)


@pytest.mark.parametrize("tag", WRITTEN)
def test_what_nobody_proved_runs_nothing_until_it_is_confirmed(tag: str) -> None:
    for state, handle in itertools.product(sorted(UNSEALED), ("jun", "kim")):
        if handle == "kim" and state in EARLY:
            continue
        for policy in policies_of(state):
            decision, where = desk(state, policy).look(handle, *WRITTEN[tag], proven=False), (tag, handle, state)
            assert decision.reason.value == "held-unproven" and decision.state == "held", where
            assert [letter.kind for letter in decision.letters] == ["confirm"], where
            assert names(changed(decision)) == (["MemberPaused"] if tag == "recuse" else []), where
            assert decision.book is None, where


# Words without a tag


@pytest.mark.parametrize("state", sorted(UNSEALED))
def test_who_may_talk_is_heard_by_all_who_may(state: str) -> None:
    for policy in policies_of(state):
        for handle in ("jun", "kim"):
            if handle == "kim" and (state in EARLY or policy != "cncf"):
                continue
            decision = desk(state, policy).look(handle, "", "I was in the next room.")
            assert decision.reason.value == "discussion" and names(changed(decision)) == ["EntryFiled"]
            told = {letter.to.handle for letter in decision.letters if letter.kind == "forward"}
            # While conflicts are asked about, talk is kept, and its author told so (R33).
            talking = {"amara", "jun", "sam"} | (set() if state in EARLY else {"kim"})
            assert told == (set() if state == "checking" else talking - {handle}), (state, policy)
            waits = [letter.to.handle for letter in decision.letters if letter.template == "waits"]
            assert waits == ([handle] if state == "checking" else [])


@pytest.mark.parametrize("state", sorted(UNSEALED - {"triage"}))
def test_who_is_asked_and_answers_in_words_is_told_that_a_tag_counts(state: str) -> None:
    for policy in policies_of(state):
        decision = desk(state, policy).look("lee", "", "I have no conflict, I think.")
        assert [line["outcome"] for line in lines(decision)] == ["answer-by-tag"]
        assert not changed(decision) and {letter.to.handle for letter in decision.letters} == {"lee"}


def test_who_was_left_the_notes_alone_takes_no_part_in_the_talk() -> None:
    for state in sorted(UNSEALED - EARLY):
        decision = desk(state, "cncf").look("mika", "", "I was in the next room.")
        assert [line["outcome"] for line in lines(decision)] == ["no-talk"]
        assert not changed(decision) and {letter.to.handle for letter in decision.letters} == {"mika"}


@pytest.mark.parametrize("handle", ["noor", "pat"])
def test_words_of_who_is_out_are_passed_to_nobody(handle: str) -> None:
    for state in sorted(UNSEALED):
        for policy in policies_of(state):
            decision = desk(state, policy).look(handle, "", "I was in the next room.")
            assert [line["outcome"] for line in lines(decision)] == ["no-such-case"]
            assert not decision.changes and {letter.to.handle for letter in decision.letters} == {handle}


def test_words_of_who_never_had_it_are_a_report_of_their_own() -> None:
    for state in STATES:
        for policy in policies_of(state):
            decision = desk(state, policy).look("ivo", "", "Somebody took my bag.")
            assert decision.reason.value == "report" and not changed(decision)


# A new member's list of names


def newcomer() -> Desk:
    """Lee joined, and got a list in which this case is number two; it has no address of the case yet."""
    told = opened("amara", "jun", "noor")
    asked = events.MemberAsked("lee", ADDRESS["lee"], NAMES["lee"], number=2)
    return Desk.at(committee("numfocus"), *told, events.PartyNamed("reported", "Kit Larsen", "amara", ""), asked)


def test_a_number_of_the_list_opens_that_case_with_what_was_reported_and_no_talk_of_before() -> None:
    here = newcomer()
    here.says("jun", "I was there.")
    here.says("reporter", "One more thing.")
    here.does("lee", "#clear 2", named=False)
    assert here.standing("lee") == "cleared"
    assert here.entries_for("lee") == ["m1", "m3"]
    here.says("noor", "Welcome.")
    assert here.entries_for("lee") == ["m1", "m3", "m5"]


@pytest.mark.parametrize("tags", ["#clear 1", "#clear 3", "#clear", "#recuse", "#recuse 2"])
def test_no_other_number_opens_it(tags: str) -> None:
    here = newcomer()
    here.does("lee", tags, runs=False, named=False)
    assert here.standing("lee") == "asked" and not here.got("lee", "forward")


def test_a_number_says_nothing_of_the_case_that_the_mail_is_in() -> None:
    """Lee was asked about this one by itself: number two of a list is another one, or none."""
    for policy in policies_of("checking"):
        decision = desk("checking", policy).look("lee", *WRITTEN["clear n"])
        assert [line["outcome"] for line in lines(decision)] == ["no-such-number"]
