"""HTML to text, twice: as a person would see it, and everything that it holds.

The rule: what a stranger hides (display:none, white on white, a title) must be found by the screening, a name that
markup cuts in two is found too, and no HTML may come out as nothing. It must not load anything and must not keep any
markup.
"""

from __future__ import annotations

import html
import re

from inscriptis import get_text  # type: ignore[import-untyped,unused-ignore]
from inscriptis.css_profiles import STRICT_CSS_PROFILE  # type: ignore[import-untyped,unused-ignore]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped,unused-ignore]

HTML_MAX = 2_000_000
SCREENED_MAX = 4_000_000
# lxml cuts a document's tree at 256 levels without saying so, inscriptis recurses once a level.
DEPTH_MAX = 200

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_NAMES = "alt|title|href|value|placeholder|aria-label"
_TELLING = re.compile(rf"""\b(?:{_NAMES})\s{{0,5}}=\s{{0,5}}("[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE)
_QUOTES = "\"'"
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
_BLOCKS = frozenset(
    ("p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr")
)
_SILENT = ("script", "style")
# Elements that end by themselves or are often left open: they say nothing about depth.
_FLAT = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
).union(("p", "li", "td", "tr", "th", "option", "dd", "dt"))
# An image in the markup itself (RFC 2397): lines of 40 characters and more, so no words that follow it.
_DATA_PATTERN = r"data:[^\"'<>,:\s]{0,200};base64,\s{0,9}+(?:[A-Za-z0-9+/=%_-]{40,}+\s*+)++"
_DATA, _DATA_BYTES = re.compile(_DATA_PATTERN, re.IGNORECASE), re.compile(_DATA_PATTERN.encode(), re.IGNORECASE)
# Where a quotation begins and ends, in the text that comes out: nobody writes these two (Unicode, private use).
_BEGIN, _END = "\ue000", "\ue001"
_QUOTATION = re.compile(r"<(/?)blockquote\b[^<>]{0,2000}>", re.IGNORECASE)
_QUOTED_DEPTH = 5
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")


def without_data(markup: str) -> str:
    """The markup without the bytes of inline images, which can be longer than all its text. Linear."""
    return _DATA.sub("data:, ", markup)


def without_data_in(source: bytes) -> bytes:
    """The same of a file that is not decoded yet."""
    return _DATA_BYTES.sub(b"data:, ", source)


def rendered(markup: str) -> str:
    """The text that a reader would show; a plain stripping of tags where the layout cannot be computed.

    Of the first 2 million characters. What is quoted is marked with ">" as in plain text: else nothing would tell it
    from what the author wrote.
    """
    markup = _QUOTATION.sub(_marked, markup[:HTML_MAX].replace(_BEGIN, "").replace(_END, ""))
    return _tidy(_with_quotes(_laid_out(markup)))


def _laid_out(markup: str) -> str:
    if _depth(markup) <= DEPTH_MAX:
        try:
            # The strict profile is what browsers do; the other one puts spaces around every <span>, within words too.
            strict = ParserConfig(STRICT_CSS_PROFILE, display_links=False, display_images=False)
            text = str(get_text(markup, strict))
        except Exception:  # lxml and inscriptis raise of every kind; the text below is always there
            text = ""
        if re.search(r"\w", text):
            return text
    return "".join(_pieces(markup))


def _marked(tag: re.Match[str]) -> str:
    return f"<div>{_END}</div>{tag[0]}" if tag[1] else f"{tag[0]}<div>{_BEGIN}</div>"


def _with_quotes(text: str) -> str:
    """Each line behind as many ">" as quotations are open around it, at most five: depth must not multiply a text."""
    lines, depth = [], 0
    for line in text.split("\n"):
        mark = line.strip()
        if mark in (_BEGIN, _END):
            depth = max(depth + (1 if mark == _BEGIN else -1), 0)
        else:
            shown = line.replace(_BEGIN, "").replace(_END, "")
            lines.append(f"{'>' * min(depth, _QUOTED_DEPTH)} {shown}".rstrip() if depth else shown)
    return "\n".join(lines)


def all_text(markup: str) -> str:
    """All text of the markup, displayed or not, and the words of its alt, title and href; no comments, no scripts.

    Of the first 4 million characters. A tag may stand within a word (`I<b>v</b>o`) or between two words
    (`Ivo</td><td>Petrov`): where that makes a difference, the text is there twice, read in either way.
    """
    attributes: list[str] = []
    # A line that ends in the source goes on in what is displayed.
    pieces = [each if each == "\n" else each.replace("\n", " ") for each in _pieces(markup[:SCREENED_MAX], attributes)]
    close, apart = _tidy("".join(pieces)), _tidy(" ".join(pieces))
    readings = [close] if close.split() == apart.split() else [close, apart]
    return "\n".join((*readings, *attributes)).strip("\n ")


def _depth(markup: str) -> int:
    """How deep elements stand in one another, at most; unclosed ones count as open (so paragraphs are left out)."""
    depth = deepest = 0
    for match in _TAG.finditer(markup):
        name = match[1].lower()
        if name in _FLAT:
            continue
        depth = max(0, depth - 1) if match[0].startswith("</") else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _pieces(markup: str, attributes: list[str] | None = None) -> list[str]:
    """Text between tags, in one pass: each kind of end is searched for in vain at most once.

    What tells something in the tags' attributes is added to `attributes`.
    """
    out: list[str] = []
    pos, size, endless = 0, len(markup), set[str]()
    lowered = markup.lower() if len(markup.lower()) == size else markup
    while pos < size:
        start = markup.find("<", pos)
        if start < 0:
            break
        out.append(_unescape(markup[pos:start]))
        pos, piece = _behind(markup, lowered, start, endless)
        if piece:
            out.append(piece)
        if attributes is not None and piece != "<" and not markup.startswith("<!--", start):
            attributes.extend(_unescape(value.strip(_QUOTES)) for value in _TELLING.findall(markup[start:pos]))
    out.append(_unescape(markup[pos:]))
    return out


def _behind(markup: str, lowered: str, start: int, endless: set[str]) -> tuple[int, str]:
    """Where the thing at `start` ends, and what it stands for in text."""
    tag = _TAG.match(markup, start)
    if markup.startswith("<!--", start):
        return _end(lowered, "-->", start + 2, endless), ""
    if tag is None and not markup.startswith(("<!", "<?", "</"), start):
        return start + 1, "<"
    end = _end(lowered, ">", start, endless)
    name = tag[1].lower() if tag else ""
    if name in _SILENT and not markup.startswith("</", start):
        closing = _end(lowered, f"</{name}", end, endless)
        return (end if closing == len(markup) else closing - len(f"</{name}")), ""
    return end, "\n" if name in _BLOCKS else ""


def _end(text: str, mark: str, start: int, endless: set[str]) -> int:
    at = -1 if mark in endless else text.find(mark, start)
    if at < 0:
        endless.add(mark)
        return len(text)
    return at + len(mark)


def _unescape(text: str) -> str:
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def _tidy(text: str) -> str:
    lines = (_SPACES.sub(" ", line).rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")
