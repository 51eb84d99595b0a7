"""Policies: a preset from `presets/*.yaml` with a committee's overrides on top.

The rule: a preset is data, checked against the same table as an override, and a person can read why each value
stands there. It must not hold a value of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

from cocmail.config.document import Path, read_document
from cocmail.config.knobs import EFFECTIVE, KNOBS
from cocmail.config.problems import NO_EFFECT, Findings, is_plain_key, nearest
from cocmail.core.model import Knob, Policy


def preset_names() -> tuple[str, ...]:
    """The presets that this release has, sorted."""
    folder = resources.files("cocmail.config") / "presets"
    return tuple(sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml")))


def read_preset(name: str) -> dict[str, Knob]:
    """The knobs of a preset by dotted name. Raises ValueError for a preset file that is wrong: a bug of ours."""
    return dict(_preset(name))


@lru_cache
def _preset(name: str) -> Mapping[str, Knob]:
    # Read once: many committees, and every reload, ask for the same few files of ours.
    text = (resources.files("cocmail.config") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")
    document = read_document(text)
    findings = Findings(f"{name}.yaml", document)
    knobs = {knob: value for _, knob, value in _read(document.data, (), findings)}
    if findings.problems or document.faults:
        raise ValueError("; ".join(map(str, findings.problems)) or "a preset holds a key twice")
    return knobs


def make_policy(name: str, override: Mapping[str, object], findings: Findings) -> Policy | None:
    """The policy in force; None, with the reason in `findings`, where there is no such preset.

    What is wrong in `override` is reported and left out.
    """
    known = preset_names()
    if name not in known:
        shown = f"policy `{name}` " if is_plain_key(name) else "this policy "
        findings.error(("policy",), f"{shown}does not exist; known: {', '.join(known)}")
        return None
    knobs = read_preset(name)
    for place, knob, value in _read(override, ("override",), findings):
        if knob not in EFFECTIVE and knobs.get(knob) != value:
            findings.warning(place, NO_EFFECT)
        _put(knobs, knob, value)
    return Policy(name, MappingProxyType(knobs))


def places_of(override: Mapping[str, object]) -> dict[str, Path]:
    """Where each knob stands that a committee's file overrides, rightly or wrongly."""
    return {name: place for place, name, _ in _flat(override, ("override",), "")}


def _put(knobs: dict[str, Knob], name: str, value: Knob) -> None:
    """`quorum: none` replaces `quorum: {majority: true, floor: 2}` as a whole, and the other way round."""
    for other in list(knobs):
        if other.startswith(name + ".") or name.startswith(other + "."):
            del knobs[other]
    knobs[name] = value


def _read(data: object, path: Path, findings: Findings) -> Iterator[tuple[Path, str, Knob]]:
    seen: set[str] = set()
    for place, name, value in _flat(data, path, ""):
        rule = KNOBS.get(name)
        if rule is None:
            shown = f"`{name}`: " if is_plain_key(name) else ""
            findings.error(place, f"{shown}no such knob" + nearest(name, KNOBS))
        elif name in seen:
            findings.error(place, "this knob is given twice")
        else:
            seen.add(name)
            try:
                yield place, name, rule.read(value)
            except ValueError as error:
                findings.error(place, str(error))


def _flat(data: object, path: Path, prefix: str) -> Iterator[tuple[Path, str, object]]:
    """Nested maps as (place, dotted name, value)."""
    if not isinstance(data, dict):
        yield path, prefix, data
        return
    for key, value in data.items():
        yield from _flat(value, (*path, key), f"{prefix}.{key}" if prefix else key)
