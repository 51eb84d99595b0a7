"""OpenDKIM and OpenDMARC for the tests, in the foreground, on ports of 127.0.0.1, with DNS records from a file.

What is not real is the DNS alone: both have a setting for tests (TestDNSData) that names the records there are.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from postfix import program, wait_for_port

OPENDKIM, OPENDMARC = "opendkim", "opendmarc"


@dataclass(frozen=True)
class Key:
    """A DKIM key pair: the private half in a file, the record that publishes the other."""

    private: Path
    name: str
    record: str


def new_key(folder: Path, domain: str, selector: str) -> Key:
    """As an operator makes it, but short: it is there for seconds."""
    command = [program("opendkim-genkey"), "-b", "1024", "-D", str(folder), "-d", domain, "-s", selector]
    subprocess.run(command, check=True, timeout=60)
    private = folder / f"{selector}.private"
    shutil.chown(private, OPENDKIM)
    record = "".join(re.findall(r'"([^"]*)"', (folder / f"{selector}.txt").read_text()))
    return Key(private, f"{selector}._domainkey.{domain}", record)


@contextmanager
def running(which: str, text: str, folder: Path, port: int, records: Mapping[str, str]) -> Iterator[None]:
    """Starts one with this configuration and these DNS records (name to TXT). Raises NotInstalled."""
    path, dns = folder / f"{which}.conf", folder / f"{which}.dns"
    dns.write_text("".join(f"{name} {record}\n" for name, record in records.items()))
    # The folder for temporary files, above the key, may be written by all, which OpenDKIM would refuse.
    tests = f"TestDNSData file:{dns}\nRequireSafeKeys no\n" if which == OPENDKIM else f"TestDNSData {dns}\n"
    path.write_text(text + tests)
    with (folder / f"{which}.output").open("wb") as output:
        command = [program(which), "-f", "-x" if which == OPENDKIM else "-c", str(path)]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_for_port(port, process, f"{which} ({(folder / f'{which}.output').read_text(errors='replace')})")
        yield
    finally:
        # When asked they take five seconds to end, and they keep nothing.
        process.kill()
        process.wait(timeout=20)
