"""Several tags in one Subject: what goes together runs, what does not is asked about, what ran before does not again.

Each row is a Subject and the tags that run, or `!` and why none does.
"""

from __future__ import annotations

import pytest

from cocmail.core import subjects
from cocmail.core.tags import Tag

OWN = ("home shelf", "stunned bulb")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("#clear #own", "#clear #own"),
        ("#clear #clear", "#clear"),
        ("#clear #CLEAR #clear!", "#clear"),
        ("#scope in #risk safety:no repeat:no #note", "#scope in #risk safety:no repeat:no #note"),
        ("#scope in, #risk safety:no; #urgent.", "#scope in #risk safety:no #urgent"),
        ("#own primary #assign @jun", "#own primary #assign @jun"),
        ("#note 2026-11-21 #vote yes", "#note 2026-11-21 #vote yes"),
        ("#vote yes #motion outcome", "#vote yes #motion outcome"),
        ("#vote q1 yes #vote q2 no", "#vote q1 yes #vote q2 no"),
        ("#vote q1 yes #vote q2 yes #vote q3 abstain", "#vote q1 yes #vote q2 yes #vote q3 abstain"),
        ("#vote q1 yes #vote yes Q1", "#vote q1 yes"),
        ("#send d1 #send d2", "#send d1 #send d2"),
        ("#withdraw q1 #withdraw q2", "#withdraw q1 #withdraw q2"),
        ("#withdraw q1 #vote q2 no", "#withdraw q1 #vote q2 no"),
        ("#risk safety:yes repeat:no #risk repeat:no safety:yes", "#risk safety:yes repeat:no"),
        ('#actions "Call them" #status paused', '#actions "Call them" #status paused'),
        ('#actions "a" #actions “a”', '#actions "a"'),
        ("#recuse #help", "#recuse #help"),
        ("#help #recuse hard", "#help #recuse hard"),
        ("#committee #help #cases #sheet", "#committee #help #cases #sheet"),
        ("#cases #sheet #doc #show", "#cases #sheet #doc #show"),
        ("#clear 1 #clear 3", "#clear 1 #clear 3"),
        ("#clear 1 #clear 1", "#clear 1"),
        (
            '#party reported "Kit Larsen" #party witness "Dana Cole" #check',
            '#party reported "Kit Larsen" #party witness "Dana Cole" #check',
        ),
        ('#party reported "Kit" #party reported "Dana"', '#party reported "Kit" #party reported "Dana"'),
        ("#limit @kim none #limit @jun discuss", "#limit @kim none #limit @jun discuss"),
        ("#object q1 #object q2", "#object q1 #object q2"),
        ("#stay #away 2026-12-20 2027-01-04", "#stay #away 2026-12-20 2027-01-04"),
        ("#motion policy #stay #help", "#motion policy #stay #help"),
        ("#handoff @jun #note", "#handoff @jun #note"),
        ("#vote yes #vote no", "! contradiction #vote yes #vote no"),
        ("#vote q1 yes #vote q1 no", "! contradiction #vote q1 yes #vote q1 no"),
        ("#vote yes #vote q2 no", "! contradiction #vote yes #vote q2 no"),
        ("#vote q2 no #vote yes", "! contradiction #vote q2 no #vote yes"),
        ("#vote q1 yes #vote q2 no #vote q1 abstain", "! contradiction #vote q1 yes #vote q1 abstain"),
        ("#scope in #scope out", "! contradiction #scope in #scope out"),
        ("#scope in #urgent #scope out", "! contradiction #scope in #scope out"),
        ("#status paused #status ongoing", "! contradiction #status paused #status ongoing"),
        ("#own primary #own secondary", "! contradiction #own primary #own secondary"),
        ("#own #own secondary", "! contradiction #own #own secondary"),
        ("#assign @jun #assign @amara", "! contradiction #assign @jun #assign @amara"),
        ("#risk safety:yes #risk safety:no", "! contradiction #risk safety:yes #risk safety:no"),
        ("#risk safety:yes #risk repeat:no", "! contradiction #risk safety:yes #risk repeat:no"),
        ("#show #show original", "! contradiction #show #show original"),
        ("#notreport spam #notreport question", "! contradiction #notreport spam #notreport question"),
        ("#recuse hard #recuse soft", "! contradiction #recuse hard #recuse soft"),
        ("#recuse #recuse hard", "! contradiction #recuse #recuse hard"),
        ('#actions "a" #actions "b"', "! contradiction #actions #actions"),
        ('#resolve violation "a" #resolve no-action "a"', "! contradiction #resolve violation #resolve no-action"),
        ("#clear #recuse", "! contradiction #clear #recuse"),
        ("#recuse #clear", "! contradiction #recuse #clear"),
        ("#recuse hard #vote yes", "! contradiction #recuse #vote"),
        ("#note #help #recuse", "! one-text #note #recuse, contradiction #note #recuse"),
        ("#recuse #cases", "! contradiction #recuse #cases"),
        ("#recuse #committee", "! one-text #recuse #committee, contradiction #recuse #committee"),
        ("#clear #clear 2", "! contradiction #clear #clear 2"),
        ('#party reported "Kit" #party harmed "Kit"', "! contradiction #party reported #party harmed"),
        ("#check #check staged", "! contradiction #check #check staged"),
        ("#limit @kim none #limit @kim discuss", "! contradiction #limit @kim none #limit @kim discuss"),
        ("#challenge @jun #challenge @sam", "! contradiction #challenge @jun #challenge @sam"),
        ("#ask @ivo #ask @noor", "! contradiction #ask @ivo #ask @noor"),
        ("#handoff @jun #handoff @sam", "! contradiction #handoff @jun #handoff @sam"),
        (
            "#away 2026-12-20 2026-12-24 #away 2026-12-20 2027-01-04",
            "! contradiction #away 2026-12-20 2026-12-24 #away 2026-12-20 2027-01-04",
        ),
        ("#motion remove #motion policy", "! contradiction #motion remove #motion policy"),
        ("#recuse #unrecuse", "! contradiction #recuse #unrecuse"),
        ("#recuse #leave", "! contradiction #recuse #leave"),
        ("#recuse soft #limit @jun none", "! contradiction #recuse #limit"),
        ("#motion remove #own", "! contradiction #motion #own"),
        ("#motion policy #risk safety:yes", "! contradiction #motion #risk"),
        ("#motion policy #committee", "! one-text #motion #committee"),
        ("#ask @ivo #note", "! one-text #ask #note"),
        ("#challenge @jun #motion conflict", "! one-text #challenge #motion"),
        ("#optout #optin", "! contradiction #optout #optin"),
        ("#optin #doc #optout", "! contradiction #optin #optout"),
        ("#committee #vote yes", "! contradiction #committee #vote"),
        ("#clear #committee #help", "! contradiction #committee #clear"),
        ("#note #plan", "! one-text #note #plan"),
        ("#plan #consequence #note", "! one-text #plan #consequence #note"),
        ("#reporter #motion outcome", "! one-text #reporter #motion"),
        ("#note #note 2026-11-21", "! contradiction #note #note 2026-11-21"),
        ("#committee #reporter", "! one-text #committee #reporter, contradiction #committee #reporter"),
        ("#vote yes no #scope in", "! ambiguous #vote"),
        ("#vote yse #vtoe yes", "! missing #vote, unknown #vtoe"),
        ("#vote #vote #vote", "! missing #vote"),
        ("#clear #x\u0435 #y\u0435", "! lookalike"),
        ("#note #plan [home shelf] [stunned bulb]", "! one-text #note #plan, two-cases"),
        ("Fwd: #vote yes", "! forwarded"),
        ("#vote yes [home shelf] WG: x", "! forwarded"),
        ("#vote yse [home shelf] WG: x", "! missing #vote, forwarded"),
    ],
)
def test_several_tags(subject: str, expected: str) -> None:
    found = subjects.read(subject, own_names=OWN)
    if found.problems:
        said = [f"{each.kind} {each.about or each.nearest}".strip() for each in found.problems]
        assert "! " + ", ".join(said) == expected
    else:
        assert " ".join(map(str, found.tags)) == expected


def test_what_a_member_wrote_between_marks_is_not_in_the_reason() -> None:
    found = subjects.read('#actions "Talk to Ivo" #actions "Ban Ivo" #resolve violation "Ivo', own_names=OWN)
    assert found.problems
    assert "Ivo" not in repr(found.problems)


@pytest.mark.parametrize(
    ("subject", "parent", "fresh"),
    [
        ("Re: [home shelf] #recuse hard", ["#recuse hard"], []),
        ("Re: [home shelf] #recuse soft", ["#recuse hard"], [Tag("recuse", ("soft",))]),
        ("Re: [home shelf] #recuse", ["#recuse hard"], [Tag("recuse")]),
        ("Re: [home shelf] #VOTE: Yes!", ["#vote yes"], []),
        ("Re: [home shelf] #vote no", ["#vote yes"], [Tag("vote", ("no",))]),
        ("Re: [home shelf] #vote q1 yes", ["#vote yes"], [Tag("vote", ("q1", "yes"))]),
        ("Re: [home shelf] #vote yes q1", ["#vote q1 yes"], []),
        ("#vote no Re: [home shelf] #vote yes", ["#vote yes"], [Tag("vote", ("no",))]),
        ("#plan Re: [home shelf] #note", ["#note"], [Tag("plan")]),
        ("#clear Re: [home shelf] #recuse", ["#recuse"], [Tag("clear")]),
        ("#optin Re: [home shelf] #optout", ["#optout"], [Tag("optin")]),
        ("#clear Re: [home shelf] #clear 2", ["#clear 2"], [Tag("clear")]),
        ("#check staged", ["#check"], [Tag("check", ("staged",))]),
        ("Re: #limit @jun none [home shelf]", ["#limit @jun none"], []),
        ("#party witness “Kit Larsen”", ['#party reported "Kit Larsen"'], [Tag("party", ("witness",), "Kit Larsen")]),
        ("Re: #motion policy", ["#motion policy"], []),
        ("#note Re: [home shelf] #committee", ["#committee"], [Tag("note")]),
        ("#risk repeat:no safety:yes", ["#risk safety:yes repeat:no"], []),
        ("#risk safety:yes", ["#risk safety:yes repeat:no"], [Tag("risk", ("safety:yes",))]),
        ('#actions "Call them"', ['#actions "Call them"'], []),
        ("#actions “call THEM”", ['#actions "Call them"'], []),
        ('#actions "Call him"', ['#actions "Call them"'], [Tag("actions", (), "Call him")]),
        ('#resolve violation "a"', ['#resolve no-action "a"'], [Tag("resolve", ("violation",), "a")]),
        ("#doc #help", ["#doc", "#help", "#vote yes"], []),
        ("#note", ["#note"], []),
        ("Fwd: #note [home shelf] [stunned bulb]", ["#note"], []),
    ],
)
def test_what_ran_with_the_mail_replied_to_does_not_run_again_but_a_changed_tag_does(
    subject: str, parent: list[str], fresh: list[Tag]
) -> None:
    found = subjects.read(subject, own_names=OWN, parent_tags=parent)
    assert (list(found.tags), found.problems) == (fresh, ())


def test_what_was_read_once_is_recognised_in_the_reply() -> None:
    subject = "#scope in #vote yes q2 #actions “Straße, İstanbul” #assign @Jun #note 2026-11-21 [home shelf]"
    first = subjects.read(subject, own_names=OWN)
    assert len(first.tags) == 5
    again = subjects.read(f"Re: {subject.upper()}", own_names=OWN, parent_tags=[str(tag) for tag in first.tags])
    assert (again.tags, again.problems) == ((), ())


@pytest.mark.parametrize(
    ("subject", "leaves"),
    [
        ("#recuse", True),
        ("#RECUSE!", True),
        ("#recuse:hard", True),
        ("#re\u200bcuse", True),
        ("Re:\u00a0[home shelf]\u3000#recuse", True),
        ("#recuse #vtoe yes [home shelf]", True),
        ("#clear #recuse [home shelf]", True),
        ("#recuse [home shelf] [stunned bulb]", True),
        ("#recuse#clear", True),
        ("#vote yes no #recuse", True),
        ("#note #plan #recuse", True),
        ("#actions #recuse", True),
        ('#actions "call" #recuse', True),
        ("#recuse hard soft", True),
        ("\uff03clear #recuse", True),
        ("Fwd: #recuse [home shelf]", False),
        ("#recuse WG: [home shelf]", False),
        ('#actions "see #recuse there"', False),
        ("#resolve violation «they will #recuse»", False),
        ("\uff03recuse", False),
        ("#r\u0435cuse", False),
        ("#recused [home shelf]", False),
        ("#un-recuse", False),
        ("#unrecuse [home shelf]", False),
        ('#party reported "#recuse"', False),
        ("see page#recuse", False),
        ("please #clear", False),
    ],
)
def test_to_withdraw_is_the_safe_direction(subject: str, leaves: bool) -> None:
    assert subjects.wants_recusal(subject) is leaves


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        ("", set()),
        ("Re: [home shelf] Committee case", set()),
        ("#vote yse #clear #vtoe", {"vote", "clear"}),
        ("Fwd: #vote yes", {"vote"}),
        ("#vote yes no #recuse hard soft", {"vote", "recuse"}),
        ("#clear#recuse", {"clear"}),
        ("\uff03vote yes #1234 #transparency x", set()),
        ('#actions "see #vote yes" #Sheet.', {"actions", "sheet"}),
    ],
)
def test_which_tags_stand_there_is_known_whatever_is_wrong_with_them(subject: str, names: set[str]) -> None:
    assert subjects.tag_names(subject) == names
