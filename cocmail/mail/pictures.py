"""Pictures: every part of a PNG or a JPEG but the picture itself is understood, or the letter is stopped.

PNG: W3C "Portable Network Graphics (Third Edition)", section 11. JPEG: ITU-T T.81, annex B. Exif: CIPA DC-008. What a
camera writes for itself (maker notes), a small picture of what there was before it was cut, and whatever follows the
picture's end cannot be read for sure. The picture itself is not looked at: words in it are for people to see.
"""

from __future__ import annotations

import re
import zlib
from xml.parsers import expat

from PIL import ExifTags
from PIL.Image import Exif

from cocmail.mail.findings import Findings, Unsure

TEXT_MAX = 1_000_000
XMP_MAX = 1_000_000

_PNG = b"\x89PNG\r\n\x1a\n"
# Nothing but how the picture looks, and when it was last changed.
_PLAIN_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP bKGD pHYs sBIT hIST sPLT tIME acTL fcTL fdAT cICP mDCV cLLI".split()
)
# What programs write of themselves; their words are compared with the case all the same.
_PLAIN_KEYWORDS = frozenset(
    ("software", "creation time", "date:create", "date:modify", "date:timestamp", "png:software")
)

_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
# APP0 is JFIF, APP2 a colour profile, APP14 a colour transform.
_PLAIN_APPS = {0xE0: (b"JFIF\0",), 0xE2: (b"ICC_PROFILE\0",), 0xEE: (b"Adobe",)}
# Longer, it holds a small picture.
_JFIF_PLAIN = 14
_STANDING_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_NO_METADATA = frozenset((*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF))
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_PROGRAMS = re.compile(r"(?:CREATOR: gd-jpeg v[\d.]+ .{0,80}|Lavc[\d.]*|Optimized by JPEGmini .{0,40})", re.DOTALL)

# Exif fields that tell of the picture alone. All others tell who, where or with which device: Artist, Copyright, GPS,
# serial numbers, owner, comments, notes of the camera.
_PLAIN_FIELDS = frozenset(
    "ImageWidth ImageLength BitsPerSample Compression PhotometricInterpretation Orientation SamplesPerPixel"
    " PlanarConfiguration XResolution YResolution ResolutionUnit Software DateTime YCbCrCoefficients YCbCrSubSampling"
    " YCbCrPositioning WhitePoint PrimaryChromaticities ReferenceBlackWhite ExifOffset ExifVersion DateTimeOriginal"
    " DateTimeDigitized ComponentsConfiguration FlashPixVersion ColorSpace ExifImageWidth ExifImageHeight OffsetTime"
    " OffsetTimeOriginal OffsetTimeDigitized SubsecTime SubsecTimeOriginal SubsecTimeDigitized"
    " ExifInteroperabilityOffset InteropIndex InteropVersion SceneCaptureType".split()
)
_TAGS = dict(ExifTags.TAGS) | {1: "InteropIndex", 2: "InteropVersion"}
# XMP properties of programs and of the picture, by local name (Adobe, "XMP Specification", parts 1 and 2).
_PLAIN_PROPERTIES = frozenset(
    "rdf description xmpmeta seq bag alt li xpacket format producer creatortool createdate modifydate"
    " metadatadate documentid instanceid originaldocumentid versionid renditionclass orientation xresolution"
    " yresolution resolutionunit pixelxdimension pixelydimension colorspace exifversion imagewidth imagelength"
    " iccprofile colormode xmptk about parsetype resource lang pdfversion trapped part conformance rating"
    " bitspersample compression photometricinterpretation samplesperpixel planarconfiguration datetimeoriginal"
    " title".split()
)
_SCREENSHOT = "screenshot"
_PLAIN_WORDS = re.compile(rb"[\x20-\x7e]{4,}")
_WIDE_WORDS = re.compile(rb"(?:\x00[\x20-\x7e\xa0-\xff]){3,}")


def look_at_picture(content: bytes, found: Findings) -> None:
    """Raises Unsure for a part that is not understood, or anything at all behind the picture's end."""
    if content.startswith(_PNG):
        _look_at_png(content, found)
    else:
        _look_at_jpeg(content, found)


def _look_at_png(content: bytes, found: Findings) -> None:
    at = len(_PNG)
    while at < len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        data, at = content[at + 8 : at + 8 + length], at + 12 + length
        if len(data) < length or len(kind) < 4:
            raise Unsure("damaged")
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            _look_at_png_text(kind, data, found)
        elif kind == b"eXIf":
            look_at_exif(data, found)
        elif kind not in _PLAIN_CHUNKS:
            raise Unsure("inside")
        elif kind == b"iCCP":
            look_at_profile(_inflated(data[data.find(b"\0") + 2 :]), found)
        if kind == b"IEND":
            _nothing_behind(content[at:])
            return
    raise Unsure("damaged")


def _look_at_png_text(kind: bytes, data: bytes, found: Findings) -> None:
    """Section 11.3.3: a keyword, and text that may be compressed."""
    keyword, _, rest = data.partition(b"\0")
    if kind == b"tEXt":
        text = rest.decode("latin-1")
    elif kind == b"zTXt":
        text = _inflated(rest[1:]).decode("latin-1")
    else:
        packed, (_, _, words) = rest[:1] == b"\1", rest[2:].split(b"\0", 2) if rest[2:].count(b"\0") > 1 else (b"",) * 3
        text = (_inflated(words) if packed else words).decode("utf-8", "replace")
    name = keyword.decode("latin-1")
    if name.casefold() == "xml:com.adobe.xmp":
        look_at_xmp(text.encode("utf-8"), found)
    elif name.casefold() in _PLAIN_KEYWORDS:
        found.say(text)
    else:
        found.say(text)
        found.mark(name, text or name)


def _inflated(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(data, TEXT_MAX)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise Unsure("inside")
    return text


def _look_at_jpeg(content: bytes, found: Findings) -> None:
    at, end = 2, len(content)
    while at < end:
        if content[at] != 0xFF:
            raise Unsure("damaged")
        while at < end and content[at] == 0xFF:
            at += 1
        marker = content[at] if at < end else 0
        at += 1
        if marker == 0xD9:
            _nothing_behind(content[at:])
            return
        if marker in _STANDING_ALONE:
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        data, at = content[at + 2 : at + length], at + length
        if length < 2 or at > end:
            raise Unsure("damaged")
        _look_at_segment(marker, data, found)
        if marker == 0xDA:
            # Behind the head of a scan stand its data, up to the next marker that is none of the scan's own.
            following = _NEXT_MARKER.search(content, at)
            at = following.start() if following else end
    raise Unsure("damaged")


def _look_at_segment(marker: int, data: bytes, found: Findings) -> None:
    if marker == 0xE1 and data.startswith(_EXIF):
        look_at_exif(data[len(_EXIF) :], found)
    elif marker == 0xE1 and data.startswith(_XMP):
        look_at_xmp(data[len(_XMP) :], found)
    elif marker == 0xFE:
        comment = data.decode("utf-8", "replace").strip("\0 \n")
        found.say(comment)
        if not _PROGRAMS.fullmatch(comment):
            found.mark("comment", comment)
    elif marker == 0xE2 and data.startswith(_PLAIN_APPS[0xE2]):
        look_at_profile(data, found)
    elif marker == 0xED:
        found.mark("IPTC", re.sub(rb"[^\x20-\x7e\x80-\xff]+", b" ", data)[:500])
        found.say(data.decode("utf-8", "replace"))
        raise Unsure("inside")
    elif (marker == 0xE0 and len(data) > _JFIF_PLAIN) or (
        marker not in _NO_METADATA and not data.startswith(_PLAIN_APPS.get(marker, (b"\0none",)))
    ):
        raise Unsure("inside")


def _nothing_behind(rest: bytes) -> None:
    if rest.strip(b"\0\r\n "):
        raise Unsure("inside")


def look_at_profile(data: bytes, found: Findings) -> None:
    """The words of a colour profile (ICC.1), which may be called after whose screen it is of."""
    for words in _PLAIN_WORDS.findall(data):
        found.say(words.decode("ascii"))
    for words in _WIDE_WORDS.findall(data):
        found.say(words.decode("utf-16-be"))


def look_at_exif(data: bytes, found: Findings) -> None:
    """A block of Exif, with or without its own head. Every field that is not of the picture alone is a mark."""
    exif = Exif()
    exif.load(data)
    for tag, value in exif.items():
        _look_at_field(tag, value, found)
    for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.Interop):
        for tag, value in exif.get_ifd(ifd).items():
            if tag not in (ExifTags.IFD.Interop, ExifTags.IFD.MakerNote):
                _look_at_field(tag, value, found)
    if exif.get_ifd(ExifTags.IFD.GPSInfo):
        found.mark("GPS position", _place(exif.get_ifd(ExifTags.IFD.GPSInfo)) or "given")
    if 0x927C in exif.get_ifd(ExifTags.IFD.Exif) or exif.get_ifd(ExifTags.IFD.MakerNote):
        found.mark("notes of the camera", "in a form of its own")
    if exif.get_ifd(ExifTags.IFD.IFD1):
        found.mark("a small picture", "of how it looked before, perhaps")


def _place(gps: dict[int, object]) -> str:
    return " ".join(str(value) for tag, value in sorted(gps.items()) if tag in (1, 2, 3, 4))


def _look_at_field(tag: int, value: object, found: Findings) -> None:
    name = _TAGS.get(tag, f"field {tag}")
    if name in ("ExifOffset", "GPSInfo"):
        return
    words = _words_of(value)
    found.say(words)
    if name not in _PLAIN_FIELDS and words.strip().casefold() != _SCREENSHOT:
        found.mark(name, words)


def _words_of(value: object) -> str:
    """Text of an Exif value; comments begin with the name of their encoding in eight bytes, XP fields are UTF-16."""
    if isinstance(value, bytes):
        if value.startswith((b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0", b"\0" * 8)):
            value = value[8:]
        wide = value[1:2] == b"\0" or value[:1] == b"\0"
        return value.decode(
            "utf-16-le" if wide and value[1:2] == b"\0" else "utf-16-be" if wide else "utf-8", "replace"
        )
    return str(value)


def look_at_xmp(data: bytes, found: Findings) -> None:
    """An XMP packet: every property that is not of the file alone is a mark. Raises Unsure for what is no plain XML."""
    if len(data) > XMP_MAX:
        raise Unsure("inside")
    parser = expat.ParserCreate(namespace_separator=" ")
    path: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        path.append(_local(name))
        for key, value in attributes.items():
            _look_at_property([*path, _local(key)], value, found)

    def said(text: str) -> None:
        if text.strip():
            _look_at_property(path, text, found)

    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: path.pop()
    parser.CharacterDataHandler = said
    parser.StartDoctypeDeclHandler = no_doctype
    parser.Parse(data.rstrip(b"\0 \r\n"), True)


def no_doctype(*_: object) -> None:
    """For expat: a document type brings entities, which can stand for anything and grow without end."""
    raise Unsure("inside")


def _local(name: str) -> str:
    return name.rpartition(" ")[2].casefold()


def _look_at_property(path: list[str], value: str, found: Findings) -> None:
    found.say(value)
    telling = [name for name in path if name not in _PLAIN_PROPERTIES]
    if telling and value.strip().casefold() != _SCREENSHOT:
        found.mark(telling[0], value)
