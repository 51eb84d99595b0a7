"""A case whose time is over, or that was asked to be erased: who is told, what stops it, what is gone, what goes on."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import postgres
from cocmail import office
from cocmail.core.counts import decode_count
from cocmail.errors import EXIT_CONFIG, EXIT_DONE, SealError
from cocmail.records import cases_of
from cocmail.store import cases, counts, spool
from cocmail.store.tables import CASES, COUNTERS, EVENTS, LOOKUPS, OUTBOX, SPOOL, TIMERS
from cocmail.store.transaction import Tx
from cocmail.vault import box
from questions import ask, vote
from scene import ALIAS, HANDLES, NAMES, Delivered, Scene, committee_file, nothing_more

ROBIN = "robin@visitors.example"
SPANS = "{no_violation: 1y, violation: 3y, spam: 7d, not_a_report: 1y}"
KEPT = committee_file(retention=f"{{content_after_close: {SPANS}, escrow: 5y, warn_before: 7d}}")
YEAR = timedelta(days=365)


async def a_week(scene: Scene) -> None:
    """Seven days pass, and two hours more: what is due at the same time as a reminder waits until that has left."""
    await scene.days(7)
    await scene.pass_time(timedelta(hours=2))


async def code_name(scene: Scene) -> str:
    return str((await scene.case()).code_name)


async def resolved(scene: Scene, finding: str = "no-violation") -> None:
    """A case from its report to its end."""
    await scene.report("Ivo shouted at me near the blue door.")
    await scene.answer(scene.last("forward", "amara"), tag="#own")
    await ask(scene)
    for handle in ("amara", "jun", "noor", "sam"):
        await vote(scene, handle, "yes")
    receipt = await _final(scene, f'#resolve {finding} "We talked"')
    assert "resolved" in receipt.text.casefold()


async def closed(scene: Scene) -> None:
    """A case that turned out to be a question."""
    await scene.report("Ivo shouted at me near the blue door.")
    await scene.answer(scene.last("forward", "amara"), tag="#notreport question")


async def _final(scene: Scene, tag: str) -> Delivered:
    await scene.answer(scene.last("forward", "amara"), tag=tag)
    address, subject = scene.last("confirm", "amara").link("Yes")
    await scene.send(scene.write("amara@example.net", address, subject, "", proven=True), address)
    return scene.last("receipt", "amara")


def told(scene: Scene, words: str, since: int = 0) -> set[str]:
    """Who got a notice that says so."""
    found = [mail for mail in scene.smarthost.delivered[since:] if mail.kind == "notice" and words in mail.text]
    return {mail.recipient.removesuffix("@example.net") for mail in found}


WARNED, GONE = "is destroyed for good", "was erased on"


async def test_a_case_is_erased_a_year_after_its_end_and_its_members_are_told_before_and_after(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await resolved(scene)
        name = await code_name(scene)
        await scene.pass_time(YEAR - timedelta(days=8))
        assert not told(scene, WARNED)
        await scene.days(1)
        await scene.pass_time(timedelta(hours=1))
        assert told(scene, WARNED) == {"amara", "jun", "noor", "sam"}
        since = scene.mark()
        await scene.days(6)
        assert not told(scene, WARNED, since) and not told(scene, GONE)
        assert await scene.cases()
        await a_week(scene)
        assert not await scene.cases()
        assert told(scene, GONE) == {"amara", "jun", "noor", "sam"}
        certificate = next(mail for mail in scene.all("notice", "jun") if GONE in mail.text)
        for survivor in ("your own mailboxes", "backups", "mail server on the way", "files of the database"):
            assert survivor in certificate.text
        # The admins: that something was, and nothing of what.
        (notice,) = (mail for mail in scene.all("notice", "ops@example.com") if "A case was erased" in mail.text)
        assert name not in notice.text and "Robin" not in notice.text


async def test_keep_stops_it_and_its_time_begins_anew(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await closed(scene)
        await scene.pass_time(YEAR - timedelta(days=6))
        notice = scene.last("notice", "noor")
        address, subject = notice.link("#keep")
        # A forged one asks Noor, and changes nothing.
        await scene.send(scene.write("noor@example.net", ALIAS, subject, ""), ALIAS)
        assert (await scene.case()).proceedings.erasure is not None
        await scene.send(scene.write("noor@example.net", address, subject, "", proven=True), address)
        assert (
            "is not erased" in scene.last("receipt", "noor").text
            and "begins anew" in scene.last("receipt", "noor").text
        )
        assert told(scene, "Noor Haddad says that this case is to be kept") == {"amara", "jun", "sam"}
        (fact,) = (fact for fact in (await scene.case()).proceedings.facts if fact.what == "kept")
        assert fact.by == "noor"
        since = scene.mark()
        await scene.days(12)
        assert await scene.cases() and not told(scene, WARNED, since)
        # Said again it changes nothing, and tells nobody.
        with nothing_more(scene, "amara", "jun", "sam"):
            await scene.answer(scene.last("forward", "noor"), tag="#keep")
        await scene.pass_time(YEAR - timedelta(days=18))
        assert told(scene, WARNED, since) == {"amara", "jun", "noor", "sam"}


async def test_what_is_not_over_does_not_expire(tmp_path: Path) -> None:
    """Taken up again; something is still to be done; somebody wrote since; and, by default, never."""
    async with Scene(tmp_path, committee=KEPT) as scene:
        await resolved(scene)
        await scene.pass_time(YEAR - timedelta(days=6))
        assert told(scene, WARNED)
        await scene.answer(scene.last("forward", "jun"), tag="#reopen")
        await scene.days(12)
        assert await scene.cases()

        await scene.change_committee(committee_file())
        # Everybody hears of it, as of any other rule.
        assert told(scene, "retention.violation: - (before: 1095 days)") == set(HANDLES)
        await scene.report("Somebody pushed me.", sender="Dana <dana@visitors.example>")
        await scene.answer(scene.last("forward", "amara"), tag="#notreport spam")
        since = scene.mark()
        await scene.pass_time(20 * YEAR)
        await scene.days(9)
        assert len(await scene.cases()) == 2 and not told(scene, WARNED, since)


async def test_an_obligation_and_a_later_word_of_the_reporter_put_it_off(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await resolved(scene)
        day = (scene.now() + timedelta(days=20)).date()
        await scene.answer(scene.last("forward", "amara"), tag=f'#obligation "Say sorry" due:{day}')
        await scene.pass_time(2 * YEAR)
        await scene.days(9)
        assert not told(scene, WARNED)
        await scene.answer(scene.last("forward", "amara"), tag="#done 1")
        await scene.pass_time(YEAR - timedelta(days=60))
        await scene.answer(scene.all("ack")[0], "He did it again.")
        await scene.pass_time(timedelta(days=60))
        await scene.days(2)
        assert not told(scene, WARNED)
        await scene.pass_time(YEAR - timedelta(days=70))
        await scene.days(2)
        assert told(scene, WARNED) == {"amara", "jun", "noor", "sam"}


async def test_a_clock_that_jumps_erases_nothing(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await closed(scene)
        await scene.jump(10 * YEAR)
        assert told(scene, WARNED)
        # Again and again, each time past the day that was told: nothing has really passed.
        for _ in range(12):
            await scene.jump(timedelta(days=3))
        assert await scene.cases()
        # Set back: people are told of another day, once that comes near.
        await scene.jump(-10 * YEAR - timedelta(days=36))
        await scene.change_committee(scene.committee_text)
        assert await scene.cases() and (await scene.case()).proceedings.erasure is None


async def test_a_daemon_that_was_down_tells_anew_and_waits_a_day_for_the_mail(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT.replace("warn_before: 7d", "warn_before: 30d")) as scene:
        await closed(scene)
        await scene.pass_time(YEAR - timedelta(days=29))
        await scene.days(9)
        await scene.stop()
        scene.offset += timedelta(days=30)
        await scene.start()
        await scene.settle()
        assert await scene.cases()
        # The machine was off past the day; a `#keep` that waited elsewhere comes in only now.
        await scene.pass_time(timedelta(hours=2))
        await scene.answer(scene.last("forward", "sam"), tag="#keep")
        await scene.days(2)
        assert await scene.cases()

        await scene.pass_time(YEAR)
        await scene.days(2)
        await scene.stop()
        scene.offset += timedelta(days=200)
        since = scene.mark()
        await scene.start()
        await scene.settle()
        await scene.days(9)
        assert told(scene, WARNED, since) == {"amara", "jun", "noor", "sam"} and await scene.cases()


async def test_nothing_is_erased_while_a_notice_has_not_left_or_mail_is_not_understood(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await closed(scene)
        scene.smarthost.answers["sam@example.net"] = "550 5.1.1 no such mailbox"
        await scene.pass_time(YEAR - timedelta(days=6))
        assert told(scene, WARNED) == {"amara", "jun", "noor"}
        await scene.days(10)
        assert await scene.cases()
        scene.smarthost.answers.clear()
        await scene.store.write(lambda tx: [_retry(tx, row) for row in _parked(tx)])
        await scene.settle()
        assert "sam" in told(scene, WARNED)
        # A message that cocmail failed on may be a `#keep`.
        await scene.send(scene.write("noor@example.net", ALIAS, "x", "Please keep it."), ALIAS)
        (stuck,) = await scene.store.read(lambda tx: _newest(tx))
        await scene.store.write(lambda tx: tx.run(SPOOL.update().where(SPOOL.c.id == stuck).values(state="shunted")))
        before = len(await scene.cases())
        await scene.days(10)
        assert len(await scene.cases()) == before


def _parked(tx: Tx) -> list[str]:
    return list(tx.run(select(OUTBOX.c.id).where(OUTBOX.c.state == "parked")).scalars())


def _retry(tx: Tx, row: str) -> None:
    tx.run(OUTBOX.update().where(OUTBOX.c.id == row).values(state="queued"))


def _newest(tx: Tx) -> list[str]:
    return list(tx.run(select(SPOOL.c.id).order_by(SPOOL.c.received_at.desc()).limit(1)).scalars())


async def test_the_operator_asks_and_seven_days_later_nothing_opens_any_more(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me near the blue door.")
        await scene.answer(scene.last("forward", "amara"), "Who talks to Robin?")
        case, (case_id,) = await scene.case(), await scene.cases()
        await scene.report("Another thing.", sender="Dana <dana@visitors.example>")
        assert await scene.erase("no such") == EXIT_CONFIG
        assert "no case of that name" in capfd.readouterr().err
        assert await scene.erase(f"[{case.code_name.upper().replace(' ', '-')}]") == EXIT_DONE
        printed = capfd.readouterr().out
        assert "#keep" in printed and "Robin" not in printed and "Amara" not in printed
        assert told(scene, WARNED) == {"amara", "jun", "noor", "sam"}
        assert await scene.erase(case.code_name) == EXIT_DONE
        assert "asked for already" in capfd.readouterr().out
        wrapped, events, mails = await scene.store.read(lambda tx: _sealed(tx, case_id))
        assert all(_is_on_disk(tmp_path, sealed) for sealed in (wrapped, *events, *mails))
        await scene.days(6)
        assert len(await scene.cases()) == 2
        ack = scene.all("ack", ROBIN)[0]
        old = {mail.recipient: mail for mail in reversed(scene.all("forward"))}
        await scene.days(1)
        await scene.pass_time(timedelta(hours=2))
        assert await scene.cases() != [] and case_id not in await scene.cases()
        # Not in the file, not in its journal; and the other case's is.
        for gone in (wrapped, *events, *mails):
            assert not _is_on_disk(tmp_path, gone)
        (other,) = await scene.cases()
        assert _is_on_disk(tmp_path, (await scene.store.read(lambda tx: _sealed(tx, other)))[0])
        await _is_gone_and_not_damaged(scene, case_id)

        # The row stays, with who saw it before, and for the operator.
        await scene.answer(old["jun@example.net"], tag="#sheet")
        sheet = scene.last("sheet", "jun").text
        assert case.code_name in sheet and "Erased" in sheet
        await scene.send(scene.write("ivo@example.net", ALIAS, "#sheet", "", proven=True), ALIAS)
        assert case.code_name not in scene.last("sheet", "ivo").text
        rows, _ = await asyncio.to_thread(office.sheet_rows, scene.folder / "main.yaml", {})
        (row,) = (row for row in rows if row.code_name == case.code_name)
        assert (row.status, row.actions[:6]) == ("Ongoing", "Erased")
        assert await scene.erase(case.code_name) == EXIT_CONFIG
        assert "was erased on" in capfd.readouterr().err

        # Nobody is let in by an old address; what Robin writes is a report again, and not for Ivo.
        before = len(await scene.cases())
        await scene.answer(old["jun@example.net"], tag="#keep")
        assert "No such case" in scene.last("receipt", "jun").text
        await scene.answer(old["jun@example.net"], "Hello?", proven=False)
        assert len(await scene.cases()) == before
        with nothing_more(scene, "ivo"):
            await scene.answer(ack, "It happened again.")
        assert len(await scene.cases()) == before + 1
        assert "It happened again." in scene.last("forward", "amara").text
        assert (await scene.case()).code_name != case.code_name


async def _is_gone_and_not_damaged(scene: Scene, case_id: str) -> None:
    """No row is left of it, everything opens, and nobody is alarmed."""

    def look(tx: Tx) -> tuple[list[object], tuple[str, ...]]:
        tables = (EVENTS, SPOOL, OUTBOX, TIMERS, LOOKUPS)
        left = [row for table in tables for row in tx.run(select(table).where(table.c.case_id == case_id))]
        return [*left, *tx.run(select(CASES).where(CASES.c.id == case_id))], cases.verify(tx).failures

    assert await scene.store.read(look) == ([], ())
    with pytest.raises(SealError):
        await scene.store.read(lambda tx: cases.load(tx, case_id))
    committee = scene.settings().committees[0]
    assert case_id not in await scene.store.read(lambda tx: cases_of(tx, committee))
    since = scene.mark()
    await scene.days(2)
    await scene.change_committee(scene.committee_text)
    assert "ops@example.com" not in {mail.recipient for mail in scene.smarthost.delivered[since:]}


def _sealed(tx: Tx, case_id: str) -> tuple[bytes, list[bytes], list[bytes]]:
    """Its wrapped key, and what was sealed under it."""
    wrapped = tx.run(select(CASES.c.wrapped_key).where(CASES.c.id == case_id)).scalar_one()
    events = tx.run(select(EVENTS.c.sealed).where(EVENTS.c.case_id == case_id)).scalars().all()
    mails = tx.run(select(SPOOL.c.raw).where(SPOOL.c.case_id == case_id)).scalars().all()
    return wrapped, list(events), list(mails)


def _is_on_disk(folder: Path, octets: bytes) -> bool:
    """Whether the database's files hold these octets, or (they may go over a page's end) forty of them in a row."""
    every = [path.read_bytes() for path in folder.glob("store.db*")]
    pieces = [octets[start : start + 40] for start in range(0, len(octets) - 40, 40)]
    return any(piece in each for piece in pieces for each in every)


async def test_over_postgresql_too_nothing_is_left_that_opens(tmp_path: Path, postgresql: postgres.Server) -> None:
    async with Scene(tmp_path, store_url=postgresql.new_database()) as scene:
        await scene.report("Ivo shouted at me near the blue door.")
        (case_id,) = await scene.cases()
        wrapped, events, _ = await scene.store.read(lambda tx: _sealed(tx, case_id))
        assert await scene.erase(await code_name(scene)) == EXIT_DONE
        await a_week(scene)
        assert not await scene.cases()
        await _is_gone_and_not_damaged(scene, case_id)
        # What is left of an old page opens only with the master's key; nothing in the tables is the wrapped one.
        kept = await scene.store.read(lambda tx: [row.sealed for row in tx.run(select(LOOKUPS))])
        assert wrapped not in kept and not set(events) & set(kept)
        with pytest.raises(SealError):
            box.open_(box.new_key(), events[0], box.identity("events", case_id, 1))


async def test_a_sealed_report_of_five_years_goes_after_the_admins_were_told(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await scene.report("Kit did it.", to="conduct+escrow@example.org")
        name = await code_name(scene)
        assert await scene.erase(name) == EXIT_CONFIG
        with nothing_more(scene, *HANDLES):
            await scene.pass_time(5 * YEAR - timedelta(days=6))
            (notice,) = (m for m in scene.all("notice", "ops@example.com") if "nobody can read" in m.text)
            assert name not in notice.text
            await scene.days(6)
            assert await scene.cases()
            await scene.days(3)
        assert not await scene.cases()
        # Nobody hears its name, not even by an empty place in the sheet.
        await scene.send(scene.write("amara@example.net", ALIAS, "#sheet", "", proven=True), ALIAS)
        assert name not in scene.last("sheet", "amara").text


async def test_what_was_asked_for_is_not_done_once_nobody_is_left_who_could_object(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        assert await scene.erase(await code_name(scene)) == EXIT_DONE
        for handle in HANDLES:
            await scene.answer(scene.last("forward", handle), tag="#recuse")
        await scene.days(12)
        assert await scene.cases()
        assert told(scene, "is not erased: nobody has it") == {"ops@example.com"}


async def test_who_comes_in_later_has_seven_days_of_their_own(tmp_path: Path) -> None:
    more = "- {handle: lee, name: Lee Wong, email: lee@example.net, role: alternate}"
    async with Scene(tmp_path, committee=committee_file(more_members=more)) as scene:
        await scene.report()
        assert await scene.erase(await code_name(scene)) == EXIT_DONE
        await scene.days(5)
        for handle in HANDLES:
            await scene.answer(scene.last("forward", handle), tag="#recuse")
        await scene.days(1)
        assert told(scene, WARNED) == {*HANDLES, "lee"}
        await scene.days(5)
        assert await scene.cases()
        await scene.days(3)
        await scene.pass_time(timedelta(hours=2))
        assert not await scene.cases()


async def test_counts_are_taken_when_a_case_is_over_and_outlive_it(tmp_path: Path) -> None:
    async with Scene(tmp_path, committee=KEPT) as scene:
        await resolved(scene, "violation")
        month = scene.now().strftime("%Y-%m")

        async def counted() -> list[tuple[str, str, str]]:
            found = await scene.store.read(lambda tx: [decode_count(each) for each in counts.of(tx, ALIAS)])
            return [(each.reported, each.closed, each.result) for each in found]

        assert await counted() == [(month, month, "violation")]
        await scene.answer(scene.last("forward", "jun"), tag="#reopen")
        assert await counted() == []
        assert await scene.erase(await code_name(scene)) == EXIT_DONE
        await a_week(scene)
        assert not await scene.cases()
        assert [result for _, _, result in await counted()] == ["unresolved"]


async def test_what_reached_nobody_and_may_quote_the_case_goes_with_it(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me near the blue door.")
        bounced = scene.write("postmaster@example.net", "conduct+bounce-x@example.org", "Undelivered", "the blue door")
        await scene.send(bounced, "conduct+bounce-x@example.org", sender="")
        await scene.send(scene.write("noor@example.net", ALIAS, "#note [no such]", "the blue door", proven=True), ALIAS)
        with_content = await scene.store.read(spool.count)
        assert with_content >= 3
        assert await scene.erase(await code_name(scene)) == EXIT_DONE
        await a_week(scene)
        assert await scene.store.read(spool.count) == 0
        assert not await scene.store.read(lambda tx: tx.run(select(COUNTERS).where(COUNTERS.c.kind != "erase")).all())


async def test_of_many_cases_people_are_told_of_a_few_a_day(tmp_path: Path) -> None:
    two = "\n".join(f"- {{handle: {each}, name: {NAMES[each]}, email: {each}@example.net}}" for each in HANDLES[:2])
    async with Scene(tmp_path, committee=KEPT.partition("members:")[0] + f"members:\n{two}\n") as scene:
        for number in range(6):
            await scene.report("Buy a watch.", sender=f"shop{number}@visitors.example")
            await scene.answer(scene.last("forward", "amara"), tag="#notreport spam")
        assert len([mail for mail in scene.all("notice", "jun") if WARNED in mail.text]) == 5
        await scene.days(1)
        assert len([mail for mail in scene.all("notice", "jun") if WARNED in mail.text]) == 6


async def test_who_was_not_reached_and_a_keep_that_waits_for_its_yes_hold_it_up(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        await scene.report()
        await scene.change_committee(committee_file().replace("sam@example.net", "sam@elsewhere.example"))
        assert await scene.erase(await code_name(scene)) == EXIT_DONE
        # Whoever edits the file must not keep Sam from hearing of it.
        assert "sam" not in told(scene, WARNED)
        await a_week(scene)
        assert await scene.cases()
        await scene.change_committee(committee_file())
        await scene.pass_time(timedelta(hours=1))
        assert "sam" in told(scene, WARNED)
        await scene.days(6)
        await scene.pass_time(timedelta(hours=22))
        # Unproven, so that Noor is asked; the answer comes when the week is over.
        await scene.answer(scene.last("forward", "noor"), tag="#keep", proven=False)
        await scene.pass_time(timedelta(hours=5))
        assert await scene.cases()
        address, subject = scene.last("confirm", "noor").link("Yes")
        await scene.send(scene.write("noor@example.net", address, subject, ""), address)
        await a_week(scene)
        (fact,) = (fact for fact in (await scene.case()).proceedings.facts if fact.what == "kept")
        assert fact.by == "noor"
        await scene.answer(scene.last("forward", "jun"), tag="#doc")
        assert "not erased, but kept" in scene.last("document", "jun").text


async def test_what_belongs_together_goes_on_when_one_of_it_is_erased(tmp_path: Path) -> None:
    """A second report of the same person, kept from whom the first was kept from; and a letter to somebody outside."""
    async with Scene(tmp_path) as scene:
        await scene.report("Ivo shouted at me.")
        first = await code_name(scene)
        await scene.answer(scene.last("forward", "amara"), tag='#party reported "Kit Larsen" #scope in')
        await scene.answer(scene.last("forward", "amara"), tag="#risk safety:no repeat:maybe")
        text = "To: kit@acme.example\n\nWe would like to talk to you."
        await scene.answer(scene.last("forward", "amara"), text, tag="#reported")
        await scene.answer(scene.last("draft", "jun"), tag="#send D1")
        letter = scene.last("outreach", "kit@acme.example")
        await scene.answer(scene.all("ack")[0], "And again.", sender="robin@elsewhere.example")
        second = (await scene.case()).id
        assert await scene.erase(first) == EXIT_DONE
        await a_week(scene)
        assert await scene.cases() == [second]
        with nothing_more(scene, "ivo"):
            await scene.answer(scene.all("ack", "robin@elsewhere.example")[0], "It goes on.")
            assert "It goes on." in scene.last("forward", "sam").text
            await scene.answer(scene.last("forward", "amara"), "Let us meet.")
        assert "Let us meet." in scene.last("forward", "sam").text
        # Somebody outside who answers an old letter is heard, without becoming a reporter whom one writes to.
        with nothing_more(scene, "ivo", "kit@acme.example"):
            await scene.answer(letter, "I am ready to talk.")
        assert "I am ready to talk." in scene.last("forward", "noor").text
        assert "by-contact" in (await scene.case()).marks
        assert (await scene.store.read(cases.verify)).failures == ()
