"""PDF (ISO 32000-2): its text, its document information and XMP, and every text string of every object in it.

The rule: all objects are gone through, whether or not a page shows them, because what was taken off a page may stand in
the file still. Encrypted files, files with earlier versions in them, attached files, forms, notes, scripts and
programs' private data stop the letter. Pictures in it are looked at like any other.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    ContentStream,
    DictionaryObject,
    IndirectObject,
    StreamObject,
    TextStringObject,
)

from cocmail.mail.findings import Findings, Unsure
from cocmail.mail.pictures import look_at_picture, look_at_xmp

PAGES_MAX = 200
OBJECTS_MAX = 50_000
STREAM_MAX = 30_000_000
BYTES_MAX = 2_000

# Of the document information; the rest of it tells who, or is made up by a program.
_PLAIN_FIELDS = frozenset(
    ("/Producer", "/Creator", "/CreationDate", "/ModDate", "/Trapped", "/Title", "/PTEX.Fullbanner")
)
# Keys under which something stands that a reader does not show, or not to everybody.
_CLOSED = {
    "/EmbeddedFiles": "inside", "/EmbeddedFile": "inside", "/JavaScript": "inside", "/JS": "inside", "/XFA": "inside",
    "/PieceInfo": "inside", "/RichMedia": "inside", "/Launch": "inside", "/AcroForm": "inside", "/Collection": "inside",
}  # fmt: skip
_LINKS = frozenset(("/Link", None))
_END = re.compile(rb"%%EOF")
# The operators that put text on a page (ISO 32000-2, 9.4.3).
_SHOWS_TEXT = re.compile(rb"[)>\]]\s{0,9}(?:T[jJ]|['\"])")


def look_at_pdf(content: bytes, found: Findings) -> None:
    """Raises Unsure where something cannot be read, or what pypdf raises on a broken file."""
    ends = len(_END.findall(content))
    if ends > 1 + (b"/Linearized" in content[:2_000]):
        raise Unsure("earlier")
    if content[content.rfind(b"%%EOF") + 5 :].strip(b"\r\n\0 "):
        raise Unsure("inside")
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise Unsure("encrypted")
    _look_at_information(reader, found)
    _look_at_pages(reader, found)
    used: set[int] = set()
    loose: dict[int, Any] = {}
    for number, each in _objects(reader):
        used |= _look_at_object(each, found)
        loose[number] = each
    is_linear = b"/Linearized" in content[:2_000]
    for number in loose.keys() - used - {0}:
        if _is_left_over(loose[number], is_linear=is_linear):
            raise Unsure("earlier")


def _look_at_information(reader: PdfReader, found: Findings) -> None:
    information = reader.trailer.get("/Info")
    information = information.get_object() if information is not None else None
    if not isinstance(information, DictionaryObject):
        return
    for name, value in information.items():
        words = str(value.get_object())
        found.say(words)
        if name not in _PLAIN_FIELDS:
            found.mark(name.lstrip("/"), words)


def _look_at_pages(reader: PdfReader, found: Findings) -> None:
    if len(reader.pages) > PAGES_MAX:
        raise Unsure("inside")
    for page in reader.pages:
        text = page.extract_text()
        found.say(text)
        if "-\n" in text:
            found.say(text.replace("-\n", ""))


def _is_left_over(each: Any, *, is_linear: bool) -> bool:
    """Whether what nothing refers to can have been shown once: a page that was taken out, or what stood on it."""
    if isinstance(each, StreamObject):
        # A linearized file has hints that only its beginning points at (ISO 32000-2, annex F).
        hidden = each.get("/Type") not in ("/XRef", "/ObjStm") and not is_linear
        return hidden and _SHOWS_TEXT.search(_unpacked(each)) is not None
    return isinstance(each, DictionaryObject) and each.get("/Type") in ("/Page", "/Pages", "/Annot")


def _objects(reader: PdfReader) -> Iterator[tuple[int, Any]]:
    """Every object that the file has, with its number; the trailer as number 0."""
    numbers = {number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)
    if len(numbers) > OBJECTS_MAX:
        raise Unsure("inside")
    yield 0, reader.trailer
    for number in sorted(numbers):
        if number:
            generation = next((gen for gen, table in reader.xref.items() if number in table), 0)
            yield number, reader.get_object(IndirectObject(number, generation, reader))


def _look_at_object(top: Any, found: Findings) -> set[int]:
    """An object with whatever stands within it; gives the numbers of what it refers to, which comes by itself."""
    stack, used = [top], set[int]()
    while stack:
        each = stack.pop()
        if isinstance(each, IndirectObject):
            used.add(each.idnum)
        elif isinstance(each, TextStringObject):
            found.say(str(each))
        elif isinstance(each, ByteStringObject):
            found.say(each[:BYTES_MAX].decode("latin-1"))
        elif isinstance(each, ArrayObject):
            stack.extend(each)
        elif isinstance(each, DictionaryObject):
            _look_at_dictionary(each, found)
            stack.extend(each.values())
    return used


def _look_at_dictionary(each: DictionaryObject, found: Findings) -> None:
    for key, problem in _CLOSED.items():
        if _is_filled(each.get(key)) or each.get("/Type") == key or each.get("/S") == key:
            raise Unsure(problem)
    if each.get("/Author"):
        # Of a drawing that was put into this one, too.
        found.mark("Author", each["/Author"])
    described = each.get("/Metadata")
    if described is not None and isinstance(stream := described.get_object(), StreamObject):
        look_at_xmp(_unpacked(stream), found)
    is_note = each.get("/Type") == "/Annot" or ("/Rect" in each and "/Subtype" in each)
    if is_note and each.get("/Subtype") not in _LINKS:
        found.mark("a note", each.get("/T", "") or each.get("/Contents", "") or each["/Subtype"])
        raise Unsure("inside")
    if isinstance(each, StreamObject) and not isinstance(each, ContentStream):
        _look_at_stream(each, found)


def _is_filled(value: Any) -> bool:
    value = value.get_object() if value is not None else None
    return value is not None and not (isinstance(value, (ArrayObject, DictionaryObject)) and not value)


def _look_at_stream(stream: StreamObject, found: Findings) -> None:
    filters = stream.get("/Filter")
    filters = filters.get_object() if filters is not None else []
    filters = [str(each) for each in (filters if isinstance(filters, ArrayObject) else [filters])]
    if "/DCTDecode" in filters:
        if filters != ["/DCTDecode"]:
            raise Unsure("inside")
        look_at_picture(stream._data, found)
    elif "/JPXDecode" in filters:
        raise Unsure("inside")


def _unpacked(stream: StreamObject) -> bytes:
    data = stream.get_data()
    if len(data) > STREAM_MAX:
        raise Unsure("inside")
    return data
