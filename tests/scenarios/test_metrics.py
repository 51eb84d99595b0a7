"""What a monitor sees: counts and ages, and nothing that anybody wrote."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from cocmail.errors import DoorShut
from cocmail.store import outbox
from scene import HANDLES, Scene

MAIN = 'metrics: {listen: "127.0.0.1:0"}'


async def ask(scene: Scene, path: str) -> tuple[int, str]:
    """The status and text that the daemon answers a monitor with."""
    assert scene.daemon.metrics is not None
    url = f"http://{scene.daemon.metrics.address}{path}"

    def work() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(work)


async def test_a_monitor_sees_what_waits_and_what_became_of_messages_without_a_word_of_them(tmp_path: Path) -> None:
    async with Scene(tmp_path, main=MAIN) as scene:
        scene.smarthost.answers["jun@example.net"] = "550 5.1.1 no"
        await scene.report("Canary words about Ivo.", subject="Canary subject")
        status, text = await ask(scene, "/metrics")
        assert status == 200
        assert 'cocmail_messages{reason="report"} 1.0' in text
        assert 'cocmail_letters{state="parked"} 1.0' in text
        assert "cocmail_cases 1.0" in text
        case = await scene.case()
        for word in ("Canary", "Ivo", "Robin", "amara", "example.net", case.code_name, case.id):
            assert word not in text


async def test_health_is_good_while_the_workers_run_and_bad_when_one_is_gone(tmp_path: Path) -> None:
    async with Scene(tmp_path, main=MAIN) as scene:
        assert await ask(scene, "/health") == (200, "ok\n")
        assert (await ask(scene, "/elsewhere"))[0] == 404
        worker = next(task for task in asyncio.all_tasks() if "_forever" in repr(task.get_coro()))
        worker.cancel()
        await asyncio.sleep(0.1)
        assert await ask(scene, "/health") == (503, "not ok\n")


async def test_when_nothing_left_for_four_hours_the_monitor_sees_it_and_the_admins_hear_of_it_when_mail_goes_again(
    tmp_path: Path,
) -> None:
    async with Scene(tmp_path, main=MAIN) as scene:
        await scene.smarthost.stop()
        await scene.report()
        await scene.pass_time(timedelta(hours=5))
        await scene.daemon.clock.remind()
        (age,) = [line for line in (await ask(scene, "/metrics"))[1].splitlines() if line.startswith("cocmail_oldest")]
        assert 4 < float(age.split()[1]) / 3600 < 6
        assert all(row.state == outbox.QUEUED for row in await scene.store.read(outbox.listing))
        await scene.smarthost.start()
        await scene.pass_time(timedelta(hours=13))
        assert "more than four hours" in scene.last("notice", "ops@example.com").text
        assert scene.recipients("forward") == set(HANDLES)


async def test_a_monitor_may_ask_by_ipv6(tmp_path: Path) -> None:
    """`check` found nothing wrong with it, and the daemon did not start."""
    try:
        with socket.socket(socket.AF_INET6) as there:
            there.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")
    async with Scene(tmp_path, main='metrics: {listen: "[::1]:0"}') as scene:
        assert await ask(scene, "/health") == (200, "ok\n")


async def test_who_breaks_off_stands_in_no_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with Scene(tmp_path, main=MAIN) as scene:
        assert scene.daemon.metrics is not None
        host, _, port = scene.daemon.metrics.address.rpartition(":")
        with socket.create_connection((host, int(port))) as monitor:
            monitor.sendall(b"GET /health HT")
            # Closed by a reset (tcp(7), SO_LINGER) while the daemon reads on.
            monitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        while [each for each in threading.enumerate() if "process_request" in each.name]:
            await asyncio.sleep(0.01)
        assert (await ask(scene, "/health"))[0] == 200
    assert capfd.readouterr().err == ""


async def test_without_the_key_nothing_listens(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        assert scene.daemon.metrics is None


async def test_an_address_that_is_taken_is_told_at_the_start(tmp_path: Path) -> None:
    async with Scene(tmp_path / "one", main=MAIN) as scene:
        assert scene.daemon.metrics is not None
        taken = scene.daemon.metrics.address
        other = Scene(tmp_path / "two", main=f'metrics: {{listen: "{taken}"}}')
        with pytest.raises(DoorShut, match=f"^metrics.listen: {taken}: another program listens there: "):
            async with other:
                pass
        await other.smarthost.stop()
        other.store.close()
