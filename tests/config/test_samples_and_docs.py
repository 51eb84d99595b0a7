"""config/ and docs/config.md say what the program reads: every key, every knob, every value of the presets."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from cocmail.config.knobs import KNOBS
from cocmail.config.load import examine, read
from cocmail.config.preset import preset_names, read_preset
from cocmail.config.problems import NO_EFFECT
from cocmail.config.schema import CommitteeFile, MainFile
from cocmail.core.model import Knob

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
TODAY = date(2026, 11, 21)


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key below a model as the documentation spells it."""
    for name, info in model.model_fields.items():
        key = prefix + (info.alias or name)
        below = next(models_in(info.annotation), None)
        if below is None:
            yield key
        else:
            many = "[]" if "list" in str(info.annotation) else ".NAME" if "dict" in str(info.annotation) else ""
            yield from keys(below, f"{key}{many}.")


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from models_in(each)


def test_the_samples_can_be_used_as_they_stand(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "config", tmp_path / "config")
    (folder / "master.key").touch(0o600)
    found, problems = examine(read(folder / "cocmail.yaml"), today=TODAY, environ={})
    assert problems == []
    assert found is not None and len(found.committees[0].members) == 5


@pytest.mark.parametrize("policy", preset_names())
def test_the_sample_committee_can_work_by_every_policy(tmp_path: Path, policy: str) -> None:
    folder = shutil.copytree(ROOT / "config", tmp_path / "config")
    (folder / "master.key").touch(0o600)
    sample = folder / "committees" / "example.yaml"
    text = sample.read_text(encoding="utf-8")
    assert "\npolicy: basic\n" in text
    sample.write_text(text.replace("\npolicy: basic\n", f"\npolicy: {policy}\n"), encoding="utf-8")
    found, problems = examine(read(folder / "cocmail.yaml"), today=TODAY, environ={})
    assert problems == []
    assert found is not None and found.committees[0].policy.name == policy


def test_the_samples_can_be_used_with_everything_in_them_that_works(tmp_path: Path) -> None:
    """What is commented out is YAML, too: only what is not yet supported and the other delivery is wrong of it."""
    folder = shutil.copytree(ROOT / "config", tmp_path / "config")
    for name in ("master.key", "smtp.pw", "imap.pw", "tls/cert.pem", "tls/key.pem"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch(0o600)
    for path in (folder / "cocmail.yaml", folder / "committees" / "example.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^( *)# ( *(?:#|- |[a-z_.]+:(?: |$)).*)$", r"\1\2", text, flags=re.M))
    _, problems = examine(read(folder / "cocmail.yaml"), today=TODAY, environ={})
    assert [each.key for each in problems if each.level == "error"] == [
        *("delivery", "members[0].openpgp", "openpgp_key_file")
    ]


def test_the_samples_called_without_effect_what_has_one(tmp_path: Path) -> None:
    """Of floods and holidays they said so for releases; whoever believed it left them out. `check` knows."""
    folder = shutil.copytree(ROOT / "config", tmp_path / "config")
    (folder / "master.key").touch(0o600)
    main, sample = folder / "cocmail.yaml", folder / "committees" / "example.yaml"
    for path in (main, sample):
        text = path.read_text(encoding="utf-8")
        path.write_text(
            re.sub(r"^# ( *(?:flood|reports|per|calendar|templates_dir|retention|#)\b.*)$", r"\1", text, flags=re.M)
        )
    text = sample.read_text(encoding="utf-8")
    sample.write_text(re.sub(r"^# (  (?:\w+): .*)$", r"\1", text, flags=re.M).replace("language: en", "language: de"))
    _, problems = examine(read(main), today=TODAY, environ={})
    warned = {each.key.removeprefix("retention.").split(".")[0] for each in problems if NO_EFFECT in each.text}
    claimed = set()
    for path in (ROOT / "config").rglob("*.yaml"):
        keys_after = re.findall(r"((?:^[# ]*#.*\n)+?)^[# ]*([a-z_]+): ", path.read_text(encoding="utf-8"), re.M)
        claimed |= {key for comment, key in keys_after if "no effect" in " ".join(comment.split())}
    assert warned == claimed == {"templates_dir", "language", "safety_locator", "content_after_close"}, problems


def test_every_key_stands_in_its_sample_with_a_comment() -> None:
    for model, file in ((MainFile, "cocmail.yaml"), (CommitteeFile, "committees/example.yaml")):
        text = (ROOT / "config" / file).read_text(encoding="utf-8")
        for key in keys(model):
            assert re.search(rf"\b{key.split('.')[-1]}\b", text), key


def test_every_key_is_documented() -> None:
    for model in (MainFile, CommitteeFile):
        for key in keys(model):
            shown = key if key.split(".")[0] != "retention" else ".".join(key.split(".")[:2])
            assert f"`{shown}`" in DOCS and key.split(".")[-1] in DOCS, key


def shown(value: Knob) -> set[str]:
    """The ways in which a value may be written."""
    if isinstance(value, timedelta):
        hours = value // timedelta(hours=1)
        return {f"{hours}h", f"{hours / 24:g}d", f"{hours / 720:g}mo", f"{hours / 8760:g}y"}
    if isinstance(value, tuple):
        return {f"[{', '.join(value)}]"}
    if value is None or isinstance(value, bool):
        return {"null" if value is None else str(value).lower()}
    return {str(value)}


def test_every_knob_is_documented_with_the_values_of_the_presets() -> None:
    lines = [line for line in DOCS.splitlines() if line.startswith("| `") and line.split("`")[1] in KNOBS]
    rows = {line.split("`")[1]: [cell.strip(" |") for cell in line.split(" | ")] for line in lines}
    assert list(rows) == list(KNOBS)
    presets = [read_preset(name) for name in preset_names()]
    for name, rule in KNOBS.items():
        _, allowed, *values, meaning = rows[name]
        assert (allowed, meaning) == (rule.values(), rule.meaning)
        for value, preset in zip(values, presets, strict=True):
            assert value in (shown(preset[name]) if name in preset else {"\N{EN DASH}"}), name
