"""Who appears in the conversation files, and the committee's file as the story has it at the moment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from conversation_words import FILE, form
from scene import ALIAS, NAMES, committee_file

FULL_NAMES = {
    **{name.split()[0]: name for name in NAMES.values()},
    "Lee": "Lee Wong",
    "Kim": "Kim Adeyemi",
    "Ruth": "Ruth Adler",
}
# People outside of the committee: full name and address.
OUTSIDE = {
    "Robin": ("Robin Vale", "robin@visitors.example"),
    "Dana": ("Dana Cole", "dana@visitors.example"),
    "Kit": ("Kit Larsen", "kit@acme.example"),
}
OFFICES = {"The admins": "ops@example.com", "The foundation": "conduct@foundation.example"}
FOUNDATION = f"{{foundation: {{email: {OFFICES['The foundation']}, confidentiality_agreed: 2026-01-10}}}}"


def names_in(words: str) -> list[str]:
    """The people in `Amara, Jun and Noor`."""
    return re.split(r", | and ", words)


@dataclass
class Roster:
    """The committee's file. `moved` holds the addresses that a member was given later, the newest last."""

    policy: str = "basic"
    roles: dict[str, str] = field(default_factory=dict)
    watchers: list[str] = field(default_factory=list)
    watching: int = 0
    employers: dict[str, str] = field(default_factory=dict)
    friends: dict[str, str] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    moved: dict[str, list[str]] = field(default_factory=dict)
    has_foundation: bool = False
    mistake: bool = False
    spam_kept: str = ""

    @form(FILE, r"The committee works by (?P<policy>\w+)")
    def works_by(self, policy: str) -> None:
        self.policy = policy

    @form(
        FILE,
        r"(?P<role>Primary member|Alternate|Mediator)s?: {who}",
        r"{who} joins as (?:a|an|the) (?P<role>primary member|alternate|mediator)",
    )
    def joins(self, role: str, who: str) -> None:
        for name in names_in(who):
            assert name in FULL_NAMES, f"{name} is not in the cast: {', '.join(FULL_NAMES)}"
            self.roles[name] = role.lower().split(" ")[0]

    @form(FILE, r"{who} (?:is|are) taken out of the file")
    def goes(self, who: str) -> None:
        for name in names_in(who):
            self.roles.pop(name)

    @form(FILE, r"{who}'s address in the file becomes (?P<address>\S+?)")
    def moves(self, who: str, address: str) -> None:
        self.moved.setdefault(who, []).append(address)

    @form(FILE, r"{who} watch(?:es)?(?:, then (?P<after>.+))?")
    def watches(self, who: str, after: str) -> None:
        self.watching = len(names_in(who))
        self.watchers = names_in(f"{who} and {after}" if after else who)

    @form(FILE, r"{who} works? for (?P<employer>[^\"]+)")
    def works_for(self, who: str, employer: str) -> None:
        self.employers |= dict.fromkeys(names_in(who), employer)

    @form(FILE, r"{who} (?:is|are) close to (?P<friend>[^\"]+)")
    def is_close_to(self, who: str, friend: str) -> None:
        self.friends |= dict.fromkeys(names_in(who), friend)

    @form(FILE, r"The foundation stands in for the committee")
    def has_somebody_who_stands_in(self) -> None:
        self.has_foundation = True

    @form(FILE, r"Its rule (?P<knob>[\w.]+) is (?P<value>[^\"]+)")
    def has_rule(self, knob: str, value: str) -> None:
        self.rules[knob] = value

    @form(FILE, r"What is closed as spam is kept for (?P<span>\w+)")
    def keeps_spam(self, span: str) -> None:
        self.spam_kept = span

    @form(FILE, r"The file gets a (?P<mistake>typing mistake)", r"The typing mistake is mended")
    def has_a_mistake(self, mistake: str = "") -> None:
        self.mistake = bool(mistake)

    def address(self, who: str) -> str:
        """Where somebody writes from and gets mail: `Amara`, `Sam's old address`, `Robin's other address`."""
        name, _, which = who.partition("'s ")
        assert which in ("", "old address", "other address"), f"{who}: the old address, or the other one?"
        if name in OFFICES:
            return OFFICES[name]
        if which == "other address":
            return f"{name.lower()}@elsewhere.example"
        if name in OUTSIDE:
            return OUTSIDE[name][1]
        assert name in FULL_NAMES, f"nobody is called {name!r}"
        known = [f"{name.lower()}@example.net", *self.moved.get(name, [])]
        return known[-2] if which else known[-1]

    def people(self, who: str) -> list[str]:
        """`Everybody` are all members of the committee, in the file at this moment."""
        return list(self.roles) if who == "Everybody" else names_in(who)

    def sender(self, who: str) -> str:
        name, _, _ = who.partition("'s ")
        full = OUTSIDE[name][0] if name in OUTSIDE else FULL_NAMES[name]
        return f"{full} <{self.address(who)}>"

    def mailbox(self, to: str, how: str) -> str:
        """The address of the committee that somebody writes to."""
        local, _, domain = ALIAS.partition("@")
        if to != "the committee":
            return f"{local}+{to.split()[0].lower()}@{domain}"
        if how.startswith(", not to "):
            return f"{local}+not-{how.removeprefix(', not to ').lower()}@{domain}"
        assert how in ("", ", to be kept sealed"), f"nobody writes{how}"
        return f"{local}+escrow@{domain}" if how else ALIAS

    def text(self) -> str:
        """The file."""
        lines = {"policy": self.policy, "chair": "amara", "members": "\n".join(map(self._member, self.roles))}
        if self.watchers:
            order = ", ".join(name.lower() for name in self.watchers)
            lines["triage"] = f"{{size: {self.watching}, order: [{order}]}}"
        if self.rules:
            lines["override"] = "{" + ", ".join(f"{knob}: {value}" for knob, value in self.rules.items()) + "}"
        if self.spam_kept:
            lines["retention"] = f"{{content_after_close: {{spam: {self.spam_kept}}}}}"
        if self.has_foundation:
            lines["transfer_targets"] = FOUNDATION
        if self.mistake:
            lines["chiar"] = lines.pop("chair")
        return committee_file(**lines)

    def _member(self, name: str) -> str:
        entry = {
            "handle": name.lower(),
            "name": FULL_NAMES[name],
            "email": self.address(name),
            "role": self.roles[name],
            "confidentiality_agreed": "2026-01-01",
        }
        if name in self.employers:
            entry["employer"] = self.employers[name]
        if name in self.friends:
            entry["known_conflicts"] = f"[{{with: {self.friends[name]}}}]"
        return "- {" + ", ".join(f"{key}: {value}" for key, value in entry.items()) + "}"
