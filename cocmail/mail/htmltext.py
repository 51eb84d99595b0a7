"""HTML to text, twice: as a person would see it, and everything that it holds.

The rule: what a stranger hides (display:none, white on white, a title) must be found by the screening, a name that
markup cuts in two is found too, and no HTML may come out as nothing. It must not load anything and must not keep any
markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Container, Iterator

from inscriptis.css_profiles import STRICT_CSS_PROFILE  # type: ignore[import-untyped,unused-ignore]
from inscriptis.html_engine import Inscriptis  # type: ignore[import-untyped,unused-ignore]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped,unused-ignore]
from lxml.html import document_fromstring  # type: ignore[import-untyped,unused-ignore]

HTML_MAX = 2_000_000
SCREENED_MAX = 4_000_000
# lxml cuts a document's tree at 256 levels without saying so, inscriptis recurses once a level. How deep a text without
# ends of its cells and paragraphs is, the tree alone can tell.
DEPTH_MAX = 200
_TOO_DEEP = f"boolean({'/*' * (DEPTH_MAX + 1)})"
_DECLARATION = re.compile(r"\s*<\?xml [^>]+>")

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]{0,40})")
# A style sheet can show what stands in an attribute of any name: attr(data-x).
_NAMES = "alt|title|href|value|placeholder|label|data-[a-z-]{1,40}"
_TELLING = re.compile(rf"""\b(?:{_NAMES})\s{{0,5}}=\s{{0,5}}("[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE)
_QUOTES = "\"'"
_ZEROS = re.compile(r"&#(?:([xX])0+(?=[0-9a-fA-F])|0+(?=[0-9]))")
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
# Left out by the library, a line end by its number would glue two words.
_LINE_END = re.compile(r"&#(?:11|28|29|30|[xX](?:[bB]|1[c-eC-E]))(?:;|(?![0-9a-fA-F]))")
_COMMENT_MARK = re.compile(r"<!--|--!?>")
_COMMENT_END = re.compile(r"--!?>")
# CSS, section 4.3.7: a letter in a style sheet by its number.
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
# Fonts that people are called as; they stand in every other style sheet.
_FONTS = re.compile(r"\b(?:Georgia|Geneva|Lucida|Cambria|Candara)\b(?=[^,;:{}<>]{0,20}[,;}!])")
# Letters that are forced to run from right to left (Unicode, UAX 9; CSS writing modes).
_BACKWARDS, _ENDS = "\u202e", "\u202c"
_FORCED = re.compile("[\u202d\u202e]([^\u202c\n]*)")
_FORCING = re.compile(r"\b(?:bidi|isolate)-override\b", re.IGNORECASE)
_UNSEEN = re.compile(r"\s(?:class|style|id|hidden)\b", re.IGNORECASE)
# What begins and ends a line, or a cell in one: no word goes over it.
_BLOCKS = frozenset(
    "html head body title p div br tr caption li ul ol dt dd table h1 h2 h3 h4 h5 h6 blockquote pre hr option "
    "section article header footer main aside nav address center form fieldset".split()
)
_CELLS = ("td", "th")
_SILENT = ("script", "style")
# Elements that end by themselves or are often left open.
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
    try:
        declared = _DECLARATION.match(markup)
        tree = document_fromstring(markup[declared.end() :] if declared else markup)
        # The strict profile is what browsers do; the other one puts spaces around every <span>, within words too.
        strict = ParserConfig(STRICT_CSS_PROFILE, display_links=False, display_images=False)
        text = "" if tree.xpath(_TOO_DEEP) else str(Inscriptis(tree, strict).get_text())
    except Exception:  # lxml and inscriptis raise of every kind; the text below is always there
        text = ""
    return text if re.search(r"\w", text) else "".join(_pieces(markup))


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


def all_text(markup: str, seen: str | None = None) -> str:
    """All text of the markup, displayed or not, and the words of its alt, title and href.

    Of the first 4 million characters. A tag may stand within a word (`I<b>v</b>o`) or between two words
    (`Ivo</td><td>Petrov`); readers disagree on where comments and style sheets end, and show what stands in some; and
    what is not displayed may cut a word. Where that makes a difference, the text is there once in each reading.
    `seen` is what `rendered` says, where that is known.
    """
    said, kept = ["  "], list[str]()
    for reading in _readings(markup, rendered(markup) if seen is None else seen):
        # Whole words: "xKit" does not say "Kit".
        words = f" {' '.join(reading.split())} "
        if not any(words in each for each in said):
            said.append(words)
            kept.append(_tidy(reading))
        # More than that is too long to be screened, whatever else there is.
        if sum(map(len, kept)) > SCREENED_MAX:
            break
    return "\n".join(kept).strip("\n ")


def _readings(markup: str, seen: str) -> Iterator[str]:
    # A line that ends in the source goes on in what is displayed.
    markup = markup[:SCREENED_MAX].replace("\n", " ")
    pieces = list(_pieces(markup))
    yield "".join(pieces)
    yield " ".join(pieces)
    pieces.clear()
    yield seen
    if _UNSEEN.search(markup):
        yield "".join(_without_unseen(markup))
    # A greeting stays on a line of its own.
    opened, attributes = _COMMENT_MARK.sub("<br>", markup), list[str]()
    for text, tag in _tokens(opened, silent=()):
        if text:
            pieces.append(text)
        if "=" in tag:
            attributes.extend(_unescape(value.strip(_QUOTES)) for value in _TELLING.findall(tag))
    for between in ("", " "):
        yield (whole := _FONTS.sub("", _CSS_ESCAPE.sub(_escaped, between.join(pieces))))
    if _FORCING.search(markup):
        yield "\n".join(line[::-1] for line in whole.split("\n"))
    yield "\n".join(attributes)


def _escaped(reference: re.Match[str]) -> str:
    return _unescape(f"&#x{reference[1]};")


def _without_unseen(markup: str) -> list[str]:
    """The text without what stands right behind a letter in an element that may not be displayed: Ki<i class=x>..</i>t.

    An end that belongs to no beginning takes nothing away; each piece goes at most once.
    """
    out, begun = list[str](), dict[str, list[int]]()
    for text, tag in _tokens(markup):
        name = _TAG.match(tag)
        if name and not text and (inline := name[1].lower()) not in _FLAT:
            if not tag.startswith("</"):
                hides = bool(out) and not out[-1][-1].isspace() and _UNSEEN.search(tag)
                begun.setdefault(inline, []).append(len(out) if hides else -1)
            elif begun.get(inline) and (start := begun[inline].pop()) >= 0:
                del out[start:]
        if text:
            out.append(text)
    return out


def backwards(text: str) -> str:
    """The lines of a text in which letters are forced to run the other way (U+202D, U+202E), as they are seen.

    Each is there twice, with the forced letters turned around in their place, and turned around as a whole.
    """
    if "\u202d" not in text and _BACKWARDS not in text:
        return ""
    lines = [line for line in text.split("\n") if "\u202d" in line or _BACKWARDS in line]
    return "\n".join(f"{_FORCED.sub(lambda forced: forced[1][::-1], line)}\n{line[::-1]}" for line in lines)


def _pieces(markup: str) -> Iterator[str]:
    """Text between tags, and what tags stand for."""
    return (text for text, _ in _tokens(markup) if text)


def _tokens(markup: str, silent: Container[str] = _SILENT) -> Iterator[tuple[str, str]]:
    """Text and tags, in one pass: each kind of end is searched for in vain at most once.

    What each says as text, and the tag, or "". What stands in an element that is `silent` is part of the tag.
    """
    pos, size, endless = 0, len(markup), set[str]()
    lowered = markup.lower() if len(markup.lower()) == size else markup
    while (start := markup.find("<", pos)) >= 0:
        if start > pos:
            yield _unescape(markup[pos:start]), ""
        pos, text = _behind(markup, lowered, start, endless, silent)
        yield text, markup[start:pos]
    if pos < size:
        yield _unescape(markup[pos:]), ""


def _behind(markup: str, lowered: str, start: int, endless: set[str], silent: Container[str]) -> tuple[int, str]:
    """Where the thing at `start` ends, and what it stands for in text."""
    tag = _TAG.match(markup, start)
    if markup.startswith("<!--", start):
        return _comment_end(markup, start), ""
    if tag is None and not markup.startswith(("<!", "<?", "</"), start):
        return start + 1, "<"
    end = _end(lowered, ">", start, endless)
    name, closes = tag[1].lower() if tag else "", markup.startswith("</", start)
    if name in silent and not closes:
        closing = _end(lowered, f"</{name}", end, endless)
        return (end if closing == len(markup) else closing - len(f"</{name}")), ""
    if name == "bdo":
        return end, _ENDS if closes else _BACKWARDS
    return end, "\n" if name in _BLOCKS else "\t" if name in _CELLS else ""


def _comment_end(markup: str, start: int) -> int:
    """Where a comment ends (HTML, section 13.2.5.43 and on): at once in `<!-->`, but not in `<!--!>`."""
    end = _COMMENT_END.search(markup, start + 2)
    if end and end[0] == "--!>" and end.start() == start + 2:
        end = _COMMENT_END.search(markup, start + 4)
    return end.end() if end else len(markup)


def _end(text: str, mark: str, start: int, endless: set[str]) -> int:
    at = -1 if mark in endless else text.find(mark, start)
    if at < 0:
        endless.add(mark)
        return len(text)
    return at + len(mark)


def _unescape(text: str) -> str:
    if "&" not in text:
        return text
    return html.unescape(_LINE_END.sub("\n", _LONG_REFERENCE.sub("\ufffd", _ZEROS.sub(r"&#\1", text))))


def _tidy(text: str) -> str:
    lines = (_SPACES.sub(" ", line).rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")
