"""What a member wrote in a reply, told apart from what the mail program put around it.

Each row says what the opposite would have done to people.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from cocmail.core.ownwords import has_quotes, own_words, quoted_lines

# The line above a quote, as programs write it. With it in a motion or a note, everybody who reads that learns who sent
# the quoted mail and when, and through a reply address reads and writes in the case.
ATTRIBUTIONS = [
    ("mutt", "On Sat, Nov 21, 2026 at 10:00:00AM +0000, Robin Vale wrote:"),
    ("mutt, address only", "* Robin Vale <robin@visitors.example> [2026-11-21 10:00 +0000] wrote:"),
    ("Thunderbird", "On 21/11/2026 10:00, Robin Vale wrote:"),
    ("Thunderbird, author alone", "Robin Vale <robin@visitors.example> wrote:"),
    ("Thunderbird, German", "Am 21.11.26 um 10:00 schrieb Robin Vale:"),
    ("Thunderbird, French", "Le 21/11/2026 à 10:00, Robin Vale a écrit\u00a0:"),
    ("Thunderbird, Polish", "W dniu 21.11.2026 o 10:00, Robin Vale pisze:"),
    ("Thunderbird, Chinese", "在 2026/11/21 10:00, Robin Vale 写道:"),
    ("Gmail", "On Sat, 21 Nov 2026 at 10:00, Robin Vale <robin@visitors.example> wrote:"),
    (
        "Gmail, folded",
        "On Sat, 21 Nov 2026 at 10:00, Example Project Conduct Committee <\nconduct+abc@example.org> wrote:",
    ),
    ("Gmail, folded before the verb", "On Sat, 21 Nov 2026 at 10:00, Robin Vale <robin@visitors.example>\nwrote:"),
    ("three lines", "On Saturday, November 21, 2026 at 10:00 AM,\nExample Committee\n<conduct+abc@example.org> wrote:"),
    ("Gmail, German", "Robin Vale <robin@visitors.example> schrieb am Sa., 21. Nov. 2026, 10:00:"),
    ("Gmail, German, folded", "Example Committee <conduct+abc@example.org> schrieb am\nSa., 21. Nov. 2026, 10:00:"),
    ("Gmail, folded in the date", "Example Committee <conduct+abc@example.org> schrieb am Sa., 21.\nNov. 2026, 10:00:"),
    ("Gmail, Spanish", "El sáb, 21 nov 2026 a las 10:00, Robin (<robin@visitors.example>) escribió:"),
    ("Gmail, Italian", "Il giorno sab 21 nov 2026 alle ore 10:00 Robin <robin@visitors.example> ha\nscritto:"),
    ("Gmail, Portuguese", "Em sáb., 21 de nov. de 2026 às 10:00, Robin <robin@visitors.example>\nescreveu:"),
    ("Gmail, Dutch", "Op za 21 nov 2026 om 10:00 schreef Robin Vale <robin@visitors.example>:"),
    ("Gmail, Danish", "Den lør. 21. nov. 2026 kl. 10.00 skrev Robin Vale <robin@visitors.example>:"),
    ("Gmail, Norwegian, folded", "lør. 21. nov. 2026 kl. 10:00 skrev Robin Vale <\nrobin@visitors.example>:"),
    ("Gmail, Finnish", "la 21. marrask. 2026 klo 10.00 Robin Vale (robin@visitors.example) kirjoitti:"),
    ("Gmail, Polish", "sob., 21 lis 2026 o 10:00 Robin Vale <robin@visitors.example> napisał(a):"),
    ("Gmail, Czech", "so 21. 11. 2026 v 10:00 odesílatel Robin <robin@visitors.example> napsal:"),
    ("Gmail, Hungarian", "Robin Vale <robin@visitors.example> ezt írta (időpont: 2026. nov. 21., Szo, 10:00):"),
    ("Gmail, Russian", "сб, 21 нояб. 2026\u202fг. в 10:00, Robin Vale <robin@visitors.example>:"),
    ("Gmail, Turkish", "Robin <robin@visitors.example>, 21 Kas 2026 Cmt, 10:00 tarihinde şunu yazdı:"),
    ("Gmail, Greek", "Στις Σάβ 21 Νοε 2026 στις 10:00 π.μ., ο χρήστης Robin <robin@visitors.example>\nέγραψε:"),
    ("Gmail, Japanese", "2026年11月21日(土) 10:00 Robin Vale <robin@visitors.example>:"),
    ("Gmail, Chinese", "Robin Vale <robin@visitors.example> 于2026年11月21日周六 10:00写道："),
    ("Gmail, Taiwan", "Robin Vale <robin@visitors.example> 於 2026年11月21日 週六 上午10:00寫道："),
    ("Gmail, Korean", "2026년 11월 21일 (토) 오전 10:00, Robin <robin@visitors.example>님이 작성:"),
    (
        "Gmail, right to left",
        "\u200fفي السبت، 21 نوفمبر 2026 في 10:00 ص Robin <\u202arobin@visitors.example\u202c>:\u202c",
    ),
    ("Apple Mail", "On 21 Nov 2026, at 10:00, Robin Vale <robin@visitors.example> wrote:"),
    ("Apple Mail, narrow spaces", "On Nov 21, 2026, at 10:00\u202fAM, Robin Vale <robin@visitors.example> wrote:"),
    ("Apple Mail, French", "Le 21 nov. 2026 à 10:00, Robin Vale <robin@visitors.example> a écrit :"),
    ("Apple Mail, Dutch", "Op 21 nov 2026 om 10:00 heeft Robin <robin@visitors.example> het volgende\ngeschreven:"),
    ("Apple Mail, Swedish", "21 nov. 2026 kl. 10:00 skrev Robin Vale <robin@visitors.example>:"),
    ("Apple Mail, Polish", "Wiadomość napisana przez Robin <robin@visitors.example> w dniu 21.11.2026, o godz. 10:00:"),
    ("Apple Mail, Japanese", "2026/11/21 10:00、Robin Vale <robin@visitors.example>のメール:"),
    ("Apple Mail, Chinese", "在 2026年11月21日，10:00，Robin Vale <robin@visitors.example> 写道："),
    ("Proton", "On Saturday, November 21st, 2026 at 10:00 AM, Robin Vale <robin@visitors.example> wrote:"),
    ("Zoho", "---- On Sat, 21 Nov 2026 10:00:00 +0000 Robin Vale <robin@visitors.example> wrote ----"),
    ("Gnus", "Robin Vale <robin@visitors.example> writes:"),
]


@pytest.mark.parametrize("attribution", [line for _, line in ATTRIBUTIONS], ids=[name for name, _ in ATTRIBUTIONS])
def test_who_wrote_the_quoted_mail_and_when_does_not_ride_along(attribution: str) -> None:
    quoted = "> Somebody shouted at me.\n>\n> Robin"
    assert own_words(f"I agree.\n\n{attribution}\n{quoted}\n") == "I agree."
    assert own_words(f"I agree.\n{attribution}\n\n{quoted}") == "I agree."
    assert own_words(f"{attribution}\n\n{quoted}\n\nI agree.") == "I agree."
    assert own_words(f"I agree.\n\n{attribution}\n") == "I agree.", "the author deleted the quote"
    lone = f"I agree.\n\n{attribution}\n\nSomebody shouted at me."
    assert own_words(lone) == lone, "nothing says where the quote ends: people look at it"
    assert has_quotes(lone)


# What stands above a message that is put below the reply as it is. With it the whole thread would become the note.
HEADERS = [
    (
        "Outlook",
        "From: Robin Vale <r@v.example>\nSent: Saturday, 21 November 2026 10:00\nTo: Conduct\nSubject: Last night",
    ),
    (
        "Outlook, within a company",
        "From: Robin Vale\nSent: 21 November 2026 10:00\nTo: Conduct\nCc: Jun\nSubject: Last",
    ),
    ("Outlook, German", "Von: Robin Vale\nGesendet: Samstag, 21. November 2026 10:00\nAn: Conduct\nBetreff: Gestern"),
    (
        "Outlook, French",
        "De\u00a0: Robin Vale\nEnvoyé\u00a0: samedi 21 novembre 2026 10:00\nÀ\u00a0: Conduct\nObjet\u00a0: Hier",
    ),
    ("Outlook, Spanish", "De: Robin Vale\nEnviado: sábado, 21 de noviembre de 2026 10:00\nPara: Conduct\nAsunto: Ayer"),
    (
        "Outlook, Spanish, old",
        "De: Robin\nEnviado el: sábado, 21 de noviembre de 2026 10:00\nPara: Conduct\nAsunto: Ayer",
    ),
    (
        "Outlook, Portuguese",
        "De: Robin Vale\nEnviada em: sábado, 21 de novembro de 2026 10:00\nPara: X\nAssunto: Ontem",
    ),
    ("Outlook, Italian", "Da: Robin Vale\nInviato: sabato 21 novembre 2026 10:00\nA: Conduct\nOggetto: Ieri"),
    (
        "Outlook, Dutch",
        "Van: Robin Vale\nVerzonden: zaterdag 21 november 2026 10:00\nAan: Conduct\nOnderwerp: Gisteren",
    ),
    ("Outlook, Swedish", "Från: Robin Vale\nSkickat: den 21 november 2026 10:00\nTill: Conduct\nÄmne: Igår"),
    ("Outlook, Polish", "Od: Robin Vale\nWysłano: sobota, 21 listopada 2026 10:00\nDo: Conduct\nTemat: Wczoraj"),
    ("Outlook, Chinese", "发件人: Robin Vale\n发送时间: 2026年11月21日 10:00\n收件人: Conduct\n主题: 昨晚"),
    ("Outlook, Japanese", "差出人: Robin Vale\n送信日時: 2026年11月21日 10:00\n宛先: Conduct\n件名: 昨晩"),
    (
        "Outlook on a phone",
        "*From:* Robin Vale <r@v.example>\n*Sent:* 21 November 2026 10:00\n*To:* Conduct\n*Subject:* X",
    ),
    (
        "Outlook, bold label and colon",
        "*From: *Robin Vale\n*Date: *Saturday, 21 November 2026\n*To: *Conduct\n*Subject: *X",
    ),
    (
        "many recipients",
        "From: Robin\nSent: 21 November 2026\nTo: a@b.example; b@b.example;\n c@b.example\nd@b.example\nSubject: X",
    ),
    (
        "Apple Mail",
        "From: Robin Vale <r@v.example>\nSubject: Last night\nDate: 21 November 2026 at 10:00:00 CET\nTo: X",
    ),
    ("decomposed letters", "De : R\nEnvoye\u0301 : 21 novembre 2026\nA\u0300 : Conduct\nObjet : Hier"),
]
ABOVE = [
    "",
    "________________________________\n",
    "-----Original Message-----\n",
    "-----Ursprüngliche Nachricht-----\n",
    "-----Message d'origine-----\n",
    "-----Message d’origine-----\n",
    "-----Mensaje original-----\n",
    "-------- Weitergeleitete Nachricht --------\n",
    "---------- Forwarded message ---------\n",
    "------------------ 原始邮件 ------------------\n",
    "Begin forwarded message:\n\n",
    "Anfang der weitergeleiteten Nachricht:\n\n",
    "Début du message réexpédié :\n\n",
]


@pytest.mark.parametrize("header", [header for _, header in HEADERS], ids=[name for name, _ in HEADERS])
def test_a_whole_mail_below_the_reply_does_not_become_the_note(header: str) -> None:
    for above in ABOVE:
        assert own_words(f"I agree.\n\n{above}{header}\n\nSomebody shouted at me.\n\nRobin") == "I agree.", above
        assert own_words(f"{above}{header}\n\nSomebody shouted at me.") == "", "an empty reply says nothing of its own"


@pytest.mark.parametrize(
    ("else_", "written", "own"),
    [
        ("a short vote with a reason", "I agree.", "I agree."),
        ("nothing was said", "", ""),
        ("blank lines alone", " \n\t\n\n", ""),
        ("line ends of Windows", "One.\r\n\r\nTwo.\r\n", "One.\n\nTwo."),
        ("line ends of old Macs", "One.\rTwo.", "One.\nTwo."),
        ("an answer between quotes is lost", "> When?\nAt ten.\n> Where?\nIn the hall.", "At ten.\nIn the hall."),
        ("an answer below everything is lost", "On 21/11/2026 10:00, R wrote:\n> When?\n\nAt ten.", "At ten."),
        ("older rounds stay in", "Yes.\n> No.\n>> Yes?\n> > > Who asks?", "Yes."),
        ("quotes that a program indented stay in", "Yes.\n > No.\n\t> Who?", "Yes."),
        ("one's own paragraphs run together", "One.\n\nTwo.\n\n> quoted\n\nThree.", "One.\n\nTwo.\n\nThree."),
        ("own spacing is changed", "One.\n\n\nTwo.", "One.\n\n\nTwo."),
        ("own indents are changed", "  - one\n  - two", "  - one\n  - two"),
        ("a signature joins the motion", "I agree.\n-- \nAmara Obi\nAcme, Lagos", "I agree."),
        ("a signature without its space stays", "I agree.\n--\nAmara Obi", "I agree."),
        (
            "a signature above the quote stays",
            "I agree.\n-- \nAmara\n\nOn 21/11/2026 10:00, R wrote:\n> x\n",
            "I agree.",
        ),
        ("a signature takes answers below with it", "Yes.\n-- \nAmara\n> Where?\nIn the hall.", "Yes.\nIn the hall."),
        ("an empty reply with a signature is a note", "\n-- \nAmara\n", ""),
        ("a part of the motion is taken for a name", "Finding: x\n--\nPlan: y\n-- \nAmara", "Finding: x\n--\nPlan: y"),
        ("a long text below dashes is lost", "A\n-- \n" + "line\n" * 13, "A\n-- \n" + "line\n" * 12 + "line"),
        ("twelve lines are still a signature", "A\n-- \n" + "line\n" * 12, "A"),
        ("a dashed rule is taken for a signature", "A\n---\nB", "A\n---\nB"),
        ("a list is taken for a signature", "- one\n-- two", "- one\n-- two"),
        ("evidence under a name is taken away", *["Then Ivo wrote:\n\nyou will regret it"] * 2),
        ("the sentence above evidence is lost", "In chat Ivo wrote:\n> you will regret it", "In chat Ivo wrote:"),
        (
            "the words before a folded line are lost",
            "We met on the 3rd.\nR <r@v.example> wrote:\n> x",
            "We met on the 3rd.",
        ),
        (
            "an address of one's own is lost",
            "Ask kit@acme.example\nOn 21/11/2026 10:00, R wrote:\n> x",
            "Ask kit@acme.example",
        ),
        (
            "a date of one's own is lost",
            "It was on 21/11/2026.\nOn 22/11/2026 10:00, R wrote:\n> x",
            "It was on 21/11/2026.",
        ),
        (
            "the parts of a motion are a header block",
            *["Finding: yes\nPlan: none\nConsequence: a talk\nIf refused: x"] * 2,
        ),
        ("who told a member is a header block", *["From: Robin\nReporter: Robin\nHe shouted."] * 2),
        ("minutes are a header block", *["From: Monday\nTo: Friday\nSubject: the talks"] * 2),
        ("two labels are a header block", *["From: Robin\nDate: 21 November 2026\nShouting."] * 2),
        ("a rule of underscores cuts the text", *["Above\n________________________________\nBelow"] * 2),
        ("a heading between dashes cuts the text", *["Above\n----- Plan -----\nBelow"] * 2),
        ("words about a message cut the text", *["The original message was rude.\nForwarded message: none"] * 2),
        ("a line that a mail store changed is lost", *["We said:\n>From now on nobody may.\nAgreed."] * 2),
        (
            "an answer below an enclosed mail is lost",
            "See:\n----- Forwarded message from R <r@v.example> -----\nx\n----- End forwarded message -----\nAgreed.",
            "See:\nAgreed.",
        ),
        (
            "an answer below a marked quote is lost",
            "-------- Original Message --------\nOn 21/11/2026 10:00, R wrote:\n\n> Where?\n\nIn the hall.",
            "In the hall.",
        ),
        (
            "a mail that is not marked stays in",
            "Yes.\n-------- Original Message --------\nOn 21/11/2026 10:00, R <r@v.example> wrote:\n\nWhere?",
            "Yes.",
        ),
        (
            "an answer below a marked forward is lost",
            "Begin forwarded message:\n\n> From: R\n> Date: 21 Nov 2026\n> To: X\n>\n> Where?\n\nIn the hall.",
            "In the hall.",
        ),
        (
            "an attribution inside a quote stays",
            "Yes.\n\nOn 21/11/2026 10:00, A wrote:\n> On 20/11/2026 10:00, R wrote:\n>> x\n> y",
            "Yes.",
        ),
        (
            "the word above an enclosed mail's header stays",
            "Yes.\nOn 21/11/2026 10:00, A wrote:\n\nFrom: R\nSent: 20 Nov 2026\nTo: A\nx",
            "Yes.",
        ),
    ],
)
def test_what_a_person_wrote_is_kept_and_the_thread_is_not(else_: str, written: str, own: str) -> None:
    assert own_words(written) == own, f"else: {else_}"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("I agree.\n-- \nAmara", ()),
        ("Then Ivo wrote:\n\nyou will regret it", ()),
        ("a\n> b\nc\n> d", (1, 3)),
        ("a\nOn 21/11/2026 10:00, R\nwrote:\nb", (1, 2)),
        ("a\r\n> b", (1,)),
        ("a\nFrom: R\nDate: 21 Nov 2026\nTo: X\n\nb", (1, 2, 3, 4, 5)),
        ("", ()),
    ],
)
def test_the_check_of_a_letter_is_told_which_lines_are_quoted(text: str, numbers: tuple[int, ...]) -> None:
    assert quoted_lines(text) == numbers
    assert has_quotes(text) == bool(numbers)


GROWING: list[Callable[[int], str]] = [
    lambda n: "a" * n,
    lambda n: " " * n,
    lambda n: ">" * n,
    lambda n: "\n" * n,
    lambda n: "-- \n" * (n // 4),
    lambda n: ">From x\n" * (n // 8),
    lambda n: "On 2026, a@b\n" * (n // 13),
    lambda n: ("On 2026 " * 70 + "schrieb:\n") * (n // 570),
    lambda n: ("a@b " * 100 + "wrote" * 20 + ":\n") * (n // 502),
    lambda n: "From: a\nTo: b\n" * (n // 14),
    lambda n: "From: a\nDate: 1\nTo: b\n> \n" * (n // 25),
    lambda n: "-----Original Message-----\n> \n" * (n // 30),
    lambda n: "*" * n + ":" * n,
    lambda n: ("é" * 500 + ":\n") * (n // 502),
    lambda n: "\u200b" * n,
]


@pytest.mark.parametrize("grow", GROWING, ids=range(len(GROWING)))
def test_a_long_text_does_not_keep_everybody_else_waiting(grow: Callable[[int], str]) -> None:
    """Eight times the text may take some forty times as long, not the sixty-four of a square."""

    def seconds(size: int) -> float:
        text = grow(size)
        start = time.process_time()
        own_words(text)
        has_quotes(text)
        return time.process_time() - start

    short = min(seconds(4_000) for _ in range(3))
    assert min(seconds(32_000) for _ in range(2)) < 40 * max(short, 0.001)
