"""Where a letter of the committee ends and its signature begins: who signed is not named by being quoted."""

from __future__ import annotations

import pytest

from cocmail.core.model import Committee, Mail, Member, Policy
from cocmail.core.ownwords import own_words
from cocmail.core.screening import named_when_quoted, screen
from cocmail.core.signed import without_block

NAMES = {
    "amara": "Amara Obi", "noor": "Noor Haddad", "ivo": "Ivo Petrov", "sam": "Samantha Reyes", "sato": "佐藤 純",
    "jan": "Jan van der Berg",
}  # fmt: skip
COMMITTEE = Committee(
    "c",
    "Garden Project Code of Conduct Committee",
    "conduct@garden.example",
    Policy("basic", {}),
    tuple(Member(handle, name, f"{handle}@example.net") for handle, name in NAMES.items()),
)
TEXT = "Dear Robin,\n\nthank you for writing to us. We have looked at the chat, and will write again on Friday."
SIGNATURES = [
    "\n\nNoor Haddad",
    "\nNoor",
    "\n\nAmara Obi, for the committee",
    "\n\nFor the committee, Amara",
    "\n\nFor the committee, Amara.",
    "\n\nBest wishes\nNoor Haddad\nfor the Garden Project Code of Conduct Committee",
    "\n\nKind regards,\n\nNoor Haddad (she/her)\nGarden Project\n",
    "\n\nMany thanks,\nNoor\n\nGarden Project Code of Conduct Committee",
    "\n\nBest,\n  Amara Obi and Noor Haddad",
    "\n\nAmara Obi\nNoor Haddad\nfor the committee",
    "\n\nAmara & Noor, Code of Conduct Team",
    "\n\n— Amara",
    "\n\nThank you!\nAmara",
    "\n\nThanks, Amara",
    "\n\nIn solidarity,\n\nAmara Obi\n\nNoor Haddad",
    "\n\nViele Grüße\nNoor Haddad\nfür das Komitee",
    "\n\nMit freundlichen Grüßen\nDr. Noor Haddad",
    "\n\nCordialement,\nNoor Haddad\npour le comité",
    "\n\nUn saludo,\nSamantha",
    "\n\nSå långt för idag\nNoor Haddad",
    "\n\nС уважением,\nNoor Haddad",
    "\n\nJan van der Berg\non behalf of the Code of Conduct Committee",
    "\n\n佐藤純",
    "\n\n-- \nAmara Obi\nAcme Ltd\n+44 20 7946 0000\nhttps://amara.example",
    "\n\nBest wishes,\nAmara\n\n-- \nAmara Obi, Senior Gardener\nAcme Ltd",
    "\n\nNoor Haddad\nBerlin\n+49 30 1234567",
]
TEXTS = [
    "Do you mean Noor?",
    "Was it Noor Haddad",
    "Ask Noor",
    "Which of them do you mean?\n\nNoor Haddad\nSamantha Reyes",
    "Is it one of these:\n\nNoor Haddad",
    "You named one of us:\nNoor",
    "On Saturday, at the door,\nNoor Haddad will meet you.",
    "On Saturday you are met at the door by\nNoor Haddad",
    "It was Noor.",
    "Noor was against it",
    "Best to ask Noor",
    "Thanks to Noor we know",
    "Noor: 20, Ivo: 3",
    "Is it Noor/Samantha?",
    "The one whom you mean is\n\nnot Noor",
]


def found_in_an_answer(letter: str, words: str = "Thank you, I understand.") -> set[str]:
    quoted = "".join(f"> {line}\n" for line in letter.splitlines())
    return set(screen(COMMITTEE, Mail(text=f"{words}\n\nOn Friday the committee wrote:\n{quoted}"), (letter,)).found)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_who_signed_a_letter_was_put_out_of_the_case_by_its_being_quoted(signature: str) -> None:
    letter = TEXT + signature
    assert found_in_an_answer(letter) == set() == named_when_quoted(COMMITTEE, letter)
    assert found_in_an_answer(letter, "It was Noor Haddad.") == {"noor"}


@pytest.mark.parametrize("signed", ["", "\n\nBest wishes\nAmara Obi\nfor the committee", "\n\nAmara Obi"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_member_stayed_whom_the_last_words_of_a_letter_ask_about(text: str, signed: str) -> None:
    letter = f"{TEXT} {text}{signed}"
    named = found_in_an_answer(letter, "Yes.")
    assert "noor" in named and named == named_when_quoted(COMMITTEE, letter)
    if "best wishes" in signed.casefold():
        assert "amara" not in named


def test_a_mail_program_left_the_block_under_the_text_out_and_so_the_letter_was_not_known() -> None:
    letter = f"{TEXT}\n\nBest wishes,\nAmara\n\n-- \nAmara Obi\nAcme Ltd\n"
    shortened = letter.partition("-- ")[0]
    quoted = "".join(f"> {line}\n" for line in shortened.splitlines())
    assert not screen(COMMITTEE, Mail(text=f"Thank you.\n\n{quoted}"), (letter,)).found
    # A piece of it is anybody's words.
    assert set(screen(COMMITTEE, Mail(text="Who it was?\n> Amara\n"), (letter,)).found) == {"amara"}


@pytest.mark.parametrize(("lines", "cut"), [(12, True), (13, False)])
def test_what_is_too_long_for_a_signature_was_cut_from_the_report(lines: int, cut: bool) -> None:
    text = "They shouted.\n-- \n" + "and laughed\n" * lines
    assert (without_block(text)[0] == "They shouted.") == cut
    assert own_words(text).count("laughed") == (0 if cut else lines)


def test_a_letter_of_a_few_words_may_be_the_reporters_own() -> None:
    letter = "Thank you, we have it.\n\nAmara Obi"
    assert named_when_quoted(COMMITTEE, letter) == {"amara"} == found_in_an_answer(letter)


def test_a_letter_that_is_nothing_but_names_is_no_signature() -> None:
    letter = "Amara Obi and Noor Haddad\nIvo Petrov and Samantha Reyes for the committee"
    assert named_when_quoted(COMMITTEE, letter) >= {"noor", "ivo"}
