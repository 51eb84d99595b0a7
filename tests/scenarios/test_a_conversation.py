"""Reporter and members talk through the alias; each word reaches those who may have it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scene import ALIAS, Scene, committee_file, nothing_more


async def test_what_the_reporter_adds_reaches_the_members(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")
        since = scene.mark()
        await scene.answer(scene.all("ack")[0], "It was at nine.")
        assert scene.recipients("forward", since) == {"amara", "jun", "noor", "sam"}
        assert "The reporter wrote:" in scene.last("forward", "amara").text
        assert len(scene.all("ack")) == 1
        assert len(await scene.cases()) == 1


async def test_a_member_whom_the_reporter_names_later_gets_no_more(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        with nothing_more(scene, "jun"):
            await scene.answer(scene.all("ack")[0], "I forgot: Jun Sato was there.")
            await scene.answer(scene.last("forward", "amara"), "Let us talk.")
        assert "One member is withheld" in scene.last("forward", "sam").text


async def test_an_answer_that_quotes_the_acknowledgement_keeps_nobody_out(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        ack = scene.all("ack")[0]
        since = scene.mark()
        await scene.answer(ack, "Yes.\n\n" + "".join(f"> {line}\n" for line in ack.text.splitlines()))
        assert scene.recipients("forward", since) == {"amara", "jun", "noor", "ivo", "sam"}


async def test_members_talk_to_each_other_and_not_to_the_reporter(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), "I can call her.")
        assert scene.recipients("forward", since) == {"jun", "noor", "sam"}
        talk = scene.last("forward", "jun")
        assert "Amara Obi wrote:" in talk.text and "I can call her." in talk.text


async def test_threads_hold_in_readers_that_go_by_references_and_in_those_that_go_by_subject(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        first = scene.last("forward", "jun")
        await scene.answer(scene.last("forward", "amara"), "One.")
        second = scene.last("forward", "jun")
        await scene.answer(second, "Two.", sender="jun@example.net")
        third = scene.last("forward", "amara")
        assert second.message["Subject"] == first.message["Subject"] == third.message["Subject"]
        assert first.message["Message-ID"] in str(second.message["References"])
        root = scene.all("forward", "amara")[0].message["Message-ID"]
        assert root in str(third.message["References"])
        assert len({mail.message["Message-ID"] for mail in scene.all()}) == len(scene.all())


async def test_an_outlook_reply_without_references_is_known_by_its_reply_address_and_subject(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        since = scene.mark()
        await scene.answer(scene.last("forward", "amara"), "From Outlook.", threaded=False)
        assert scene.recipients("forward", since) == {"jun", "noor", "ivo", "sam"}


async def test_recusal_ends_access_and_tells_the_others_without_a_reason(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), "He is my boss.", tag="#recuse")
        receipt = scene.last("receipt", "jun")
        assert "You have withdrawn" in receipt.text and receipt.link("#unrecuse")
        assert scene.recipients("notice") == {"amara", "noor", "ivo", "sam"}
        assert "Jun Sato has withdrawn" in scene.last("notice", "amara").text
        assert not any(b"boss" in mail.content for mail in scene.all())
        with nothing_more(scene, "jun"):
            await scene.answer(scene.all("ack")[0], "More from me.")
            await scene.answer(scene.last("forward", "amara"), "More from Amara.")
        assert "Jun" not in scene.last("forward", "sam").text


async def test_the_reason_beside_a_recusal_is_not_kept(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), "He is my boss.", tag="#recuse he is my boss")
        states = await scene.store.read(
            lambda tx: tx.run(__import__("sqlalchemy").text("select state, raw from spool")).all()
        )
        assert sorted((state, raw is None) for state, raw in states) == [("discarded", True), ("filed", False)]


async def test_whoever_withdrew_is_told_of_no_case_whatever_they_try(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward = scene.last("forward", "jun")
        await scene.answer(forward, tag="#recuse")
        since = scene.mark()
        for tag in ("#clear", "#recuse", "#doc", "#vote yes", ""):
            await scene.answer(forward, "Let me in.", tag=tag)
        assert scene.recipients("forward", since) == set()
        name = (await scene.case()).code_name
        for mail in scene.smarthost.delivered[since:]:
            assert mail.recipient == "jun@example.net"
            assert "No such case for you" in mail.text
            assert name not in mail.content.decode()
        await scene.answer(forward, "Let me in.", tag="#help")
        assert "your ballot" in scene.last("receipt", "jun").text
        assert name not in scene.last("receipt", "jun").content.decode()


async def test_ten_mails_of_discussion_with_a_recusal_in_the_middle_and_the_smarthost_down_around_it(
    tmp_path: Path,
) -> None:
    """Done when, line 3: what was queued for Jun while nothing could be sent must not arrive after the recusal."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        for number in range(5):
            await scene.answer(scene.last("forward", "amara"), f"Before {number}", sender="amara@example.net")
        jun = scene.last("forward", "jun")
        await scene.smarthost.stop()
        await scene.answer(scene.last("forward", "noor"), "While the server was down", sender="noor@example.net")
        await scene.answer(jun, tag="#recuse", sender="jun@example.net")
        for number in range(4):
            await scene.answer(scene.last("forward", "sam"), f"After {number}", sender="sam@example.net")
        since = scene.mark()
        await scene.smarthost.start()
        await scene.pass_time(timedelta(hours=1))
        assert [mail.kind for mail in scene.smarthost.delivered[since:] if mail.recipient == "jun@example.net"] == [
            "receipt"
        ]
        assert [mail.text for mail in scene.all("forward", "amara")][-1].count("After 3") == 1
        assert not any(b"While the server was down" in mail.content for mail in scene.all(to="jun"))
        assert sum(b"After " in mail.content for mail in scene.all("forward", "noor")) == 4


async def test_nothing_is_still_on_its_way_when_the_receipt_of_a_recusal_leaves(tmp_path: Path) -> None:
    """A forward that hangs in the smarthost when Jun withdraws arrives before the receipt or never, not behind it."""
    import asyncio

    async with Scene(tmp_path) as scene:
        await scene.report()
        jun = scene.last("forward", "jun")
        scene.smarthost.hold = asyncio.Event()
        await scene.answer(scene.last("forward", "amara"), "Slow words.", settle=False)
        await asyncio.sleep(0.3)
        await scene.answer(jun, tag="#recuse", settle=False)
        await asyncio.sleep(0.3)
        scene.smarthost.hold.set()
        scene.smarthost.hold = None
        await scene.settle()
        kinds = [mail.kind for mail in scene.all(to="jun")]
        assert kinds[-1] == "receipt"
        assert kinds.count("receipt") == 1


async def test_clear_and_help_are_answered_and_change_nobodys_access(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward = scene.last("forward", "jun")
        await scene.answer(forward, tag="#clear")
        assert "no conflict of interest" in scene.last("receipt", "jun").text
        await scene.answer(forward, tag="#clear", text="again")
        assert "Already noted" in scene.last("receipt", "jun").text
        await scene.answer(forward, tag="#help")
        help_ = scene.last("receipt", "jun").text
        assert "#recuse [hard|soft]" in help_ and "#clear" in help_
        assert scene.recipients("receipt") == {"jun"}


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("Re: [{name}] #recues", "Did you mean #recuse?"),
        ("Re: [{name}] #circulate foundation", "#circulate is no tag that I know."),
        ("Re: [{name}] #cl\u0435ar", "only looks"),
        ("Re: [{name}] \uff03clear", "only looks"),
        ("Fwd: [{name}] #clear", "forwarded"),
    ],
)
async def test_a_tag_that_is_not_understood_runs_nothing_and_passes_nothing_on(
    tmp_path: Path, subject: str, says: str
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        since = scene.mark()
        name = (await scene.case()).code_name
        await scene.answer(scene.last("forward", "jun"), "Words.", subject=subject.format(name=name))
        (receipt,) = scene.smarthost.delivered[since:]
        assert receipt.kind == "receipt" and receipt.recipient == "jun@example.net"
        assert says in receipt.text.replace("\n", " ")
        assert "Nothing was run" in receipt.text


async def test_recuse_takes_effect_even_beside_a_tag_that_is_not_understood(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), tag="#recuse #vtoe yes")
        assert "You have withdrawn" in scene.last("receipt", "jun").text
        with nothing_more(scene, "jun"):
            await scene.answer(scene.last("forward", "amara"), "More.")


async def test_the_link_of_a_forward_does_what_it_says(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        address, subject = scene.last("forward", "jun").link("#recuse")
        mail = scene.write("jun@example.net", address, subject, "", proven=True)
        await scene.send(mail, address)
        assert "You have withdrawn" in scene.last("receipt", "jun").text


async def test_when_the_last_reader_withdraws_the_mediator_gets_the_report_and_the_thread(tmp_path: Path) -> None:
    one = "- {handle: jun, name: Jun Sato, email: jun@example.net}"
    mediator = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
    async with Scene(tmp_path, committee=committee_file(members=one, more_members=mediator, chair="jun")) as scene:
        await scene.report("The first words.")
        await scene.answer(scene.all("ack")[0], "The second words.")
        await scene.answer(scene.last("forward", "jun"), tag="#recuse")
        texts = [mail.text for mail in scene.all("forward", "ruth@mediation.example")]
        assert len(texts) == 2 and "The first words." in texts[0] and "The second words." in texts[1]


async def test_somebody_who_left_the_committee_gets_nothing_and_their_reply_is_kept_from_everybody(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        forward = scene.last("forward", "sam")
        rest = "\n".join(
            f"- {{handle: {handle}, name: {handle.title()} X, email: {handle}@example.net}}"
            for handle in ("amara", "jun", "noor", "ivo")
        )
        await scene.change_committee(committee_file(members=rest))
        since = scene.mark()
        await scene.answer(forward, "I still have the address.")
        assert scene.mark() == since
        assert (await scene.reasons())["dead-token"] == 1
        with nothing_more(scene, "sam"):
            await scene.answer(scene.last("forward", "amara"), "Sam is gone.")


async def test_a_changed_address_gets_no_mail_of_open_cases_by_the_file_alone(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.change_committee(scene.committee_text.replace("jun@example.net", "jun@elsewhere.example"))
        await scene.answer(scene.last("forward", "amara"), "Words of an open case.")
        assert not scene.all("forward", to="jun@elsewhere.example")
        await scene.report("A new one.", sender="Kim <kim@visitors.example>")
        assert len(scene.all("forward", "jun@elsewhere.example")) == 1


async def test_mail_that_went_past_us_to_somebody_barred_is_pointed_out_to_its_author(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted.")
        forward = scene.last("forward", "amara")
        token = str(forward.message["Reply-To"])
        reply = scene.write(
            "amara@example.net",
            f"{token}, ivo@example.net",
            f"Re: {forward.message['Subject']}",
            "Hm.",
            proven=True,
            answers=forward,
        )
        await scene.send(reply, token)
        assert not scene.all(to="ivo")
        assert "past me" in scene.last("notice", "amara").text


async def test_a_report_to_an_alias_of_the_committee_is_the_same(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(aliases="[coc@example.org]")) as scene:
        await scene.report("Words.", to="coc@example.org")
        assert scene.recipients("forward") == {"amara", "jun", "noor", "ivo", "sam"}
        assert scene.last("forward", "amara").message["From"].addresses[0].addr_spec == ALIAS
