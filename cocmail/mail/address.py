"""Mail addresses: one normal form to compare them by, the meaning of our subaddresses, address lists out of headers.

The rule: nothing here raises on what a stranger wrote, and everything takes time linear in its input
(`email.utils.getaddresses` does neither). What is no address is the empty string.

It must not look anything up, and it must not make two addresses equal that different people can own: no `ß` = `ss`
(IDNA 2003 and `str.casefold` do that), no removal of dots or of other people's subaddresses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from cocmail.core.model import Wanted
from cocmail.mail.decode import CONTROLS, unshifted
from cocmail.mail.domain import DOMAIN_MAX, normal_domain, printable
from cocmail.mail.domain import aligned as aligned
from cocmail.mail.domain import organisational_domain as organisational_domain

# RFC 5321 section 4.5.3.1 allows 64 octets; return paths of list and bounce systems are far longer in practice.
LOCAL_MAX = 1000
HEADER_MAX = 2_000_000
# Of one list; nobody writes to more people at once.
MAILBOXES_MAX = 20_000

TOKEN = re.compile(r"[a-z2-7]{26}")

_ATOM = re.compile(r"[!#$%&'*+/=?^`{|}~.\w-]+")
# One that never ends is taken to the end: looked for again at the next mark, 500 kB of them would take a quarter of an
# hour. Possessive, since nothing else could match.
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.?)*+)(?:"|\Z)', re.DOTALL)


def normal(address: str) -> str:
    """The form by which addresses are compared: stripped, NFC, lower case, the domain in A-labels (RFC 5890).

    `<...>` around it is dropped and a quoted local part is unquoted where it needs no quotes. Gives "" for anything
    that is no address with a domain (so for the null sender and a bare `root` too). Never raises.
    """
    text = address.strip(" \t\r\n")
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip(" \t")
    if len(text) > LOCAL_MAX + DOMAIN_MAX + 1:
        return ""
    local, at, domain = unicodedata.normalize("NFC", text).rpartition("@")
    if not at:
        return ""
    local, domain = _normal_local(local.rstrip(" \t")), normal_domain(domain.lstrip(" \t"))
    return f"{local}@{domain}" if local and domain else ""


def _normal_local(local: str) -> str:
    if not local or len(local) > LOCAL_MAX or not printable(local):
        return ""
    if local[0] == '"':
        if len(local) < 3 or local[-1] != '"':
            return ""
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
        if not _ATOM.fullmatch(local):
            return '"' + local.lower().replace("\\", "\\\\").replace('"', '\\"') + '"'
    return unicodedata.normalize("NFC", local.lower()) if _tolerable(local) else ""


def _tolerable(local: str) -> bool:
    """A dot-atom, or non-ASCII that RFC 6531 allows in one; doubled and final dots exist in the wild (RFC 7103)."""
    return all(ord(char) > 127 or _ATOM.fullmatch(char) for char in local)


def local_and_domain(address: str) -> tuple[str, str]:
    """Both halves of an address's normal form; ("", "") for what is none."""
    local, _, domain = normal(address).rpartition("@")
    return local, domain


def domain_of(address: str) -> str:
    """The domain of an address in normal form, or ""."""
    return local_and_domain(address)[1]


def is_address(text: str) -> bool:
    """Whether the text is one bare address and nothing else."""
    return "<" not in text and normal(text) != ""


def extension(address: str, aliases: Iterable[str]) -> str | None:
    """What follows the first `+` of one of our addresses, in lower case: "" for the bare alias, None if not ours."""
    local, domain = local_and_domain(address)
    bare = _unquoted(local)
    ours = [local_and_domain(alias) for alias in aliases]
    for name, host in sorted(ours, key=lambda each: len(each[0]), reverse=True):
        if domain and domain == host:
            if bare == name:
                return ""
            if bare.startswith(name + "+"):
                return bare[len(name) + 1 :]
    return None


def _unquoted(local: str) -> str:
    return re.sub(r"\\(.)", r"\1", local[1:-1]) if local.startswith('"') else local


def wanted(recipients: Iterable[str], aliases: Collection[str], handles: Collection[str]) -> Wanted:
    """Where recipients of ours point to (contract, section 3). Recipients that are not ours say nothing.

    Of several tokens the first counts. `+not-a+not-b` is read as both: what somebody asks to be kept from is never
    dropped for its spelling. `unknown` is any extension, or handle after `not-`, that means nothing.
    """
    spelling = {handle.lower(): handle for handle in handles}
    meant: dict[str, dict[str, None]] = {}
    for recipient in recipients:
        ext = extension(recipient, aliases)
        if ext is not None:
            for piece in ext.split("+") if ext else ("",):
                kind, value = _meaning(piece, ext, spelling)
                meant.setdefault(kind, {})[value] = None
    return Wanted(
        token=next(iter(meant.get("token", ())), ""),
        confirm=next(iter(meant.get("confirm", ())), ""),
        bounce=next(iter(meant.get("bounce", ())), ""),
        only=tuple(meant.get("only", ())),
        excluded=frozenset(meant.get("not", ())),
        escrow="escrow" in meant,
        unknown="unknown" in meant,
        spellings=frozenset(meant.get("unknown", ())) - {""},
        alias="alias" in meant,
    )


def _meaning(piece: str, ext: str, spelling: Mapping[str, str]) -> tuple[str, str]:
    """One piece of an extension as (kind, value); reserved words come before handles, handles before tokens."""
    word, dash, rest = piece.partition("-")
    match word if dash else "":
        case "not":
            return ("not", spelling[rest]) if rest in spelling else ("unknown", rest)
        case "confirm" if TOKEN.fullmatch(rest):
            return "confirm", rest
        case "bounce":
            return "bounce", rest or dash
    if piece == "escrow":
        return "escrow", ""
    if piece in spelling:
        return "only", spelling[piece]
    if TOKEN.fullmatch(piece):
        return "token", piece
    return ("unknown", "") if ext else ("alias", "")


def addresses_in(header_value: str) -> tuple[str, ...]:
    """The addresses of a To, Cc or From value as it stands in the header (not yet RFC 2047 decoded), in normal form.

    Display names, comments, groups, routes and quoted strings are understood; what cannot be understood is skipped.
    """
    return tuple(address for _, address in mailboxes_in(header_value))


def mailboxes_in(header_value: str) -> tuple[tuple[str, str], ...]:
    """(display name, address in normal form) of every mailbox in an address list, or of the first 20,000.

    The name is raw, unquoted. Where something is in ISO-2022, what is there as it stands follows: a letter's half that
    looks like a mark of the grammar must hide no address, and neither must a mark that looks like the half of a letter.
    """
    whole = header_value[:HEADER_MAX]
    readings = dict.fromkeys((unshifted(whole), whole))
    return tuple(box for each in readings for box in _Scan(CONTROLS.sub(" ", each)).run())


def sole_mailbox(header_value: str) -> str:
    """The address of a value that is plainly one mailbox, else "".

    Proof asks this: where two readers could disagree about who `From: a@x <b@y>` is, nothing is proven. Of a control
    character nobody knows what it means to another reader.
    """
    if CONTROLS.search(header_value):
        return ""
    scan = _Scan(header_value[:HEADER_MAX])
    found = scan.run()
    return found[0][1] if len(found) == 1 and not scan.odd and len(header_value) <= HEADER_MAX else ""


class _Scan:
    """One pass over an address list (RFC 5322 section 3.4 with the obsolete forms), tolerant of every breakage.

    Each closing bracket is searched for at most once without success, so a line of 100,000 `(` costs no more than one.
    After 20,000 addresses, or what stands in the place of one, it ends. `route` tells whether what stands in `<` begins
    as a source route, once that was asked. `odd` tells that something was not plain: another program may read it
    otherwise.
    """

    __slots__ = ("angle", "comment", "found", "left", "odd", "pos", "route", "text", "unclosed", "value")

    _PIECE = re.compile(r"""[^()<>",;:\\\[]+|.""", re.DOTALL)

    def __init__(self, value: str) -> None:
        self.value, self.pos, self.odd = value, 0, False
        self.text: list[str] = []
        self.angle: list[str] | None = None
        self.route: bool | None = None
        self.comment = ""
        self.found: list[tuple[str, str]] = []
        self.left = MAILBOXES_MAX
        self.unclosed: set[str] = set()

    def run(self) -> list[tuple[str, str]]:
        while self.left > 0 and (match := self._PIECE.match(self.value, self.pos)):
            piece = match.group()
            self.pos = match.end()
            match piece:
                case "(" | '"' | "[":
                    self._enclosed(piece)
                case "<":
                    self._open_angle()
                case ">" if self.angle is not None:
                    self._close()
                case "," | ";" | ":":
                    self._separate(piece)
                case _:
                    self.odd = self.odd or piece in ("\\", ">")
                    self._keep(piece)
        self.odd = self.odd or self.angle is not None or self.pos < len(self.value)
        self._close()
        return self.found

    def _keep(self, piece: str) -> None:
        (self.text if self.angle is None else self.angle).append(piece)

    def _open_angle(self) -> None:
        if self.angle is not None:
            self.odd = True
        else:
            self.odd = self.odd or any("@" in piece for piece in self.text if piece[0] != '"')
            self.angle, self.route = [], None

    def _enclosed(self, opening: str) -> None:
        """A comment, a quoted string or a domain literal, as one piece; a lone opening is an ordinary character."""
        end = -1 if opening in self.unclosed else self._end_of(opening)
        if end < 0:
            self.unclosed.add(opening)
            self.odd = self.odd or opening != "["
            self._keep(opening)
            return
        inside = self.value[self.pos - 1 : end]
        self.pos = end
        if opening == "(":
            self.comment = inside[1:-1]
        else:
            self._keep(inside)

    def _end_of(self, opening: str) -> int:
        if opening == "[":
            return self.value.find("]", self.pos) + 1 or -1
        depth, marks = 1, re.compile(r"[()]|\\." if opening == "(" else r'"|\\.', re.DOTALL)
        for match in marks.finditer(self.value, self.pos):
            mark = match.group()
            depth += {"(": 1, ")": -1, '"': -1}.get(mark, 0)
            if not depth:
                return match.end()
        return -1

    def _separate(self, mark: str) -> None:
        """`,` ends a mailbox; `;` does for Outlook and ends a group; `:` ends a group's name or a source route."""
        if self.route is None:
            self.route = self.angle is not None and "".join(self.angle[:1]).lstrip().startswith("@")
        self.odd = self.odd or self.route or mark != ","
        if mark == ":":
            if self.angle is None:
                self.text.clear()
            else:
                self.angle.clear()
                self.route = None
        elif not self.route:
            self.odd = self.odd or self.angle is not None
            self._close()

    def _close(self) -> None:
        """The mailbox ends here: its address is what stood in <>, else the words of the text that are addresses."""
        text = "".join(self.text).strip()
        if self.angle is not None:
            self._add(text, "".join(self.angle))
        elif text:
            if normal(text):
                self._add(self.comment, text)
            else:
                words = [word for word in text.split() if "@" in word]
                self.odd = self.odd or bool(self.found) or bool(words)
                for word in words[: max(self.left, 0)]:
                    self._add("", word)
        self.text, self.angle, self.comment, self.route = [], None, "", None

    def _add(self, name: str, address: str) -> None:
        known = normal(address)
        self.left -= 1
        if known:
            plain = _QUOTED.sub(r"\1", name) if '"' in name else name
            self.found.append((re.sub(r"\\(.)", r"\1", plain).strip(), known))
        else:
            self.odd = True
