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
from collections.abc import Mapping
from typing import Any, BinaryIO

from cocmail.core.model import Mail
from cocmail.mail import memory
from cocmail.mail.frames import LENGTH, answer, answer_on_files
from cocmail.mail.lookinto import look
from cocmail.mail.parse import read
from cocmail.mail.tokens import as_passed_on, without_tokens

MAPPED = 512 << 20


def main(most: int) -> None:
    """Answers messages until the input ends. `most`: bytes of memory that this process may have (0: all there are)."""
    _settle(most)
    # What has been loaded stays for good: a long message's garbage is looked for beside it, not in it.
    gc.freeze()
    gc.enable()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while True:
        asked = json.loads(_frame(source))
        signal.setitimer(signal.ITIMER_REAL, asked["seconds"])
        # Nothing here keeps the message: its bytes are let go as soon as it is parsed.
        if asked["whole"]:
            frames = b"", without_tokens(_frame(source))
        else:
            mail = read(_frame(source), contents=asked["contents"], also=frozenset(asked["also"]))
            frames = _answer(mail, asked)
            del mail
        signal.setitimer(signal.ITIMER_REAL, 0)
        for frame in frames:
            sink.write(LENGTH.pack(len(frame)))
            sink.write(frame)
        sink.flush()
        del frames, frame


def _answer(mail: Mail, asked: Mapping[str, Any]) -> tuple[bytes, bytes]:
    if asked["files"]:
        return answer_on_files(map(look, mail.attachments))
    return answer(as_passed_on(mail) if asked["contents"] else mail)


def _settle(most: int) -> None:
    """Signals to the whole process group are for the daemon, which ends the child by closing its input."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    logging.disable(logging.CRITICAL)
    memory.keep()
    memory.give_back()
    if most:
        # What is its own (Linux 4.7), and all that it maps, libraries and their data too.
        for kind, bytes_ in ((resource.RLIMIT_DATA, most), (resource.RLIMIT_AS, most + MAPPED)):
            with contextlib.suppress(ValueError, OSError):  # a tighter limit is in force already
                resource.setrlimit(kind, (bytes_, bytes_))


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
