"""Word, Excel and PowerPoint files (ECMA-376, Office Open XML): every part of the package, and its properties.

The rule: texts, names and properties are read out of every XML part; a part that is neither XML nor a picture stops the
letter, and so do names of authors, in the properties, in comments and in tracked changes. Sizes are what the package
says, and what comes out is counted: nothing is unpacked beyond them.
"""

from __future__ import annotations

import io
import zipfile
from xml.parsers import expat

from cocmail.mail.findings import Findings, Unsure
from cocmail.mail.pictures import look_at_picture, no_doctype

PARTS_MAX = 2_000
PART_MAX = 20_000_000
WHOLE_MAX = 60_000_000

_CONTENTS = "[Content_Types].xml"
# docProps/core.xml and app.xml: what tells of the program and of sizes alone.
_PLAIN_PROPERTIES = frozenset(
    "coreproperties properties created modified revision title template totaltime pages words characters application"
    " docsecurity lines paragraphs scalecrop linksuptodate characterswithspaces shareddoc hyperlinkschanged appversion"
    " slides notes hiddenslides mmclips presentationformat headingpairs titlesofparts vector variant lpstr i4 language"
    " version digsig hyperlinkbase".split()
)
# Where one piece of text ends; within, the letters of one word may stand in several elements.
_BLOCKS = frozenset("p si is c v row tr tc br cr tab comment definedname text".split())
_NAMES = frozenset("author initials lastmodifiedby displayname username userid originalauthor".split())
_TELLING = _NAMES | frozenset("descr title name target tooltip alttext val path providerid tag alias".split())
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def look_at_office(content: bytes, found: Findings) -> None:
    """Raises Unsure for another kind of archive, and for every part that cannot be read."""
    package = zipfile.ZipFile(io.BytesIO(content))
    parts = package.infolist()
    names = [part.filename for part in parts]
    if _CONTENTS not in names:
        raise Unsure("archive")
    if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > WHOLE_MAX or len(set(names)) < len(names):
        raise Unsure("inside")
    if package.comment or not _is_nothing_else(content, parts):
        raise Unsure("inside")
    for part in parts:
        if part.flag_bits & 1:
            raise Unsure("encrypted")
        if not part.is_dir():
            found.say(part.filename)
            _look_at_part(part.filename, _read(package, part), found)


def _is_nothing_else(content: bytes, parts: list[zipfile.ZipInfo]) -> bool:
    """Whether the file begins with its first part: in front of an archive anything may stand."""
    return min((part.header_offset for part in parts), default=1) == 0 and content.startswith(b"PK\x03\x04")


def _read(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    if part.file_size > PART_MAX:
        raise Unsure("inside")
    with package.open(part) as file:
        data = file.read(PART_MAX + 1)
    if len(data) > PART_MAX:
        raise Unsure("inside")
    return data


def _look_at_part(name: str, data: bytes, found: Findings) -> None:
    lowered = name.casefold()
    if data.startswith(_PICTURES):
        if "thumbnail" in lowered:
            raise Unsure("inside")
        look_at_picture(data, found)
    elif not lowered.endswith((".xml", ".rels", ".vml")):
        raise Unsure("inside")
    else:
        if "comment" in lowered:
            found.mark("comments", name)
        _Part(found, lowered).read(data)


class _Part:
    """Reads one XML part, in one pass."""

    def __init__(self, found: Findings, name: str) -> None:
        self._found, self._is_properties = found, name.startswith("docprops/")
        self._is_text = name.startswith(("word/", "xl/", "ppt/"))
        self._path: list[str] = []
        self._words: list[str] = []

    def read(self, data: bytes) -> None:
        """Raises Unsure or expat's error for what is no plain XML."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._said
        parser.StartDoctypeDeclHandler = no_doctype
        parser.CommentHandler = self._found.say
        parser.Parse(data, True)
        self._found.say("".join(self._words))

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(_local(name))
        for key, value in attributes.items():
            key = _local(key)
            if key in _TELLING:
                self._found.say(value)
            if key in _NAMES:
                self._found.mark(f"{self._path[-1]} by", value or "somebody")

    def _end(self, _name: str) -> None:
        if self._path.pop() in _BLOCKS or not self._is_text:
            self._words.append("\n")

    def _said(self, text: str) -> None:
        self._words.append(text)
        if not text.strip():
            return
        if self._is_properties and not _PLAIN_PROPERTIES.issuperset(self._path):
            self._found.mark(next(each for each in self._path if each not in _PLAIN_PROPERTIES), text)
        elif self._path[-1] in _NAMES:
            self._found.mark(self._path[-1], text)


def _local(name: str) -> str:
    return name.rpartition(" ")[2].casefold()
