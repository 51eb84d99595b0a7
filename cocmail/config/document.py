"""A YAML text as plain values, with the line on which each of them stands.

The rule: what YAML leaves to taste is refused or stays text. Duplicate keys, aliases and further documents are
errors; only null, true/false and plain decimal numbers are not text, so that `no`, `1e3` and `2026-02-30` arrive as
they were written and whoever wants a date can say which key holds none. It must not know any key.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = tuple[str | int, ...]

# No key of ours is nested half as deep; every walk over the values may recurse.
DEPTH_MAX = 20
BRACKETS_MAX = 200

_TAG = "tag:yaml.org,2002:"
_TAGS = {_TAG + name for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")}
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}")
_QUOTED = re.compile(r"['\"](.*?)['\"]", re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")
_TOKEN = re.compile(r"[^\w\s]{1,3}|<[a-z ]+>")


class Unreadable(Exception):
    """The text is no YAML. `line` counts from 1; `reason` holds nothing of the text."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong that did not prevent reading. `void`: the value at that path means nothing."""

    path: Path
    line: int
    reason: str
    void: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """`data` is made of dict, list, str, int, bool and None. `lines` and the paths are those of the original text.

    `whole` is the data before anything was taken out; `kept` tells for a list which of its entries are left.
    """

    data: object
    lines: dict[Path, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    kept: dict[Path, list[int]] = field(default_factory=dict)
    whole: object = None

    def original(self, path: Iterable[str | int]) -> Path:
        """Where a path into the pruned data stood in the text."""
        found: Path = ()
        for part in path:
            kept = self.kept.get(found)
            found += (kept[part] if kept is not None and isinstance(part, int) and part < len(kept) else part,)
        return found

    def line(self, path: Path) -> int:
        """The line of an original path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def without(self, paths: Iterable[Path]) -> Document:
        """The same document with these original paths taken out of its data."""
        data, kept = _prune(self.data, (), frozenset(paths), self.kept)
        return Document(data, self.lines, self.faults, kept, self.whole)


def read_document(text: str) -> Document:
    """Reads one YAML document; an empty text is an empty map. Raises Unreadable."""
    _check_brackets(text)
    try:
        # A warning (of an anchor used twice) would quote the text.
        with warnings.catch_warnings(action="ignore"):
            root = YAML(typ="rt").compose(text.removeprefix("\N{BYTE ORDER MARK}"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 1 if mark else 1, _reason(error)) from None
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", None) or 0) + 1
        raise Unreadable(line, "holds a character that YAML does not allow") from None
    except RecursionError:
        raise Unreadable(1, "is nested too deeply") from None
    if root is None:
        return Document({})
    reading = _Reading()
    data = reading.value(root, ())
    return Document(data, reading.lines, tuple(reading.faults), whole=data)


def _check_brackets(text: str) -> None:
    """The parser takes quadratic time for brackets that stay open, and minutes for a few thousand.

    Those in quotes and comments are counted with them: no text has so many.
    """
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth > BRACKETS_MAX:
            raise Unreadable(text.count("\n", 0, bracket.start()) + 1, "is nested too deeply")


def _reason(error: MarkedYAMLError) -> str:
    """The parser's own words, less what they quote of the text; its own names of tokens stay."""
    if "'\\t'" in (error.problem or ""):
        return "is no YAML: there is a tab; indent with spaces"
    problem = _QUOTED.sub(lambda quoted: quoted[0] if _TOKEN.fullmatch(quoted[1]) else "...", error.problem or "")
    if "another document" in problem:
        return "holds more than one YAML document"
    return f"is no YAML: {problem}" if problem else "is no YAML"


class _Reading:
    """One walk over the composed nodes, which know their lines."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[Fault] = []
        self.seen: set[int] = set()

    def value(self, node: Node, path: Path) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > DEPTH_MAX:
            raise Unreadable(self.lines[path], "is nested too deeply")
        if id(node) in self.seen:
            reason = "refers to another place (`*name`): write the value itself"
            self.faults.append(Fault(path, self.lines[path], reason, void=True))
            return None
        self.seen.add(id(node))
        if str(node.tag) not in _TAGS:
            reason = "has a YAML tag (`!name`), which means nothing here"
            self.faults.append(Fault(path, self.lines[path], reason, void=True))
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(each, (*path, index)) for index, each in enumerate(node.value)]
        return _scalar(node)

    def mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self.faults.append(Fault((*path, "?"), line, "a key must be plain text"))
                continue
            place = (*path, str(key_node.value))
            if place in self.lines:
                self.faults.append(Fault(place, line, "stands here for the second time"))
                continue
            self.lines[place] = line
            found[str(key_node.value)] = self.value(value_node, place)
        return found


def _scalar(node: Node) -> str | int | bool | None:
    text = str(node.value)
    match str(node.tag).removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() in ("true", "yes", "on", "y")
        case "int" if _DECIMAL.fullmatch(text):
            return int(text)
    return text


def _prune(
    data: object, path: Path, gone: frozenset[Path], kept: dict[Path, list[int]]
) -> tuple[object, dict[Path, list[int]]]:
    if isinstance(data, dict):
        pairs = {
            key: _prune(value, (*path, key), gone, kept) for key, value in data.items() if (*path, key) not in gone
        }
        return {key: pruned for key, (pruned, _) in pairs.items()}, _joined(below for _, below in pairs.values())
    if isinstance(data, list):
        numbers = kept.get(path, list(range(len(data))))
        left = [(number, each) for number, each in zip(numbers, data, strict=True) if (*path, number) not in gone]
        items = [_prune(each, (*path, number), gone, kept) for number, each in left]
        below = _joined(inner for _, inner in items)
        below[path] = [number for number, _ in left]
        return [pruned for pruned, _ in items], below
    return data, {}


def _joined(maps: Iterable[dict[Path, list[int]]]) -> dict[Path, list[int]]:
    return {path: numbers for each in maps for path, numbers in each.items()}
