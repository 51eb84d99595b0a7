"""Which charset bytes are written in: the one that is told, the one that they show, and those that they may be in.

The rule: what another mail program shows right is found by the screening, even where the charset is wrong, not told or
unknown here. Never raises, linear time. It must not know of parts or of messages.
"""

from __future__ import annotations

import codecs
import re
import string

from cocmail.core.comments import without_comments

READINGS_MAX = 100_000
LOOKED_AT = 1_000_000

# No charsets of mail: slow (punycode), or a way to write characters that are not there.
_REFUSED = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
# Two or four bytes a letter.
_WIDE = ("utf-16", "utf-32")
# What writes the label on the left in practice means the one on the right (WHATWG Encoding Standard, section 4.2).
_WIDER = {
    "iso8859-1": "cp1252", "ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949",
    "shift_jis": "cp932", "iso2022_jp": "iso2022_jp_ext", "tis-620": "cp874", "iso8859-11": "cp874",
    "iso8859-9": "cp1254", "big5": "big5hkscs",
}  # fmt: skip
# Labels of the same standard, and what mail programs write besides, that Python does not know.
_LABELS = {
    label: codec
    for codec, labels in {
        "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 x-utf-8 utf8mb4",
        "utf-7": "unicode-1-1-utf-7 unicode-2-0-utf-7 x-unicode-1-1-utf-7 x-unicode-2-0-utf-7 csunicode11utf7 x-utf-7",
        "utf-16": "unicode ucs-2 csunicode iso-10646-ucs-2 unicodefeff",
        "utf-16-be": "unicodefffe",
        "utf-32": "ucs-4 iso-10646-ucs-4",
        "cp932": "windows-31j cswindows31j x-sjis x-ms-cp932 x-shift-jis",
        "euc_jp": "x-euc-jp x-euc cseucpkdfmtjapanese",
        "iso2022_jp_ext": "cp50220 cp50221 cp50222 x-cp50220 x-cp50221 x-cp50222 x-cp50227 jis x-jis x-iso-2022-jp",
        "gb18030": "x-gbk x-gb18030 gb_2312-80 csgb231280 iso-ir-58 x-euc-cn x-gb2312",
        "hz": "hz-gb2312 x-hz",
        "big5hkscs": "x-x-big5 cn-big5 x-big5 csbig5",
        "cp949": "x-windows-949 ksc_5601 ks_c_5601-1987 ks_c_5601-1989 korean x-euc-kr csksc56011987",
        "iso8859-6": "iso-8859-6-e iso-8859-6-i csiso88596e csiso88596i",
        "iso8859-8": "iso-8859-8-e iso-8859-8-i csiso88598e csiso88598i logical visual",
        "cp1252": "x-ansi ansi iso-8859-1-windows-3.1-latin-1 iso88591",
        "koi8-r": "koi koi8 koi8_r",
        "koi8-u": "koi8-ru",
        "mac-roman": "x-mac-roman x-macintosh",
        "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
        "mac-latin2": "x-mac-ce x-mac-centraleurroman",
        "mac-greek": "x-mac-greek",
        "mac-turkish": "x-mac-turkish",
    }.items()
    for label in labels.split()
}
_NUMBERED = re.compile(r"(?:x-)?(?:windows|win|cp|ibm|dos|ms)[-_]?([0-9]{3,4})")
# Their bytes can be those of ASCII, and mean something else.
_SEVEN_BIT = frozenset(("utf-7", "hz", "iso2022_kr", "iso2022_jp_ext", "iso2022_jp_1", "iso2022_jp_2"))
# What text without a label is written in, where it is not UTF-8 (WHATWG HTML, section 13.2.3.2, "locale").
_GUESSED = (
    "cp1252",
    "cp1251",
    "koi8-r",
    "cp1250",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp932",
    "gb18030",
    "cp949",
    "big5hkscs",
)
# Charsets that exist and that nothing here reads.
_UNREAD = re.compile(
    r"(?:x-|cs)?(?:viet-?)?(?:iso-?2022|viscii|tcvn|vps|iscii|scsu|bocu|ebcdic|armscii|geostd)", re.IGNORECASE
)

_LETTERS = string.ascii_letters.encode()
# No text of one byte a letter holds these; in UTF-16 and UTF-32 they are half of every space and line end.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FOREIGN = re.compile(rb"[\x80-\xff]")
_SHIFTED = re.compile(rb"\x1b[$(]")
_MARK = re.compile(rb"[\x80-\xff\x1b\x0e+]|~\{")
_TOLD = re.compile(r"\bcharset\s{0,5}=\s{0,5}[\"']?([^\s\"';,()]{1,80})", re.IGNORECASE)
_META = re.compile(rb"<meta\b[^<>]{0,500}?\bcharset\s{0,5}=\s{0,5}[\"']?([^\s\"'/<>;]{1,80})", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_SPACE = re.compile(r"<[^<>]{0,2000}>|&nbsp;|&#160;")
# A line that says more than ASCII, and those beside it: a name may go over the end of a line.
_TELLING = re.compile(r"(?m)^(?:.*\n)?.*[^\x00-\x7f\ufffd].*(?:\n.*)?")


def codec_of(charset: str) -> str:
    """Python's name of a charset that may be used, or ""."""
    name = _named(charset)
    refused = name.replace("_", "-") in _REFUSED or _is_ebcdic(name)
    return "" if refused else _WIDER.get(name, name)


def _named(charset: str) -> str:
    """Python's name of a charset, or ""."""
    label = without_comments(charset[:200], endless=True).strip().strip("\"'").strip().partition("*")[0].lower()
    if not label or len(label) > 80 or not label.isascii() or "\0" in label:
        return ""
    numbered = _NUMBERED.fullmatch(label)
    try:
        name = codecs.lookup(f"cp{numbered[1]}" if numbered else _LABELS.get(label, label)).name
        b"    ".decode(name, "ignore")
    except (LookupError, ValueError, UnicodeError, Warning, AssertionError):
        return ""
    return name


def _is_ebcdic(codec: str) -> bool:
    """Whether an A is no A in that charset: no mail is written in it, but ASCII with a wrong label is."""
    return codec != "" and not codec.startswith(_WIDE) and loosely(_LETTERS, codec) != string.ascii_letters


def unread(charset: str, data: bytes) -> bool:
    """Whether a charset is told that exists, is not known here, and makes the bytes something else than ASCII."""
    told = charset.strip("\"' ")
    exists = _UNREAD.match(told) is not None or _is_ebcdic(_named(told))
    return exists and not codec_of(told) and _MARK.search(data) is not None


def charset_in(data: bytes, told: str, field: str, *, is_html: bool) -> str:
    """The charset that a Content-Type tells; where that says nothing, what the HTML says (WHATWG HTML 13.2.3.2).

    `told` is its parameter, `field` all of it: the semicolon before the parameter may be missing.
    """
    if not told and (loose := _TOLD.search(field)):
        told = loose[1]
    codec = codec_of(told)
    silent = not codec or (codec == "utf-8" and "8" not in told and _FOREIGN.search(data))
    return (_in_markup(data) or told) if is_html and silent else told


def _in_markup(data: bytes) -> str:
    found = _META.search(data, 0, 8_000)
    codec = codec_of(found[1].decode("latin-1")) if found else ""
    # Who could read this as ASCII does not read UTF-16.
    return "utf-8" if codec.startswith("utf-16") else codec


def decoded(data: bytes, charset: str) -> str:
    """The text that the bytes most likely are. Lone surrogates are possible."""
    codec = codec_of(charset)
    if codec in ("", "utf-8") and _SHIFTED.search(data) and not _FOREIGN.search(data):
        codec = "iso2022_jp_ext"
    if codec.startswith(_WIDE) and not _CONTROL.search(data) and strictly(data, "utf-8") is not None:
        # A gateway wrote it anew and left the label, or a program guessed.
        codec = "utf-8"
    if codec == "utf-16":
        codec = _order(data)
    if codec and (text := strictly(data, codec)) is not None:
        return text
    if codec in _SEVEN_BIT and not _FOREIGN.search(data):
        return loosely(data, codec)
    if (text := strictly(data, "utf-8")) is not None and not codec.startswith(_WIDE):
        return text
    if codec in ("", "utf-8") and (marked := _by_mark(data)):
        return loosely(data, marked)
    if mostly_utf8(data) and not codec.startswith(_WIDE):
        return loosely(data, "utf-8")
    if codec and codec not in ("utf-8", "cp1252"):
        return loosely(data, codec)
    text = strictly(data, "cp1252")
    return data.decode("latin-1") if text is None else text


def other_readings(data: bytes, charset: str = "", field: str = "", *, is_html: bool = False) -> str:
    """What the bytes may be meant as besides, for the screening: "" where the charset is told once and right.

    Of the first 100,000 bytes from where it matters. `field` is the whole Content-Type: who tells two charsets may mean
    either.
    """
    codec = codec_of(charset)
    told = {codec, *(codec_of(each) for each in _TOLD.findall(field)[:5])}
    fits = codec != "" and strictly(data, codec) is not None
    if is_html and not (fits and codec == "utf-8"):
        told.add(_in_markup(data))
    guesses = _guesses(data, codec, fits=fits, unknown=bool(charset) and not codec)
    candidates = dict.fromkeys([*sorted(told - {codec, ""}), *guesses])
    first = _MARK.search(data)
    at = first.start() if first else 0
    at = max(data.rfind(b"\n", 0, at) + 1, at - 1_000)
    found: dict[str, None] = {}
    told_wide = codec.startswith(_WIDE)
    for each in candidates:
        # All of it is another text, not only the letters beyond ASCII.
        whole = each.startswith(_WIDE) or (told_wide and each == "utf-8")
        text = _start_of(data, 0 if whole or told_wide else at, each, strict=each in _GUESSED and each not in told)
        for reading in (_TAG.sub("", text), _SPACE.sub(" ", text)) if is_html else (text,):
            found[reading if whole or each in _SEVEN_BIT else "\n".join(_TELLING.findall(reading))] = None
    return "\n\n".join(filter(None, found))


def _guesses(data: bytes, codec: str, *, fits: bool, unknown: bool) -> list[str]:
    """What bytes may be written in that are told to be in `codec`, and are (`fits`) or are not."""
    foreign = _FOREIGN.search(data) is not None
    shifted = ["iso2022_jp_ext"] if _SHIFTED.search(data) else []
    if codec.startswith(_WIDE):
        marked = _by_mark(data)
        rest = [marked] if marked else ["utf-8", *shifted, *(_GUESSED if foreign else ())]
        return [*(("utf-16-le", "utf-16-be") if codec == "utf-16" else (codec,)), *rest]
    if fits:
        return shifted if codec == "utf-8" else ["utf-8"] if mostly_utf8(data) else []
    found = [_by_mark(data), *shifted] if _by_mark(data) else shifted
    if unknown and _MARK.search(data):
        found.extend(("utf-7", "hz", "iso2022_kr"))
    if not foreign or (not codec and strictly(data, "utf-8") is not None):
        return found
    likely = codec == "utf-8" and mostly_utf8(data)
    return [*found, codec or "utf-8", "utf-8", *(("cp1252",) if likely else _GUESSED)]


def _start_of(data: bytes, at: int, codec: str, *, strict: bool) -> str:
    """The first bytes in a charset: where they are not in it, "", or with U+FFFD for each fault."""
    start = data[at : at + READINGS_MAX]
    if not strict:
        return loosely(start, codec)
    try:
        return codecs.getincrementaldecoder(codec)().decode(start, len(start) == len(data) - at)
    except (UnicodeError, LookupError, ValueError, Warning):
        return ""


def strictly(data: bytes, codec: str) -> str | None:
    """The text, or None where the bytes are not in that charset."""
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError, Warning):
        return None


def loosely(data: bytes, codec: str) -> str:
    """The text with U+FFFD for each fault."""
    try:
        return data.decode(codec, "cocmail.jis" if codec == "iso2022_jp_ext" else "replace")
    except (UnicodeError, LookupError, ValueError, Warning):
        return data.decode("latin-1")


def mostly_utf8(data: bytes) -> bool:
    """Whether more of the first million bytes beyond ASCII are valid UTF-8 than are not."""
    first = _FOREIGN.search(data)
    start = data[first.start() : first.start() + LOOKED_AT] if first else b""
    text = start.decode("utf-8", "replace")
    faults = text.count("\ufffd") - start.count(b"\xef\xbf\xbd")
    return len(text) - len(text.encode("ascii", "ignore")) - faults >= max(faults, 1)


def _by_mark(data: bytes) -> str:
    """The charset of a byte order mark (WHATWG Encoding Standard, section 6)."""
    return {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(data[:2], "")


def _order(data: bytes) -> str:
    """UTF-16 with or without its mark: the letters of one text have few upper bytes, and many lower ones."""
    if _by_mark(data):
        return "utf-16"
    return "utf-16-be" if len(set(data[:LOOKED_AT:2])) < len(set(data[1:LOOKED_AT:2])) else "utf-16-le"


def _in_rows_of_vendors(error: UnicodeError) -> tuple[str, int]:
    """A character of ISO-2022-JP that only NEC and IBM have, as everybody reads it: by its place in windows-31j."""
    assert isinstance(error, UnicodeDecodeError)
    pair = error.object[error.start : error.end]
    if len(pair) != 2 or not all(0x21 <= each <= 0x7E for each in pair):
        return "\ufffd", error.end
    row, cell = pair
    lead = ((row - 1) >> 1) + (0x71 if row < 0x5F else 0xB1)
    trail = cell + (0x1F + (cell >= 0x60) if row % 2 else 0x7E)
    return bytes((lead, trail)).decode("cp932", "replace"), error.end


codecs.register_error("cocmail.jis", _in_rows_of_vendors)
