"""What members were not told when mail put one of them out of a case, or went past us to somebody."""

from __future__ import annotations

from pathlib import Path

from scene import ALIAS, HANDLES, Scene, nothing_more

ROBIN = "robin@visitors.example"
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
