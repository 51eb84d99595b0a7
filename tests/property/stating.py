"""What members say of conflicts, their own and each other's: part of the oracle; it imports nothing of the program."""

from __future__ import annotations

from collections.abc import Callable

from property.admission import FROM_OUTSIDE, bring_in, complete, is_asked, put, put_out, to_be_asked, unstated, withhold
from property.ballots import ask, close
from property.expected import Expected
from property.procedures import HOURS, by_friend
from property.records import Challenge, Entry, Said

Enter = Callable[[str, str, str, frozenset[str], str], Entry]


# Their own access


def clear(case: Expected, said: Said) -> bool:
    place = case.places[said.author]
    if not is_asked(case, said.author):
        changed = place.standing == "in" and not place.stated
        place.stated = place.stated or changed
        return changed
    if said.number and any(said.author in entry.text for entry in case.entries):
        return False
    if place.staged and not place.shown and case.reported(others=True):
        place.shown = True
        case.want_again(said.author, "check")
        return True
    place.stated = True
    bring_in(case, said.author, "onboarding" if place.number else "clear", kinds=FROM_OUTSIDE if place.number else ())
    if place.number:
        case.wanted[said.author, "document"] += 1
    complete(case)
    return True


def recuse(case: Expected, said: Said) -> bool:
    """A conflict with its kind and a text is put on record, and the others confirm it, where that is the procedure."""
    place, handle, states = case.places[said.author], said.author, case.body.procedure.states
    fresh = place.standing != "recused"
    kind = said.word if states else ""
    twice = kind == "soft" and (handle, "soft") in case.statements
    hard_already = not fresh and place.conflict == "hard"
    kind = "hard" if kind and (twice or hard_already) else kind
    if not fresh:
        says_more = states and said.word and said.canary and (handle, kind) not in case.statements
        if not says_more or place.conflict == "forced":
            return False
    if fresh:
        put_out(case, handle, "recused", "", kind)
    place = case.places[handle]
    place.conflict = kind
    if states and kind and said.canary:
        case.statements.append((handle, kind))
        case.record.add(said.canary)
        for question in case.questions:
            if not question.result and question.on_conflict and question.about == handle:
                close(case, question, cancelled=True)
        if case.readers:
            ask(case, "confirm", handle, {said.canary}, about=handle)
    complete(case)
    return True


def unrecuse(case: Expected, said: Said) -> bool:
    place = case.places[said.author]
    if place.standing not in ("recused", "limited") or place.conflict == "forced":
        return False
    if said.author in case.asked_about or not case.readers:
        return False
    asked_before = [each for each in case.questions if each.asks == "restore" and each.about == said.author]
    if any(each.result == "failed" for each in asked_before):
        return False
    ask(case, "restore", said.author, set(), about=said.author)
    return True


# Who is involved


def party(case: Expected, said: Said, enter: Enter) -> bool:
    case.parties.append((said.word, said.canary))
    meant = enter(said.canary, said.author, "", said.named, "").named
    case.party_members.append(said.named)
    case.record.add(said.canary)
    for handle in sorted(meant):
        # To be harmed, or to report, is a conflict everywhere; to be close to somebody who is, where it is said so.
        is_tie = by_friend(said.canary, handle)
        if said.word in case.body.procedure.conflicts_of or (said.word != "witness" and not is_tie):
            withhold(case, handle, "named")
    complete(case)
    if case.level(said.author) == "full":
        case.want(case.readers - {said.author}, f"notice {said.canary}")
    return True


def check(case: Expected, said: Said) -> bool | None:
    if case.matter or not case.reported():
        return False
    outside = to_be_asked(case)
    inside = set() if case.early else unstated(case) - {said.author}
    asked = bool(outside or inside)
    if asked or case.early:
        put(case, outside, staged=said.word == "staged")
    for handle in inside:
        case.want_again(handle, "check")
    if asked:
        return True
    was_early = bool(case.early)
    complete(case)
    return True if was_early else None


# The others' access


def challenge(case: Expected, said: Said) -> bool:
    about, author = said.about, said.author
    if not case.body.procedure.forced or about not in case.readers - {author} or about in case.asked_about:
        return False
    first = next((each for each in case.challenges if each.about == about), None)
    if first is not None and first.by == author:
        return False
    if first is not None:
        case.challenges.remove(first)
        ask(case, "force", first.by, {first.canary, said.canary} - {""}, about=about, seconded=True)
        return True
    decided = [each.about for each in case.questions if each.asks == "force" and each.result]
    if about in decided or any(each.by == author for each in case.challenges) or not said.canary:
        return False
    case.challenges.append(Challenge(author, about, said.canary, case.body.now + 48 * HOURS))
    case.want(case.readers - {author, about}, f"notice {said.canary}")
    return True


def has_some(case: Expected, handle: str) -> bool:
    return case.is_here(handle) and case.level(handle) != "none"


def limit(case: Expected, said: Said) -> bool:
    place = case.places.get(said.about)
    if place is None or said.about not in case.body.seats or place.conflict != "soft":
        return False
    if place.standing not in ("recused", "limited", "withheld"):
        return False
    if place.level == said.word or said.about in case.asked_about:
        return False
    ask(case, "limit", said.author, set(), about=said.about, level=said.word)
    return True


def lift(case: Expected, said: Said) -> bool:
    """Whom the reporter does not want, or who is one, is not brought in by a vote."""
    about, place = said.about, case.places.get(said.about)
    if not case.reported():
        return False
    if about not in case.body.seats or has_some(case, about) or about in case.asked_about or about in case.excluded:
        return False
    if place is not None and (place.standing == "recused" or place.why in ("excluded", "inherited", "concerned")):
        return False
    ask(case, "lift", said.author, {said.canary}, about=about)
    return True
