"""Mistakes in how members steer by mail, each named after what it would have done to people."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from cocmail.config.load import SourceFile, Sources, examine
from cocmail.config.settings import Settings
from scene import ALIAS, HANDLES, NAMES, Delivered, Scene, committee_file, nothing_more

ROBIN = "robin@visitors.example"
ENCRYPTED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----\n"


def name_in(mail: Delivered) -> str:
    """The code name of the case that a mail of ours belongs to."""
    return str(mail.message["Cocmail-Case"]).replace("-", " ")


def quoted(mail: Delivered) -> str:
    return "".join(f"> {line}\n" for line in mail.text.splitlines())


# Who found out about a case


async def test_who_was_kept_out_read_the_case_word_by_word_from_the_answers_of_the_daemon(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Somebody shouted at me.")
        ack, hidden = scene.last("ack", ROBIN), scene.last("forward", "ivo")
        await scene.answer(hidden, "My note.", tag="#note", proven=False)
        asked = scene.last("confirm", "ivo")
        await scene.answer(ack, "It was Ivo Petrov, and yesterday Wilma and Grete saw it.")
        # The receipt for "that was not me" carried the name of the case.
        await scene.send(scene.write("ivo@example.net", ALIAS, "Re: your mail", "No.", answers=asked))
        receipt = scene.last("receipt", "ivo")
        assert "it was not you" in receipt.text
        assert receipt.message["Cocmail-Case"] is None and name_in(hidden) not in receipt.content.decode()
        # A word that tells too much was looked for in every case that the mail points at.
        await scene.report("It was Xaver.", sender="Kim <kim@visitors.example>", subject="Other")
        other = scene.last("forward", "ivo")
        guess = f'[{name_in(other)}] #actions "ask Anna, Wilma, Grete and Xaver" [{name_in(hidden)}]'
        await scene.answer(other, subject=guess)
        refused = scene.last("receipt", "ivo").text.rpartition("tell too much")[2]
        assert "Xaver" in refused
        assert not any(name in refused for name in ("Anna", "Wilma", "Grete"))


async def test_a_list_named_a_case_to_people_whom_nobody_could_look_for_or_who_are_named_in_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report(ENCRYPTED)
        sealed = name_in(scene.last("forward", "amara"))
        for handle in ("ivo", "amara"):
            await scene.send(scene.write(f"{handle}@example.net", ALIAS, "#sheet", "", proven=True))
        assert sealed not in scene.last("sheet", "ivo").text
        assert sealed in scene.last("sheet", "amara").text
        await scene.report("Somebody shouted at me.", sender="Kim <kim@visitors.example>", subject="Other")
        ack, named = scene.last("ack", "kim@visitors.example"), name_in(scene.last("forward", "ivo"))
        await scene.smarthost.stop()
        for handle in ("ivo", "sam"):
            await scene.send(scene.write(f"{handle}@example.net", ALIAS, "#cases", "", proven=True))
        await scene.answer(ack, "It was Ivo Petrov, by the way.")
        await scene.smarthost.start()
        await scene.pass_time(timedelta(minutes=30))
        assert named in scene.last("receipt", "sam").text
        assert "You have no case." in scene.last("receipt", "ivo").text
        assert named not in scene.last("receipt", "ivo").content.decode()


async def test_answers_of_the_daemon_led_to_the_accused_chair_or_nowhere(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("It was Amara Obi who hit me.")
        jun, told = scene.last("forward", "jun"), []
        # Whoever guessed a code name, and wrote to all members under it, was told that it is a case.
        for guess in (name_in(jun), "blue zebra"):
            await scene.send(scene.write("amara@example.net", ALIAS, f"[{guess}] #committee", "Hello.", proven=True))
            told.append(scene.last("receipt", "amara").text)
        assert told[0] == told[1]
        # An undo that does something else, and a refusal without a word.
        await scene.answer(jun, tag="#own secondary")
        assert "second owner" in scene.last("receipt", "jun").text
        assert "To undo" not in scene.last("receipt", "jun").text
        await scene.report("Words.", sender="Kim <kim@visitors.example>", subject="Other")
        both = f"[{name_in(jun)}] [{name_in(scene.last('forward', 'jun'))}] #own"
        await scene.send(scene.write("jun@example.net", ALIAS, both, "", proven=True))
        assert "names two cases" in scene.last("receipt", "jun").text.replace("\n", " ")
        assert "Nothing was run" in scene.last("receipt", "jun").text
        # Who withdrew was sent to the chair, whom the report accuses, to have it undone.
        await scene.answer(jun, tag="#recuse")
        receipt = scene.last("receipt", "jun").text
        assert "You have withdrawn" in receipt
        # A case can be called "armchair".
        assert "Amara" not in receipt and re.search(r"\bchair", receipt) is None


async def test_a_letter_quoted_as_a_whole_let_in_the_member_whom_it_names(tmp_path: Path) -> None:
    letter = "Dear Robin,\n\nIvo Petrov will meet you at the door on Saturday and\nlook after you.\n\nAmara Obi\n"
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "amara"), letter, tag="#reporter")
        await scene.answer(scene.last("draft", "jun"), tag="#send d1")
        [sent] = scene.all("outreach")
        since = scene.mark()
        await scene.answer(sent, f"Please not: the one at the door is who did it.\n\n{quoted(sent)}")
        assert scene.recipients("forward", since) == set(HANDLES) - {"ivo"}
        since = scene.mark()
        anew = f"He did it again, the one at the door.\n\n{quoted(sent)}"
        await scene.send(scene.write("robin@second.example", ALIAS, "Re: your message", anew, answers=sent))
        assert len(await scene.cases()) == 2
        # A stranger may have made the quotation up: there who signed it is named by it, too.
        assert scene.recipients("forward", since) == {"jun", "noor", "sam"}


# Words that went to more people than they were meant for


class TwoCommittees(Scene):
    """The sample committee, and a board of two on the same machine: Amara is in both."""

    def settings(self) -> Settings:
        main = f"""
version: 1
intake:
  smtp: {{listen: "127.0.0.1:0"}}
delivery:
  smtp: {{host: 127.0.0.1, port: {self.smarthost.port}, tls: none}}
store: {{url: "{self.store_url}", key_file: master.key}}
admins: [ops@example.com]
committees: [committee.yaml, board.yaml]
"""
        people = (("amara", NAMES["amara"]), ("zoe", "Zoe Lind"))
        agreed = "confidentiality_agreed: 2026-01-01"
        members = "\n".join(f"- {{handle: {h}, name: {n}, email: {h}@example.net, {agreed}}}" for h, n in people)
        board = committee_file(address="board@example.org", name="Board", members=members)
        files = (("committee.yaml", self.committee_text), ("board.yaml", board))
        sources = Sources(
            SourceFile(str(self.folder / "main.yaml"), main),
            tuple(SourceFile(str(self.folder / name), text) for name, text in files),
        )
        settings, problems = examine(sources, today=date.today(), environ={})
        assert settings is not None, "\n".join(map(str, problems))
        return settings


async def test_words_for_some_or_for_somebody_else_went_to_every_member(tmp_path: Path) -> None:
    async with TwoCommittees(tmp_path) as scene:
        for aimed in ("not-ivo", "amara", "escrow"):
            to = f"conduct+{aimed}@example.org"
            private = scene.write("jun@example.net", to, "#committee dinner", "Ivo hit me.", proven=True)
            with nothing_more(scene, "amara", "noor", "ivo", "sam"):
                await scene.send(private, to)
            assert "goes to every member" in scene.last("receipt", "jun").text
        # A private answer to a stranger, who had written the tag into the Subject.
        private = scene.write("noor@example.net", "mallory@evil.example", "Re: #committee", "I am ill.", proven=True)
        with nothing_more(scene, "amara", "jun", "ivo", "sam"):
            await scene.send(private, sender="mallory@evil.example")
        assert "Nothing was run" in scene.last("confirm", "noor").text
        # Words to one committee, handed in again: to other addresses of it, and to another committee.
        meant = scene.write("amara@example.net", ALIAS, "#committee", "For us five.", proven=True)
        await scene.send(meant)
        assert {"jun", "noor", "ivo", "sam"} <= scene.recipients("forward")
        with nothing_more(scene, "jun", "noor", "ivo", "sam", "zoe"):
            for again in ("conduct+jun@example.org", "conduct+sam@example.org", "board@example.org"):
                await scene.send(meant, again, sender="mallory@evil.example")


async def test_what_the_committee_only_considered_went_to_the_reporter_word_for_word(tmp_path: Path) -> None:
    words = "Kit Larsen loses the keys to the house and is watched by two stewards until spring."
    async with Scene(tmp_path) as scene:
        await scene.report()
        for tag in ("#plan", "#consequence"):
            await scene.answer(scene.last("forward", "amara"), words, tag=tag)
            await scene.answer(scene.last("forward", "amara"), f"Dear Robin, {words}", tag="#reporter")
            assert "words of the committee's own talk" in scene.last("receipt", "amara").text
        assert not scene.all("draft")
        # But who talks about a draft, and quotes it, must not keep it from being sent.
        draft = "Dear Robin, thank you for telling us; on Monday two of us will meet and then write to you again."
        await scene.answer(scene.last("forward", "amara"), draft, tag="#reporter")
        shown = scene.last("draft", "jun")
        await scene.answer(shown, f"I like it.\n\nOn Saturday at 10:00, the committee wrote:\n{quoted(shown)}")
        assert "I like it." in scene.last("forward", "noor").text
        await scene.answer(scene.last("draft", "noor"), tag="#send d1")
        [letter] = scene.all("outreach")
        assert draft in " ".join(letter.text.split())


# Colleagues who were removed


async def test_the_mail_as_it_came_held_the_address_with_which_a_member_could_remove_the_others(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        ack = scene.last("ack", ROBIN)
        address = str(ack.message["Reply-To"])
        await scene.answer(ack, "It was loud.")
        await scene.answer(scene.last("forward", "ivo"), tag="#show original")
        parts = list(scene.last("document", "ivo").message.iter_attachments())
        raw = b"".join(bytes(part.get_payload(decode=True)) for part in parts)
        assert len(parts) == 2 and b"It was loud." in raw
        assert not re.search(rb"conduct\+[a-z2-7]{26}@", raw)
        # And should the address get about all the same: forged mail to it leaves nobody alone with the case.
        to = [address, *(f"conduct+not-{handle}@example.org" for handle in HANDLES if handle != "ivo")]
        forged = scene.write(ROBIN, address, "Re: it", "Please leave them out.", proven="fail")
        await scene.send(forged, to, sender="ivo@example.net")
        assert "sender of this is forged" in scene.last("forward", "amara").text
        since = scene.mark()
        await scene.answer(ack, "More.")
        assert scene.recipients("forward", since) == set(HANDLES)
