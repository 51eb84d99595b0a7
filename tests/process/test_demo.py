"""`cocmail demo`: what a stranger sees first."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from process_scene import run


def test_the_demo_shows_a_report_going_in_and_every_mail_that_comes_out(tmp_path: Path) -> None:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as temp:
        ended = run("demo", cwd=tmp_path, environ={"TMPDIR": temp}, cold=True)
        left = os.listdir(temp)
    took = time.monotonic() - begun
    assert ended.code == 0, ended
    assert ended.err == ""
    shown = ended.out
    # In this order: the report, its acknowledgement, four forwards, a follow-up, a discussion, a recusal.
    steps = [
        "Ivo shouted at a newcomer",
        "To: robin@visitors.example",
        "Four of five members get it",
        "jun@example.net, noor@example.net, sam@example.net",
        "replies to the acknowledgement",
        "Amara replies",
        "#recuse",
        "Since the receipt Jun has got 0 mails. Ivo has got 0 in all.",
    ]
    places = [shown.find(step) for step in steps]
    assert -1 not in places, dict(zip(steps, places, strict=True))
    assert "ivo@example.net" not in shown
    # Ten seconds is what a person is promised on a quiet machine; this one may be busy with other tests.
    assert took < 60
    assert left == os.listdir(tmp_path) == [], "nothing is left behind"
