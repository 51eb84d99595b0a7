"""What people copy from the operator's guide is what was tried."""

from __future__ import annotations

from pathlib import Path

import guide

TESTS = Path(__file__).resolve().parent


def test_no_block_of_the_guide_is_left_untried() -> None:
    trying = [TESTS.parent / "mailservers.py", TESTS / "test_exim.py"]
    source = "".join(path.read_text(encoding="utf-8") for path in trying)
    assert len(guide.blocks()) == 8
    assert [title for title in guide.blocks() if f'"{title}"' not in source] == []
