"""What a file would have told: words that nobody sees, who made it and where, and what hides in what is not read."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from email.message import EmailMessage

import pytest
from PIL import Image

from cocmail.core.model import Attachment
from cocmail.mail.lookinto import look
from cocmail.mail.reader import Reader
from files import DOCX, File, archive, docx, exif, jpeg, paragraph, pdf, png, saved_again, text

RDF = 'xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def attached(file: File) -> Attachment:
    return Attachment(file.name, file.kind, len(file.content), file.content)


def xmp(inside: str, head: str = "") -> str:
    described = f'<r:Description {DC} xmlns:e="http://ns.adobe.com/exif/1.0/">{inside}</r:Description>'
    return f"{head}<r:RDF {RDF}>{described}</r:RDF>"


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def with_chunk(kind: bytes, data: bytes) -> File:
    plain = png().content
    return File("a.png", "image/png", plain[:33] + chunk(kind, data) + plain[33:])


def with_segment(marker: int, data: bytes) -> File:
    plain = jpeg().content
    segment = bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data
    return File("a.jpg", "image/jpeg", plain[:2] + segment + plain[2:])


def gif() -> File:
    made = io.BytesIO()
    Image.new("P", (4, 4)).save(made, "GIF")
    return File("a.gif", "image/gif", made.getvalue())


BOMB = docx(more={"word/media.xml": "<a>" + " " * 30_000_000 + "</a>"})
LAUGHS = '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;">]>'

UNSURE: list[tuple[str, File, str]] = [
    ("a PDF with a password", pdf(password="x"), "encrypted"),
    ("a PDF with the page as it was before", saved_again(pdf(words="Robin said so"), "Somebody said so"), "earlier"),
    ("a PDF with what stood on a page before", pdf(left_over="Robin said so"), "earlier"),
    ("a PDF with a note", pdf(note="is this Robin?"), "inside"),
    ("a PDF with a file in it", pdf(attached=b"Robin"), "inside"),
    ("half a PDF", File("a.pdf", "application/pdf", pdf(words="Robin").content[:200]), "inside"),
    ("something behind a PDF", File("a.pdf", "application/pdf", pdf().content + b"PK\x03\x04"), "inside"),
    ("an archive", archive(), "archive"),
    ("a packed file", File("a.gz", "application/gzip", gzip.compress(b"Robin")), "archive"),
    ("half an archive", File("a.docx", DOCX, b"PK\x03\x04\x14\x00"), "damaged"),
    ("a mail", File("a.eml", "message/rfc822", b"Subject: x\r\n\r\nhello"), "message"),
    ("a mail that is called a text", text("a.txt", "Received: from x\nSubject: y\n\nhello"), "message"),
    ("a mailbox", text("a.txt", "From robin Sat Nov 21\nhello"), "message"),
    ("armour", text("a.asc", "-----BEGIN PGP MESSAGE-----\n\nabcd"), "encrypted"),
    ("a text in another encoding", File("a.txt", "text/plain", "Robin".encode("utf-16")), "kind"),
    ("a text in bytes of old", File("a.txt", "text/plain", "Müller".encode("latin-1")), "kind"),
    ("a text that shifts its alphabet", text("a.txt", "\x1b$B$3$s\x1b(B"), "kind"),
    ("rich text", text("a.rtf", "{\\rtf1 {\\info{\\author Robin}} hello}"), "kind"),
    ("a drawing", text("a.svg", '<svg><text x="1">Ro</text></svg>'), "kind"),
    ("a card", text("a.txt", "BEGIN:VCARD\nFN:Robin Vale"), "kind"),
    ("an animation", gif(), "kind"),
    ("nothing known", File("a.bin", "application/octet-stream", b"\x00\x01Robin"), "kind"),
    ("text in a code", text("a.txt", "Um9iaW4" * 60), "encoded"),
    ("a page that loads something", text("a.html", "<p>x</p><img src=//h.example/1>", "text/html"), "inside"),
    ("a page that loads its colours", text("a.html", "<style>@import '//h.example/1';</style><p>x</p>"), "inside"),
    ("a page with a picture in it", text("a.html", '<p style="background:url(data:image/png;base64,xx)">'), "inside"),
    ("a photograph with something behind it", jpeg(behind=b"Robin"), "inside"),
    ("half a photograph", File("a.jpg", "image/jpeg", jpeg().content[:-9]), "damaged"),
    ("press data", with_segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0a\x1c\x02\x50\0\x05Robin"), "inside"),
    ("a segment that nobody knows", with_segment(0xEB, b"JP\0\1 who made it"), "inside"),
    ("a small picture of before", with_segment(0xE0, b"JFXX\0\x10" + b"x" * 40), "inside"),
    ("a chunk that nobody knows", with_chunk(b"prVt", b"Robin"), "inside"),
    ("something behind a picture", File("a.png", "image/png", png().content + b"Robin"), "inside"),
    ("a chunk that grows", with_chunk(b"zTXt", b"Software\0\0" + zlib.compress(b" " * 9_000_000)), "inside"),
    ("properties that grow", png(xmp=xmp("&m;", LAUGHS)), "inside"),
    ("a Word file that grows", BOMB, "inside"),
    ("a Word file with entities", docx(more={"word/x.xml": f"{LAUGHS}<a>&m;</a>"}), "inside"),
    ("a Word file with a program", docx(more={"word/vbaProject.bin": "x"}), "inside"),
    ("a Word file with a chart's table", docx(more={"word/embeddings/a.xlsx": "PK"}), "inside"),
    ("a Word file that is no XML", docx(body="<w:p>"), "damaged"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "problem"), [row[1:] for row in UNSURE], ids=[row[0] for row in UNSURE])
def test_what_cannot_be_read_for_sure_is_said_to_be_so(file: File, problem: str) -> None:
    assert look(attached(file)).problem == problem


COMPANY = {"docProps/app.xml": "<Properties><Company>Acme</Company><Application>Word</Application></Properties>"}
CUSTOM = {"docProps/custom.xml": '<Properties><property name="Client"><lpwstr>Robin</lpwstr></property></Properties>'}
COMMENTS = {"word/comments.xml": '<comments><comment author="Amara" initials="AO"><t>hm</t></comment></comments>'}

MARKED: list[tuple[str, File, str, str]] = [
    ("PDF: author", pdf(Author="R"), "Author", "R"),
    ("PDF: keywords", pdf(Keywords="case 7"), "Keywords", "case 7"),
    ("PDF: a field of a program's own", pdf(SourceModified="x", Company="Acme"), "Company", "Acme"),
    ("PDF: XMP", pdf(xmp=xmp("<dc:creator>R</dc:creator>")), "creator", "R"),
    ("PDF: a photograph in it", pdf(picture=jpeg(Artist="R").content), "Artist", "R"),
    ("JPEG: artist", jpeg(Artist="R"), "Artist", "R"),
    ("JPEG: copyright", jpeg(Copyright="R"), "Copyright", "R"),
    ("JPEG: the camera", jpeg(Make="Acme", Model="One"), "Model", "One"),
    ("JPEG: Windows' author", jpeg(XPAuthor="R".encode("utf-16-le")), "XPAuthor", "R"),
    ("JPEG: a description", jpeg(ImageDescription="R at the desk"), "ImageDescription", "R at the desk"),
    ("JPEG: the place", jpeg(place=True), "GPS position", "N"),
    ("JPEG: a comment", with_segment(0xFE, b"taken by R"), "comment", "taken by R"),
    ("JPEG: XMP", with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp("<dc:rights>R</dc:rights>").encode()),
     "rights", "R"),
    ("JPEG: press data", with_segment(0xED, b"Photoshop 3.0\x008BIM Robin"), "IPTC", "Robin"),
    ("PNG: author", png(Author="R"), "Author", "R"),
    ("PNG: a comment, packed", png(Comment="R" * 50), "Comment", "R" * 50),
    ("PNG: Exif", with_chunk(b"eXIf", exif(Artist="R")), "Artist", "R"),
    ("PNG: XMP in an attribute", png(xmp=f'<r:RDF {RDF}><r:Description {DC} dc:creator="R"/></r:RDF>'), "creator", "R"),
    ("Word: creator", docx(creator="R"), "creator", "R"),
    ("Word: who saved it last", docx(lastModifiedBy="R"), "lastmodifiedby", "R"),
    ("Word: company", docx(more=COMPANY), "company", "Acme"),
    ("Word: properties of one's own", docx(more=CUSTOM), "property", "Robin"),
    ("Word: comments", docx(more=COMMENTS), "comment by", "Amara"),
    ("Word: a photograph in it", docx(more={"word/media/1.jpeg": jpeg(Artist="R").content}), "Artist", "R"),
    ("HTML: author", text("a.html", '<meta name="author" content="R"><p>x</p>'), "author", "R"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "field", "words"), [row[1:] for row in MARKED], ids=[row[0] for row in MARKED])
def test_what_programs_write_of_people_and_places_is_found(file: File, field: str, words: str) -> None:
    found = look(attached(file)).marks
    assert any(name == field and words in said for name, said in found), found


SCREENSHOT = xmp("<e:UserComment>Screenshot</e:UserComment><e:PixelXDimension>40</e:PixelXDimension>")

TWO_COLOURS = "<w:p><w:r><w:rPr><w:color/></w:rPr><w:t>Ro</w:t></w:r><w:r><w:t>bin</w:t></w:r></w:p>"

PLAIN: list[tuple[str, File, str]] = [
    ("a text", text("a.txt", "Be kind."), "Be kind."),
    ("a table", text("a.csv", "day,room\nFriday,2\n", "text/csv"), "Friday"),
    ("a page", text("a.html", "<html><body><p>Be <b>k</b>ind.</p></body></html>", "text/html"), "Be kind."),
    ("a hidden remark in a page", text("a.html", "<p>x</p><!-- Robin -->", "text/html"), "Robin"),
    ("a PDF", pdf(words="Be kind.", Producer="LibreOffice 24.2", Creator="Writer"), "Be kind."),
    ("the title of a PDF", pdf(Title="letter_robin.docx"), "letter_robin.docx"),
    ("a picture of the screen", png(Software="gnome-screenshot", xmp=SCREENSHOT), "gnome-screenshot"),
    ("a picture that an editor saved", jpeg(Orientation=1, Software="GIMP", DateTime="2026:11:21 10:00:00"), "GIMP"),
    ("a picture of the web", with_segment(0xFE, b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62)\n"), "gd-jpeg"),
    ("whose screen it was", with_chunk(b"iCCP", b"x\0\0" + zlib.compress("Robin's screen".encode("utf-16-be"))),
     "Robin's screen"),
    ("a word that Word has in two colours", docx(body=TWO_COLOURS), "Robin"),
    ("text with codes for its letters", text("a.md", "R&#111;bin"), "Robin"),
    ("a Word file", docx(body=paragraph("Be ki", "nd."), creator="", lastModifiedBy=""), "Be kind."),
    ("a Word file without properties", docx(body=paragraph("Be kind.")), "Be kind."),
    ("what a picture is called in Word", docx(body='<w:docPr descr="Robin at the desk"/>'), "Robin at the desk"),
    ("deleted text in Word", docx(body="<w:p><w:r><w:delText>Robin</w:delText></w:r></w:p>"), "Robin"),
    ("where a link in Word leads", docx(more={"word/_rels/a.rels": '<R Target="file:///C:/robin/a.dotx"/>'}), "robin"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "words"), [row[1:] for row in PLAIN], ids=[row[0] for row in PLAIN])
def test_a_file_that_tells_of_nobody_may_go_and_every_word_of_it_is_read(file: File, words: str) -> None:
    found = look(attached(file))
    assert (found.problem, found.marks) == ("", ())
    assert words in found.text


def test_what_a_mail_program_adds_is_no_file_of_a_letter() -> None:
    logo = Attachment("logo.png", "image/png", 0, png(Author="Acme").content, role="layout")
    assert (look(logo).role, look(logo).marks) == ("layout", ())


async def test_the_child_finds_the_same_and_tells_files_from_what_a_mail_program_adds() -> None:
    mail = EmailMessage()
    mail["From"] = "amara@example.net"
    mail.set_content("See below.")
    mail.add_alternative("<p>See below. <img src='cid:logo'></p>", subtype="html")
    mail.get_payload(1).add_related(png(Author="Acme").content, "image", "png", cid="<logo>")  # type: ignore[union-attr]
    for file in (jpeg(Artist="R"), pdf(words="Robin"), BOMB, text("a.txt", "Robin")):
        main, _, sub = file.kind.partition("/")
        mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    mail.add_attachment(b"x", maintype="application", subtype="pgp-signature", filename="signature.asc")
    reader = Reader()
    found = await reader.look_into(mail.as_bytes())
    assert found is not None
    assert [(each.name, each.role, each.problem, bool(each.marks)) for each in found if each.role != "body"] == [
        ("attachment-1.png", "layout", "", False),
        ("stage.jpg", "", "", True),
        ("rules.pdf", "", "", False),
        ("rules.docx", "", "inside", False),
        ("a.txt", "", "", False),
        ("signature.asc", "signature", "", False),
    ]
    await reader.close()


async def test_a_file_that_takes_too_long_costs_the_file_and_not_the_reader() -> None:
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        for number in range(20):
            package.writestr(f"word/{number}.xml", "<a>" + "<b/>" * 700_000 + "</a>")
    mail = EmailMessage()
    mail["From"] = "amara@example.net"
    mail.set_content("See below.")
    mail.add_attachment(many.getvalue(), maintype="application", subtype="octet-stream", filename="a.docx")
    reader = Reader(seconds=0.4)
    assert await reader.look_into(mail.as_bytes()) is None
    assert (await reader.read(b"From: a@b.example\r\n\r\nhello\r\n")).text == "hello"
    await reader.close()
