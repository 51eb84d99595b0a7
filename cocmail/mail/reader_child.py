"""The process that reads mail for the daemon: frames in on standard input, frames out on standard output.

The rule: nothing that it meets leaves it but as an answer: no file, no log line, no traceback. It is killed by its own
alarm when a message takes too long, so it never outlives the daemon at work on one; it ends when its input does.
It gets no key, no configuration and no address but those in the mail.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import resource
import signal
import sys
from typing import BinaryIO

from cocmail.mail import memory
from cocmail.mail.frames import LENGTH, answer, answer_on_files, framed
from cocmail.mail.lookinto import look
from cocmail.mail.parse import read


def main(space: int) -> None:
    """Answers messages until the input ends. `space`: bytes of address space that this process may have (0: all)."""
    _settle(space)
    # What has been loaded stays for good: a long message's garbage is looked for beside it, not in it.
    gc.freeze()
    gc.enable()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while True:
        asked = json.loads(_frame(source))
        raw = _frame(source)
        signal.setitimer(signal.ITIMER_REAL, asked["seconds"])
        mail = read(raw, contents=asked["contents"], also=frozenset(asked["also"]))
        description, contents = answer_on_files(map(look, mail.attachments)) if asked["files"] else answer(mail)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for frame in (description, contents):
            sink.write(framed(frame))
        sink.flush()
        del raw, mail, description, contents


def _settle(space: int) -> None:
    """Signals to the whole process group are for the daemon, which ends the child by closing its input."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    logging.disable(logging.CRITICAL)
    memory.keep()
    if space:
        with contextlib.suppress(ValueError, OSError):  # a tighter limit is in force already
            resource.setrlimit(resource.RLIMIT_AS, (space, space))


def _frame(source: BinaryIO) -> bytes:
    """The next frame; ends the process quietly where the input ends."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        os._exit(0)
    (size,) = LENGTH.unpack(head)
    data = source.read(size)
    if len(data) < size:
        os._exit(0)
    return data
