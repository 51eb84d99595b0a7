"""Real mail servers around the program, set up as the operator's guide says.

    someone outside --> border: Postfix, OpenDKIM, OpenDMARC --> cocmail --> the same Postfix, which signs
                          ^                                                        |
    members' server: Postfix, OpenDKIM (signs example.net) <-----------------------+--> Dovecot, the mailboxes

All on 127.0.0.1. Who comes from there is at home on a server; other addresses of the loopback network are outside.
"""

from __future__ import annotations

import contextlib
import email
import os
import pwd
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path

import dovecot
import exim
import guide
import milters
import postfix
from process_scene import House, letter, wait_until
from scene import Delivered

HOME, BORDERS = "127.0.0.1", "127.0.0.7"
# An address of the border that goes to Robin: what arrives there is what the border makes of a mail.
LOOK = "look@example.org"
# Of the members' server: example.net, and visitors.example for those who report.
BOXES = ("amara", "jun", "noor", "ivo", "robin")

MEMBERS_SERVER = """\
virtual_mailbox_domains = example.net, visitors.example
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
transport_maps = inline:{{ {{ example.edu = smtp:[127.0.0.1]:{exim} }} }}
relayhost = [127.0.0.1]:{border}
smtp_bind_address = 127.0.0.8
smtpd_milters = inet:127.0.0.1:{dkim}
"""
# Signs what its own people write, and says of what comes in whether the signature holds.
MEMBERS_DKIM = """\
UserID                opendkim
Socket                inet:{port}@127.0.0.1
Mode                  sv
AuthservID            mx.example.net
Domain                example.net
Selector              m1
KeyFile               {key}
Canonicalization      relaxed/relaxed
"""


@dataclass
class Servers:
    """The two servers, and what is in the mailboxes."""

    border: postfix.Server
    members: postfix.Server
    boxes: dovecot.Server
    exim_port: int
    records: dict[str, str]
    socket: Path
    # Where it is the border, in the place of `border`.
    exim: exim.Server | None = None

    def lend(self, house: House) -> None:
        """Makes a house the one behind the border; call it before `start`."""
        house.intake = f"lmtp: {{listen: {self.socket}}}"
        house.delivery = f"smtp: {{host: 127.0.0.1, port: {self.border.port}}}"
        house.write()

    def open_socket(self) -> None:
        """What the guide does with a group, Postfix in that of cocmail: the tests are root, and make no users."""
        os.chown(self.socket, pwd.getpwnam("postfix").pw_uid, -1)

    def outside(self, mail: EmailMessage | bytes, sender: str, *recipients: str, utf8: bool = False) -> None:
        """Somebody on the internet, no more than a client, hands it to the border."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
        self.border.send(raw, sender, *recipients, source=postfix.OUTSIDE, utf8=utf8)

    def member(self, mail: EmailMessage, sender: str, recipient: str) -> None:
        """A member hands it to the server of their own provider, who signs it."""
        self.members.send(mail.as_bytes(policy=policy.SMTP), sender, recipient, source=HOME)

    def inbox(self, name: str) -> list[Delivered]:
        box = dovecot.Mailbox(name, self.boxes)
        return [Delivered("", [f"{name}@example.net"], raw) for raw in box.messages()]

    def wait(self, name: str, wanted: Callable[[Delivered], bool], what: str) -> Delivered:
        """The newest of the wanted mails in a mailbox, once there is one."""
        found: list[Delivered] = []

        def reached() -> bool:
            found[:] = [mail for mail in self.inbox(name) if wanted(mail)]
            return bool(found)

        try:
            wait_until(reached, f"{what} for {name}")
        except AssertionError:
            print(self.border.log(), self.members.log())
            raise
        return found[-1]

    def all_arrives(self, house: House) -> None:
        """Waits until no mail is on its way any more: who has got nothing by then gets nothing."""
        wait_until(lambda: not self._waiting() and is_quiet(house) and not self._waiting(), "mail to arrive")

    def settle(self, house: House) -> None:
        """Waits for all mail, and empties the mailboxes for the next story."""
        self.all_arrives(house)
        for name in BOXES:
            with dovecot.Mailbox(name, self.boxes).session() as client:
                client.select("INBOX")
                for uid in client.uid("search", "ALL")[1][0].split():
                    client.uid("store", uid, "+FLAGS", r"\Deleted")
                client.expunge()

    def _waiting(self) -> list[str]:
        exim = self.exim.waiting() if self.exim is not None else []
        return self.border.waiting() + self.members.waiting() + exim


def is_quiet(house: House) -> bool:
    """Whether all that came in is decided, and all that this made has gone out."""
    decided = house.events("decided")
    made = sum(event["letters"] for event in decided)
    return len(decided) == len(house.events("accepted")) and made == len(house.events("sent"))


def of_kind(kind: str) -> Callable[[Delivered], bool]:
    return lambda mail: mail.kind == kind


def answer(mail: Delivered, text: str, tag: str = "") -> EmailMessage:
    """A member's reply to a mail of ours, without any result of a server."""
    said = mail.message
    reply_to, before = str(said["Reply-To"]), str(said["Message-ID"])
    subject = f"Re: {said['Subject']} {tag}".strip()
    headers = {"In-Reply-To": before, "References": before}
    return letter(mail.recipient, text, to=reply_to, subject=subject, headers=headers, proven=False)


def results(mail: Delivered) -> str:
    """What the server of a mailbox says about a mail's signature."""
    parsed = email.message_from_bytes(mail.content, policy=policy.compat32)
    return " ".join(str(value) for value in parsed.get_all("Authentication-Results") or [])


def results_of(server: str, mail: Delivered) -> tuple[list[str], list[str]]:
    """The results in the name of a server: those above the one Received line that it wrote, and those below."""
    parsed = email.message_from_bytes(mail.content, policy=policy.compat32)
    headers = [(name.strip().lower(), " ".join(str(value).split())) for name, value in parsed.items()]
    lines = [place for place, (name, value) in enumerate(headers) if name == "received" and f"by {server} " in value]
    assert len(lines) == 1, headers
    own = [
        (place < lines[0], value)
        for place, (name, value) in enumerate(headers)
        if name == "authentication-results" and server in value.lower()
    ]
    return [value for top, value in own if top], [value for top, value in own if not top]


@contextmanager
def running(boxes: dovecot.Server) -> Iterator[Servers]:
    """Starts everything but the house. Raises NotInstalled."""
    for name in ("postfix", milters.OPENDKIM, milters.OPENDMARC):
        postfix.program(name)
    dkim, dmarc, theirs, exims = postfix.free_ports(4)
    with contextlib.ExitStack() as stack:
        folder = postfix.folder_for("mx")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        key, theirs_key = milters.new_key(folder, "example.org", "mail"), milters.new_key(folder, "example.net", "m1")
        dns = {each.name: each.record for each in (key, theirs_key)}
        records = {"_dmarc.example.net": "v=DMARC1; p=reject", "_dmarc.example.org": "v=DMARC1; p=reject"}
        border = stack.enter_context(postfix.running("mx.example.org"))
        members = stack.enter_context(postfix.running("mx.example.net"))
        socket = border.folder / "cocmail.sock"
        replaced = {
            "/etc/postfix/": f"{border.etc}/",
            "/run/cocmail/lmtp.sock": str(socket),
            "127.0.0.1:8891": f"127.0.0.1:{dkim}",
            "127.0.0.1:8893": f"127.0.0.1:{dmarc}",
            "inet:8891@": f"inet:{dkim}@",
            "inet:8893@": f"inet:{dmarc}@",
            "/etc/dkimkeys/mail.private": str(key.private),
            "/run/opendkim/": f"{folder}/",
            "/run/opendmarc/": f"{folder}/",
        }
        text = guide.block("/etc/opendkim.conf", replaced)
        stack.enter_context(milters.running(milters.OPENDKIM, text, folder, dkim, dns))
        text = guide.block("/etc/opendmarc.conf", replaced)
        stack.enter_context(milters.running(milters.OPENDMARC, text, folder, dmarc, records))
        text = MEMBERS_DKIM.format(port=theirs, key=theirs_key.private)
        (folder / "theirs").mkdir()
        stack.enter_context(milters.running(milters.OPENDKIM, text, folder / "theirs", theirs, dns))
        # What a server has anyway: its domain, and where others are.
        border.postconf(
            "mydestination = $myhostname, example.org",
            f"relayhost = [127.0.0.1]:{members.port}",
            f"smtp_bind_address = {BORDERS}",
        )
        (border.etc / "virtual").write_text(f"{LOOK}  {BOXES[-1]}@visitors.example\n")
        guide.run("Postfix in front and behind", replaced, border.environ)
        guide.run("Postfix with OpenDKIM and OpenDMARC", replaced, border.environ)
        known = ", ".join(
            f"{{ {name}@{domain} = {name} }}" for name in BOXES for domain in ("example.net", "visitors.example")
        )
        ports = {"lmtp": boxes.lmtp_port, "border": border.port, "dkim": theirs, "exim": exims}
        with (members.etc / "main.cf").open("a") as main:
            main.write(MEMBERS_SERVER.format(boxes=known, **ports))
        border.start()
        members.start()
        yield Servers(border, members, boxes, exims, dns, socket)
