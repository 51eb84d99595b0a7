"""A code name sounds like furniture: whatever two words are drawn, nobody is described, judged or hurt by them."""

from __future__ import annotations

import hashlib
import math
import random
import re
import secrets

import pytest

from cocmail.mail import codenames

# Words of EFF's list and of everyday abuse that must never stand in the subject of a case: people and kin, bodies,
# crime, violence, drugs, illness, death, religion, nations, gender, insults, verdicts, feelings.
HARMFUL = """
abnormal abrasive absurd abused accused acid activist actor addict afraid aged agony aghast alien amnesty anemic angel
anger angry anxious apache april armed armless arousal arrest arrogant arson ashamed asylum aunt autism autistic
avenge awful baboon baby badass banker bashful bastard battered beast bedroom bigot bitch blame blaming bloated body
bonehead bribe bride broken brute buddhist bully bunny busybody cannibal captive carnage catcall catfight cathouse
celibate cheating chaste cheat childish chimp chokehold choking clumsy coerce coma condom conniving convict corpse
coward crazy creep cripple crook cruel crush crying culprit dagger daughter deaf dealer deceased deceit defame
degraded dejected delusion demon denial deprave depraved deranged devious diabetic dirty disabled dishonest disgrace
divorcee dork douche drown drug drunk dumb dweeb dyslexic egotism elderly enrage epilepsy eskimo evil exorcist facial
fanatic fascism fat feeble feisty female feminist fetish fever filth floozy fondling fool fraud freak friend fugitive
geek gigolo girl glutton gonad goofball gossip grab grandma granny greedy grief grinch grope guilty guru gullible
guzzler hacker handgun harasser harmful harsh hate hatred helpless henchman hermit hijack hitman homicide hooker horny
hostage humiliate hunk hurt husband hysteric idiot imbecile immature immodest immoral impotent imposter insane irate
islamic islamist jailbird jailer jerk judge junkie jury juvenile kidnap killer kissing knife lady lapdog lawless leper
lewd liar loner loser lunacy lusty lying maggot maid maimed manhunt manic manly marxism mental mistress mobster molest
mongrel monster moocher moody morbid moron morphine mourner mugger murder nanny nasty nazi nephew nerd nervous
neurotic niece ninja nude nutcase oaf obese obsessed offender ogle oppress orphan outcast outsider overfed pagan panic
paralyze parasite pauper perjurer pervert phobia plague poison poser pregnant predator pretty prison prowler prude
psycho punch punisher punk puppet queen queer rabid race racism rape rascal ravage rebel recluse reject relapse
revenge rogue rotten ruthless sadistic savage scandal scared scheme scum seduce senile senorita sexual shady shame
shifty shove shrew sinner sister skinny slander slap slave slum slut smug snake snitch snob spinster spouse squatter
stalk stalker stalking stinky stranger strangle stubborn stupid suicide suspect swindler swinger syndrome tainted
terror thief threaten thug tragedy traitor tramp trauma trespass trump tubby turban twerp twisted tyrant ugly uncle
undress unhinged unstable unwanted uptight vagabond vagrancy vagrant vandal vendetta vengeful vermin victim vile
villain violate violator violence viper virgin virus vixen vulgar weakling whacky whiny whore wicked widow wife wimp
witch womanly womb worthless wounded wrong wrongful yelling yiddish zombie
""".split()


def pairs() -> int:
    return len(codenames.words()) * (len(codenames.words()) - 1)


def test_two_words_hold_at_least_twenty_bits() -> None:
    assert math.log2(pairs()) >= 20


def test_every_word_is_three_to_eight_plain_letters_and_stands_once() -> None:
    words = codenames.words()
    assert all(re.fullmatch(r"[a-z]{3,8}", word) for word in words)
    assert list(words) == sorted(set(words))


def test_every_word_is_one_of_the_published_list() -> None:
    assert set(codenames.words()) <= set(codenames.published())


def test_the_published_list_is_the_one_that_was_read() -> None:
    """Exclusion lets every new word through: when another list appears, read it in full before changing this line."""
    digest = hashlib.sha256("\n".join(sorted(codenames.published())).encode()).hexdigest()
    assert digest == "abae49761b88f3f1ba31ef944bea1f61b795a3cd7e1cfb7d276ed45bf77967ba"


def test_no_excluded_word_is_ever_drawn() -> None:
    assert not codenames.excluded() & set(codenames.words())


def test_every_excluded_word_would_be_drawn_if_it_were_not_excluded() -> None:
    eligible = {word for word in codenames.published() if re.fullmatch(r"[a-z]{3,8}", word)}
    assert codenames.excluded() <= eligible


def test_no_word_harms_anybody() -> None:
    assert len(set(HARMFUL)) >= 150
    assert not set(HARMFUL) & set(codenames.words())


@pytest.mark.parametrize("part", "rape nazi slut whore fuck shit cunt bitch nigg kike penis".split())
def test_no_word_hides_an_insult(part: str) -> None:
    assert [word for word in codenames.words() if part in word] == []


def test_no_word_is_one_of_our_own_subject_tags() -> None:
    """`#scope` beside `[scope kettle]` would make people guess which of the two was meant."""
    tags = """
        clear recuse challenge limit ask new party check own assign handoff risk scope urgent danger note plan
        consequence actions meet reporter reported contact send motion vote object withdraw interim act resolve status
        reopen obligation done apology transfer disclose merge related release notreport optout optin sheet help cases
        show doc transparency committee keep stay leave away
    """.split()
    assert not set(tags) & set(codenames.words())


def test_a_name_is_two_different_words_with_one_space() -> None:
    known = set(codenames.words())
    for _ in range(50):
        first, second = codenames.draw(secrets.choice).split(" ")
        assert first != second
        assert {first, second} <= known


def test_a_chooser_that_always_takes_the_first_still_gets_two_words() -> None:
    assert codenames.draw(lambda words: words[0]) == " ".join(codenames.words()[:2])


def test_the_same_chances_give_the_same_name() -> None:
    assert codenames.draw(random.Random(7).choice) == codenames.draw(random.Random(7).choice)
