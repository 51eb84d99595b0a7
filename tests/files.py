"""Files as people attach them, made here: pictures, PDFs, Word files, with what programs write into them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import ExifTags, Image
from PIL.Image import Exif
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

_NUMBERS = {name: number for number, name in ExifTags.TAGS.items()}


@dataclass(frozen=True)
class File:
    """A file with its name and the type under which a mail program sends it."""

    name: str
    kind: str
    content: bytes


def text(name: str, words: str, kind: str = "text/plain") -> File:
    return File(name, kind, words.encode("utf-8"))


def exif(*, place: bool = False, **fields: str | bytes | int) -> bytes:
    """A block of Exif with these fields; `place`: where it was taken."""
    made = Exif()
    for field, value in fields.items():
        made[_NUMBERS[field]] = value
    if place:
        made[ExifTags.IFD.GPSInfo] = {1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)}
    return made.tobytes()


def jpeg(name: str = "stage.jpg", *, place: bool = False, behind: bytes = b"", **fields: str | bytes | int) -> File:
    """A photograph with these fields of Exif."""
    made = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(made, "JPEG", exif=exif(place=place, **fields))
    return File(name, "image/jpeg", made.getvalue() + behind)


def png(name: str = "screen.png", xmp: str = "", **said: str) -> File:
    """A picture of a screen; `said` are its text chunks."""
    info = PngInfo()
    for keyword, words in said.items():
        info.add_text(keyword, words, zip=len(words) > 40)
    if xmp:
        info.add_itxt("XML:com.adobe.xmp", xmp)
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(made, "PNG", pnginfo=info)
    return File(name, "image/png", made.getvalue())


def pdf(
    name: str = "rules.pdf",
    words: str = "",
    *,
    password: str = "",
    note: str = "",
    attached: bytes = b"",
    picture: bytes = b"",
    xmp: str = "",
    left_over: str = "",
    **information: str,
) -> File:
    """One page with these words on it."""
    writer = PdfWriter()
    page = writer.add_blank_page(300, 200)
    lines = " ".join(f"({line}) Tj 0 -14 Td" for line in words.split("\n"))
    _put(writer, page, f"BT /F1 12 Tf 20 160 Td {lines} ET")
    if information:
        writer.add_metadata({f"/{field}": value for field, value in information.items()})
    if note:
        writer.add_annotation(0, FreeText(text=note, rect=(10, 10, 90, 40)))
    if attached:
        writer.add_attachment("more.txt", attached)
    if picture:
        stream = DecodedStreamObject()
        stream.set_data(picture)
        stream.update({NameObject(key): NameObject(value) for key, value in _JPEG.items()})
        page[NameObject("/Thumb")] = writer._add_object(stream)
    if left_over:
        stream = DecodedStreamObject()
        stream.set_data(f"BT ({left_over}) Tj ET".encode("latin-1"))
        writer._add_object(stream)
    if xmp:
        writer.xmp_metadata = xmp.encode()
    if password:
        writer.encrypt(password, algorithm="AES-256")
    made = io.BytesIO()
    writer.write(made)
    return File(name, "application/pdf", made.getvalue())


_JPEG = {"/Type": "/XObject", "/Subtype": "/Image", "/Filter": "/DCTDecode", "/ColorSpace": "/DeviceRGB"}


def _put(writer: PdfWriter, page: DictionaryObject, drawing: str) -> None:
    names = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    font = DictionaryObject({NameObject(key): NameObject(value) for key, value in names.items()})
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    stream.set_data(drawing.encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(stream)


def saved_again(before: File, words: str) -> File:
    """The same PDF with other words, as programs save it that leave the earlier page in the file."""
    writer = PdfWriter(PdfReader(io.BytesIO(before.content)), incremental=True)
    _put(writer, writer.pages[0], f"BT /F1 12 Tf 20 160 Td ({words}) Tj ET")
    made = io.BytesIO()
    writer.write(made)
    return File(before.name, before.kind, made.getvalue())


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def docx(
    name: str = "rules.docx", body: str = "", *, more: Mapping[str, str | bytes] | None = None, **core: str
) -> File:
    """A Word file; `body` is WordprocessingML, `core` its properties, `more` other parts of the package."""
    properties = "".join(f"<{field}>{value}</{field}>" for field, value in core.items())
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
        "docProps/core.xml": f'<coreProperties xmlns="{_CORE}">{properties}</coreProperties>',
        **(more or {}),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in parts.items():
            package.writestr(part, content)
    return File(name, DOCX, made.getvalue())


def paragraph(*runs: str) -> str:
    """A paragraph of Word, in runs as Word cuts them."""
    return "<w:p>" + "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"


def archive(name: str = "all.zip") -> File:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("a.txt", "hello")
    return File(name, "application/zip", made.getvalue())
