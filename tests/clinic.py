"""A daemon with the mail server around it and the DNS, and `cocmail doctor` looking at them.

visit = clinic.visit(("level: info", "level: debug"))
assert visit.says("warning", "debug")
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from border import Border, Names
from cocmail.doctor.findings import exit_code
from cocmail.doctor.visit import Wishes, visit
from process_scene import House
from scene import committee_file

ME = pwd.getpwuid(os.getuid()).pw_name
COMMITTEE = committee_file()


class Clinic:
    """What is looked at. `healthy` is the configuration without a fault."""

    def __init__(self, house: House, border: Border, names: Names) -> None:
        self.house, self.border, self.names = house, border, names
        self.healthy = house.config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{house.port}")

    def configure(self, *changes: tuple[str, str], committee: str = COMMITTEE) -> Path:
        """The doctor's configuration: the healthy one, with words of it replaced."""
        text = self.healthy.replace("committee.yaml", "doctor-committee.yaml")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        config = self.house.folder / "doctor.yaml"
        config.write_text(text)
        (self.house.folder / "doctor-committee.yaml").write_text(committee)
        return config

    def visit(self, *changes: tuple[str, str], committee: str = COMMITTEE, user: str = ME, wait: float = 60) -> Visit:
        """The doctor looks, from this process."""
        wishes = Wishes(wait, self.names.address, user)
        found = list(visit(self.configure(*changes, committee=committee), {}, wishes))
        return Visit(exit_code(found), [str(each) for each in found])

    def typed(self, *arguments: str) -> Visit:
        """`cocmail doctor`, as an operator types it."""
        home, self.house.config = self.house.config, self.configure()
        try:
            ended = self.house.run("doctor", "--resolver", self.names.address, "--mail-user", ME, *arguments)
        finally:
            self.house.config = home
        assert ended.err == "", ended
        return Visit(ended.code, ended.out.splitlines())


class Visit:
    """What the doctor said."""

    def __init__(self, code: int, lines: list[str]) -> None:
        self.code, self.lines = code, lines
        assert all(line.startswith(("ok: ", "warning: ", "error: ")) for line in lines), lines

    @property
    def errors(self) -> list[str]:
        return [line for line in self.lines if line.startswith("error: ")]

    def says(self, level: str, *words: str) -> bool:
        """Whether one line of that level has all of these words."""
        return any(line.startswith(f"{level}: ") and all(word in line for word in words) for line in self.lines)

    def __repr__(self) -> str:
        return "\n".join([f"exit {self.code}", *self.lines])


@contextmanager
def opened(folder: Path) -> Iterator[Clinic]:
    """A clinic whose daemon runs. At its end no test mail, however ill the way was, is a case or was answered."""
    with Border(folder / "lmtp.sock") as border, Names() as names, House(folder, smarthost=border.port) as house:
        house.start()
        yield Clinic(house, border, names)
        assert {event["reason"] for event in house.events("decided")} <= {"test-mail", "automatic-reply"}
        assert house.cases() == [] and house.queue() == []
        assert house.stop() == 0


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
