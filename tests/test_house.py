"""The house rules that a machine can check. Who breaks one on purpose writes down why, in a table below."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cocmail.store.boundaries import Step

HOUSE = Path(__file__).resolve().parent.parent
PACKAGE = HOUSE / "cocmail"

FILE_LINES = 300
FUNCTION_LINES = 40

# "cocmail/....py": why it is one file all the same.
LONG_FILES: dict[str, str] = {
    "cocmail/core/tags.py": "the one table of tags: parser, help, guide and tests are made from it",
}

# "cocmail/....py:function": why it is one function all the same.
LONG_FUNCTIONS: dict[str, str] = {}

# Where text may go to a terminal, and where the logging module may be asked for a logger.
MAY_PRINT = {
    "cocmail/cli.py": "the command line",
    "cocmail/copies.py": "`cocmail backup`, `restore` and `queue release`",
    "cocmail/demo.py": "shows a person what happens to made-up mail",
    "cocmail/demo_mail.py": "the same",
    "cocmail/office.py": "`cocmail cases`, `queue` and `keys verify`",
}
MAY_ASK_FOR_LOGGERS = {
    "cocmail/maillog.py": "it is where every log line is written",
    "cocmail/doors/imap_protocol.py": "aioimaplib logs every byte: silenced here",
    "cocmail/doors/smtp_in.py": "aiosmtpd logs addresses and message text: silenced here",
    "cocmail/mail/parse.py": "mail-parser logs what it found in a message: silenced here",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (HOUSE / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the end: signature, docstring, blank lines and comments count; decorators do not."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """What the file calls, as it is written, with the line."""
    return ((ast.unparse(node.func), node.lineno) for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def imported(path: Path) -> Iterator[str]:
    """The full name of every module that the file imports, anywhere in it; the house writes no relative imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: a relative import"
            yield node.module or ""


def comments(path: Path) -> Iterator[tuple[str, int]]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    return ((token.string, token.start[0]) for token in tokens if token.type == tokenize.COMMENT)


def test_no_file_is_longer_than_a_person_reads_in_one_go() -> None:
    counts = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files("cocmail")}
    assert {file: lines for file, lines in counts.items() if lines > FILE_LINES and file not in LONG_FILES} == {}
    assert [file for file in LONG_FILES if counts.get(file, 0) <= FILE_LINES] == [], "no longer long: take it out"


def test_no_function_is_longer_than_a_screen() -> None:
    files = python_files("cocmail")
    lengths = {f"{name(path)}:{each.name}": length(each) for path in files for each in functions(path)}
    too_long = {each: lines for each, lines in lengths.items() if lines > FUNCTION_LINES}
    assert {each: lines for each, lines in too_long.items() if each not in LONG_FUNCTIONS} == {}
    assert [each for each in LONG_FUNCTIONS if each not in too_long] == [], "no longer long: take it out"


def test_every_exception_from_the_lengths_has_its_reason() -> None:
    assert all(len(reason) > 20 for reason in (*LONG_FILES.values(), *LONG_FUNCTIONS.values()))


def test_nothing_is_left_to_be_done() -> None:
    left = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    files = [*python_files("cocmail", "tests", "benchmarks"), *PACKAGE.rglob("*.j2"), *PACKAGE.rglob("*.yaml")]
    here = Path(__file__).resolve()
    found = [name(path) for path in files if path != here and left.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [name(path) for path in python_files("cocmail") if not ast.get_docstring(tree(path))]
    assert silent == []


def test_only_the_command_line_prints() -> None:
    found = [
        f"{name(path)}:{line}"
        for path in python_files("cocmail")
        if name(path) not in MAY_PRINT
        for called, line in calls(path)
        if called in {"print", "pprint", "pprint.pprint", "breakpoint", "sys.stdout.write", "sys.stderr.write"}
    ]
    assert found == []


def test_every_commit_of_the_daemon_names_the_step_at_which_a_crash_is_tried() -> None:
    """So that the list in `store/boundaries.py` is whole; `tests/process/test_every_boundary.py` dies at each."""
    files = python_files("cocmail")
    found = [
        (len(node.args), f"{name(path)}:{node.lineno}")
        for path in files
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("write", "_write")
        if ast.unparse(node.func.value).endswith(("store", "self"))
    ]
    assert found and [place for arguments, place in found if arguments != 2] == []
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [step for step in Step if f"Step.{step.name}" not in text] == [], "steps that are taken nowhere"


def test_every_log_line_is_written_in_one_place() -> None:
    """A log line is a function of maillog, which takes ids and codes; other loggers could be handed people's words."""
    asked = re.compile(
        r"(logging\.)?getLogger|(structlog\.(stdlib\.)?)?get_logger"
        r"|logging\.(debug|info|warning|error|exception|critical)"
    )
    found = {name(path) for path in python_files("cocmail") for called, _ in calls(path) if asked.fullmatch(called)}
    assert found - MAY_ASK_FOR_LOGGERS.keys() == set()


def test_the_core_imports_the_standard_library_and_itself_alone() -> None:
    strangers = {
        f"{name(path)}: {module}"
        for path in python_files("cocmail/core")
        for module in imported(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not (module + ".").startswith("cocmail.core.")
    }
    assert strangers == set()


def test_the_core_reads_no_clock_and_draws_no_lots() -> None:
    """Time and chance are handed in: the same mail, the same roster and the same moment give the same decision."""
    impure = re.compile(r"((datetime\.)?(date|datetime)\.)?(now|utcnow|today)|open|input|eval|exec|__import__")
    found = [
        f"{name(path)}:{line}: {called}"
        for path in python_files("cocmail/core")
        for called, line in calls(path)
        if impure.fullmatch(called)
    ]
    assert found == []


def test_no_module_has_one_of_the_names_that_mean_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}
    assert [name(path) for path in python_files("cocmail") if path.stem in empty or path.parent.name in empty] == []


def test_foreign_mail_is_never_read_with_the_policy_that_raises() -> None:
    """`email.policy.default` raises on headers that stand in real mail; `policy.SMTP` is for mail that we build."""
    found = [
        f"{name(path)}:{node.lineno}"
        for path in python_files("cocmail")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"policy.default", "email.policy.default"}
    ]
    assert found == []


def test_a_silenced_checker_is_told_which_finding_and_a_reader_why() -> None:
    bare = re.compile(r"#\s*(type: ignore(?!\[)|noqa(?!: ?[A-Z])|pragma: no cover)")
    found = [
        f"{name(path)}:{line}" for path in python_files("cocmail") for text, line in comments(path) if bare.search(text)
    ]
    assert found == []


SKIPPING = {"skip", "skipif", "xfail", "importorskip"}


def skips(path: Path) -> Iterator[tuple[ast.expr, str]]:
    """Every skip and expected failure in a test file, with the reason it gives ("" where it gives none)."""
    found = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute) and node.attr in SKIPPING]
    calls_of = {id(node.func): node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)} if found else {}
    for node in found:
        written, call = ast.unparse(node), calls_of.get(id(node))
        if not re.fullmatch(r"pytest\.(mark\.)?\w+", written):
            continue
        reasons = [keyword.value for keyword in call.keywords if keyword.arg == "reason"] if call is not None else []
        if call is not None and call.args and written not in {"pytest.mark.skipif", "pytest.importorskip"}:
            reasons.append(call.args[0])
        yield node, " ".join(ast.unparse(reason) for reason in reasons)


def test_a_skipped_test_says_why() -> None:
    every = [(name(path), node, reason) for path in python_files("tests") for node, reason in skips(path)]
    silent = [f"{file}:{node.lineno}" for file, node, reason in every if len(reason.strip("'\"")) < 12]
    assert every and silent == []
