"""What members were not told when mail put one of them out of a case, or went past us to somebody."""

from __future__ import annotations

from pathlib import Path

from scene import ALIAS, HANDLES, Delivered, Scene, committee_file, nothing_more

ROBIN = "robin@visitors.example"
RUTH = "- {handle: ruth, name: Ruth Adler, email: ruth@mediation.example, role: mediator}"
ONE_MORE = "By this mail one more member is kept out of this case"
NO_OWNER = "The case has no owner any more; to take care of it: mailto:conduct+"
ONE_LESS = "The case has one owner less; to take care of it: mailto:conduct+"


async def test_the_owner_vanished_by_a_word_of_the_reporter_and_nobody_took_care_of_the_case(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "sam"), tag="#own")
        since = scene.mark()
        with nothing_more(scene, "sam"):
            await scene.answer(scene.last("ack", ROBIN), "Sam Reyes is who I meant.")
        assert scene.recipients("forward", since) == set(HANDLES) - {"sam"}
        for handle in set(HANDLES) - {"sam"}:
            told = scene.last("forward", handle).text.partition("wrote:")[0]
            assert ONE_MORE in told and NO_OWNER in told and "Sam" not in told
        forward = scene.last("forward", "jun")
        address, subject = forward.link("#own")
        await scene.answer(forward, to=address, subject=subject)
        assert (await scene.case()).proceedings.owners == {"primary": "jun"}


async def test_that_a_mail_keeps_two_out_stands_above_that_mail_and_no_other(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "noor"), tag="#own")
        await scene.answer(scene.last("forward", "sam"), tag="#own secondary")
        await scene.answer(scene.last("ack", ROBIN), "It was Ivo Petrov, and Noor Haddad laughed.")
        told = scene.last("forward", "jun").text
        assert "By this mail 2 more members are kept out of this case" in told and ONE_LESS in told
        await scene.answer(scene.last("ack", ROBIN), "Ivo Petrov, once more.")
        told = scene.last("forward", "jun").text
        assert "once more" in told and "By this mail" not in told and "owner" not in told.partition("wrote:")[0]


async def test_who_had_withdrawn_is_not_counted_among_those_whom_a_mail_keeps_out(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "ivo"), tag="#recuse")
        await scene.answer(scene.last("ack", ROBIN), "It was Ivo Petrov.")
        assert "By this mail" not in scene.last("forward", "jun").text


async def test_nobody_was_told_whom_a_new_report_of_the_same_person_kept_from_the_first(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "sam"), tag="#own")
        first = scene.last("forward", "jun").message["Subject"]
        with nothing_more(scene, "sam"):
            await scene.report("Another thing.", to=[ALIAS, "conduct+not-sam@example.org"])
        told = scene.last("notice", "jun")
        assert told.message["Subject"] == first
        assert "kept from one more member, by a mail of the reporter." in told.text and NO_OWNER in told.text
        assert "By this mail" not in scene.last("forward", "jun").text


async def test_a_follow_up_that_only_the_watchers_get_kept_somebody_out_unseen(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "sam"), tag="#own")
        ack = scene.last("ack", ROBIN)
        sealed = scene.write(ROBIN, str(ack.message["Reply-To"]), "Re: about Sam Reyes", "", proven=True, answers=ack)
        sealed.set_content(b"\x00\x01", maintype="application", subtype="octet-stream")
        since = scene.mark()
        await scene.send(sealed, str(ack.message["Reply-To"]))
        watchers = scene.recipients("forward", since)
        assert watchers and "sam" not in watchers and len(watchers) < 4
        for handle in set(HANDLES) - {"sam"}:
            told = scene.last("forward" if handle in watchers else "notice", handle).text
            assert "one more member" in told and NO_OWNER in told


async def test_of_two_who_were_kept_out_by_one_mail_in_two_ways_one_was_told(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        ack = scene.last("ack", ROBIN)
        token = str(ack.message["Reply-To"])
        sealed = scene.write(ROBIN, token, "Re: Sam Reyes", "", proven="fail", answers=ack)
        sealed.set_content(b"\x00\x01", maintype="application", subtype="octet-stream")
        await scene.send(sealed, [token, ALIAS.replace("@", "+not-ivo@")])
        assert (await scene.case()).barred == {"sam", "ivo"}
        told = [" ".join(mail.text.split()) for mail in scene.all("notice", "noor")]
        assert len(told) == 2 and all("kept from one more member" in each for each in told)


async def test_where_two_cases_are_one_the_owner_of_the_other_vanished_unseen(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        first = (await scene.case()).code_name
        await scene.report("Also that.", sender="Dana <dana@visitors.example>", subject="Else")
        await scene.answer(scene.last("forward", "sam"), tag="#own")
        await scene.answer(scene.last("forward", "jun"), tag=f"#merge [{first}]")
        since = scene.mark()
        await scene.answer(scene.last("ack", ROBIN), "Sam Reyes is who I meant.")
        told = [mail for mail in scene.all("notice", "noor") if mail in scene.smarthost.delivered[since:]]
        assert [NO_OWNER in mail.text for mail in told] == [True]
        assert first not in str(told[0].message["Subject"])
        assert ONE_MORE in scene.last("forward", "noor").text


async def test_who_withdraws_as_the_last_owner_leaves_a_case_without_one(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "sam"), tag="#own")
        await scene.answer(scene.last("forward", "noor"), tag="#own secondary")
        await scene.answer(scene.last("forward", "noor"), tag="#recuse")
        assert ONE_LESS in scene.last("notice", "jun").text
        await scene.answer(scene.last("forward", "sam"), tag="#recuse")
        assert NO_OWNER in scene.last("notice", "jun").text


async def answer_all(scene: Scene, mail: Delivered, text: str, *copies: str, tag: str = "", to: str = "") -> None:
    """A member's answer that goes past us to others, too."""
    token = str(mail.message["Reply-To"])
    subject = f"Re: {mail.message['Subject']} {tag}".strip()
    beside = {"Cc": ", ".join(copies)} if copies else {}
    reply = scene.write(
        mail.recipient, f"{token}, {to}" if to else token, subject, text, proven=True, answers=mail, headers=beside
    )
    await scene.send(reply, token)


def told(scene: Scene, handle: str) -> str:
    return " ".join(scene.last("notice", handle).text.split()) if scene.all("notice", handle) else ""


async def test_talk_went_to_the_reporter_in_cc_and_its_writer_was_not_told(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted.")
        with nothing_more(scene, "ivo", ROBIN):
            await answer_all(scene, scene.last("forward", "amara"), "Hm.", f"Robin Vale <{ROBIN}>")
        assert "past me, to the reporter. I passed nothing there" in told(scene, "amara")
        # The writer alone, and no address in it.
        assert ROBIN not in told(scene, "amara") and not scene.all("notice", "jun")
        assert "Hm." in scene.last("forward", "jun").text
        with nothing_more(scene, "ivo", ROBIN):
            await scene.answer(scene.last("notice", "amara"), "It went to the reporter, by my mistake.")
        assert "by my mistake" in scene.last("forward", "jun").text


async def test_of_three_kinds_of_copies_one_was_told(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted.")
        others = ("kim@visitors.example", "ivo@example.net", "jun@example.net", "lou@visitors.example", ALIAS)
        await answer_all(scene, scene.last("forward", "amara"), "Hm.", *others, to=ROBIN)
        said = "past me, to the reporter and to a member who must not see this case and to 2 people outside."
        assert said in told(scene, "amara")
        assert "ivo" not in told(scene, "amara").casefold() and "visitors" not in told(scene, "amara")
        # Who has the case, one's own address and ours are nobody else.
        await answer_all(scene, scene.last("forward", "sam"), "So.", "jun@example.net", "sam@example.net", ALIAS)
        assert not scene.all("notice", "sam")


async def test_what_stands_beside_a_tag_went_past_us_as_well(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await answer_all(scene, scene.last("forward", "jun"), "Words.", ROBIN, tag="#note")
        assert "past me, to the reporter." in told(scene, "jun")
        await answer_all(scene, scene.last("forward", "sam"), "Words.", ROBIN, tag="#nothing")
        assert "past me, to the reporter." in told(scene, "sam")


async def test_a_copy_did_not_tell_who_reported_unknown(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        words = f"Reporter: Robin Vale <{ROBIN}>\n\nSomebody shouted at them.\n"
        await scene.send(scene.write("amara@example.net", ALIAS, "#new phone anonymous", words, proven=True))
        await answer_all(scene, scene.last("forward", "jun"), "Hm.", ROBIN)
        assert "past me, to somebody outside." in told(scene, "jun")


async def test_who_does_not_have_a_case_does_not_learn_by_a_copy_who_reported_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(policy="chaoss", more_members=RUTH)) as scene:
        await scene.report()
        watcher = next(mail.recipient.partition("@")[0] for mail in scene.all("forward"))
        for tag in ('#party reported "Kit Larsen"', "#check"):
            await scene.answer(scene.last("forward", watcher), tag=tag)
        asked = scene.all("check")[0]
        handle = asked.recipient.partition("@")[0]
        before = len(scene.all("notice", handle))
        await answer_all(scene, asked, "", ROBIN, tag="#recuse")
        assert "withdr" in scene.last("receipt", handle).text and len(scene.all("notice", handle)) == before


async def test_a_copy_of_talk_about_a_member_went_to_that_member_whose_mail_waits(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=committee_file(policy="kubernetes", more_members=RUTH)) as scene:
        await scene.report()
        for handle in ("amara", "jun"):
            await scene.answer(scene.last("forward", handle), "They share a flat.", tag="#challenge @sam")
        await answer_all(scene, scene.last("vote", "noor"), "I think so, too.", "sam@example.net")
        assert "past me, to a member who must not see this case." in told(scene, "noor")


async def test_a_sealed_report_was_announced_to_who_had_another_case_of_its_reporter(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        for to in ("conduct+escrow@example.org", "conduct+amara@example.org"):
            since = scene.mark()
            await scene.report("Kit, again.", to=[to, "conduct+not-sam@example.org"], subject=to)
            assert scene.recipients("notice", since) == set()
        assert "sam" in (await scene.case(0)).barred


async def test_the_last_owner_was_gone_by_a_mail_of_which_nobody_may_hear_and_nobody_heard(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "sam"), tag="#own")
        await scene.report("Kit, again.", to=["conduct+escrow@example.org", "conduct+not-sam@example.org"])
        told = scene.last("notice", "jun").text
        assert NO_OWNER in told and "mail" not in told.replace("mailto:", "").partition("-- ")[0]


async def test_whom_a_new_report_named_learned_of_it_by_the_notice_in_an_older_case(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        with nothing_more(scene, "jun"):
            await scene.report("Jun Sato hit me.", to=[ALIAS, "conduct+not-noor@example.org"], subject="New")
        assert "kept from one more member" in scene.last("notice", "amara").text


async def test_who_asked_whether_somebody_else_was_about_to_withdraw_was_told(tmp_path: Path) -> None:
    """A copy to them was answered while their own unproven mail was being asked about, and not before."""
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.answer(scene.last("forward", "jun"), tag="#recuse", proven=False)
        since = scene.mark()
        await answer_all(scene, scene.last("forward", "amara"), "Hm.", "jun@example.net")
        assert "amara" not in scene.recipients("notice", since)


async def test_who_had_to_be_kept_from_a_second_report_by_an_unknown_name_learned_that_it_was_there(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        since = scene.mark()
        to = ["conduct+not-noor@example.org", "conduct+not-tall@example.org"]
        await scene.report("It was the tall one.", to=to, subject="New")
        assert scene.recipients("forward", since) == {"amara", "jun"} and scene.recipients("notice", since) == set()
        assert "noor" in (await scene.case(0)).barred


async def test_a_copy_to_a_mailbox_that_only_the_file_had_given_a_member_was_told_to_nobody(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.reload(committee_file().replace("ivo@example.net", "ivo@new.example"))
        await answer_all(scene, scene.last("forward", "amara"), "Hm.", "ivo@new.example")
        assert "past me, to a member who must not see this case." in told(scene, "amara")


async def test_a_mail_that_was_known_to_be_forged_was_called_the_reporters(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        ack = scene.last("ack", ROBIN)
        reply = scene.write(ROBIN, str(ack.message["Reply-To"]), "Re: Sam Reyes", "", proven="fail", answers=ack)
        reply.clear_content()
        reply.set_content(b"\0", maintype="application", subtype="octet-stream")
        await scene.send(reply, str(ack.message["Reply-To"]))
        assert "sam" in (await scene.case()).barred
        assert "That address was not proven." in told(scene, "ivo")
