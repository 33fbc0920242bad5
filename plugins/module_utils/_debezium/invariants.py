# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties that users must not set, or not to every value, each with its reason.  PRIVATE to the collection.  Pure.

A property stands here if setting it would lose events without a word, break what other parts of the pipeline rely on, or keep the
process from ever running.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

SOURCE = "debezium.source."


@dataclass(frozen=True)
class Invariant:
    """One rule.

    name: regular expression of full property names.
    reason: why, and what to do instead, as the end of a sentence.
    refused: whether a value is refused, in lower case and without outer blanks; None takes a default away.
    """

    name: str
    reason: str
    refused: Callable[[str | None], bool] = lambda value: True


def _any_of(*values: str) -> Callable[[str | None], bool]:
    return lambda value: value in values


def _source(pattern: str) -> str:
    return re.escape(SOURCE) + pattern


def _never_beats(value: str | None) -> bool:
    return value is None or not value.isdecimal() or int(value) == 0


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(r"debezium\.sink\.type", "other parts depend on it; the pipeline always ends in Pub/Sub"),
    Invariant(_source(r"topic\.prefix"), "other parts depend on it; set topic_prefix of the pipeline"),
    Invariant(_source(r"slot\.name"), "other parts depend on it; set slot_name of the pipeline"),
    Invariant(_source(r"publication\.name"), "other parts depend on it; set publication of the pipeline"),
    Invariant(_source(r"table\.include\.list"), "other parts depend on it; set tables of the pipeline"),
    Invariant(
        _source(r"(table\.exclude|schema\.include|schema\.exclude)\.list"),
        "it would drop changes of captured tables; leave the table out of tables of the pipeline",
    ),
    Invariant(_source(r"database\.hostname"), "the slot and the offsets are in that instance; set database_host of the pipeline"),
    Invariant(_source(r"database\.port"), "the slot and the offsets are in that instance; set database_port of the pipeline"),
    Invariant(_source(r"database\.dbname"), "the slot and the offsets are in that database; set database_name of the pipeline"),
    Invariant(_source(r"name"), "Debezium stores the offsets under it, so a changed one means a new snapshot"),
    # Log-in and retries of the offset store are the user's to set: a mistake there fails at start.
    Invariant(
        _source(r"offset\.storage(?!\.jdbc\.(connection\.)?(user|password|wait\.retry\.delay\.ms|retry\.max\.attempts)$)(\..*)?"),
        "with other offsets Debezium takes a new snapshot and never tells of rows deleted before it; set offsets, schema and offset_table"
        " of the pipeline",
    ),
    Invariant(
        _source(r"(internal\.)?offset\.mismatch\.strategy"),
        "Debezium would go on behind a slot that was created again, and skip in silence what was written in between",
        _any_of("trust_slot", "trust_greater_lsn"),
    ),
    Invariant(
        _source(r"(internal\.)?slot\.seek\.to\.known\.offset\.on\.start"),
        "Debezium would go on behind a slot that was created again, and skip in silence what was written in between",
        _any_of("true"),
    ),
    Invariant(_source(r"slot\.drop(\.on\.|_on_)stop"), "each restart would lose what is written until the server is back", _any_of("true")),
    Invariant(_source(r"snapshot\.mode"), "set snapshot_mode of the pipeline"),
    Invariant(
        _source(r"publication\.autocreate\.mode"),
        "Debezium would make or change publications itself; a table without a replica identity then breaks the application's UPDATE and"
        " DELETE",
        lambda value: value != "disabled",
    ),
    Invariant(
        _source(r"heartbeat\.interval\.ms"),
        "without heartbeats the database keeps write-ahead log for ever; set a number above 0",
        _never_beats,
    ),
    Invariant(
        _source(r"lsn\.flush\.mode"), "nothing would move the slot, and the database keeps write-ahead log for ever", _any_of("manual")
    ),
    Invariant(
        _source(r"flush\.lsn\.source"), "nothing would move the slot, and the database keeps write-ahead log for ever", _any_of("false")
    ),
    Invariant(
        _source(r"topic\.heartbeat\.(name|prefix)"),
        "a topic that does not exist ends the process; set heartbeat_topic of the pipeline",
    ),
    Invariant(
        _source(r"(topic\.naming\.strategy|topic\.delimiter)"), "topics with other names do not exist, and a missing topic ends the process"
    ),
    Invariant(
        _source(r"tombstones\.on\.delete"), "Pub/Sub refuses the empty message after a DELETE, and the process ends", _any_of("true")
    ),
    Invariant(
        _source(r"event\.processing\.failure\.handling\.mode"),
        "events would be skipped without a word; use warn, which logs each, and look at the log",
        _any_of("skip", "ignore"),
    ),
    Invariant(
        r"debezium\.transforms|debezium\.source\.post\.processors",
        "the pipeline's own are added to the list; put it into the literal properties",
        lambda value: False,
    ),
    Invariant(r"quarkus\.(config|profile)(\..*)?", "other files or profiles would outrank these properties; set the properties themselves"),
    Invariant(r"quarkus\.debezium\..*", "it outranks the debezium. property of the same meaning, which is the one to set"),
)

_TRANSACTIONS = Invariant(
    _source(r"provide\.transaction\.metadata"),
    "with one topic per table there is none for transactions, and a missing topic ends the process",
    _any_of("true"),
)


def problems(overrides: Mapping[str, t.Any], expressions: Mapping[str, t.Any], one_topic: bool) -> Iterator[str]:
    """A sentence for each property that must not be set so.

    overrides: literal values by full name; expressions: values that only the pod knows.  one_topic: whether all changes go to one topic.
    """
    rules = INVARIANTS if one_topic else (*INVARIANTS, _TRANSACTIONS)
    for key, value in (*overrides.items(), *expressions.items()):
        name = str(key)
        plain = name.strip()
        if plain != name:
            yield f"{name!r} has blanks around it, so Debezium would read another property; write {plain}."
            continue
        if name.startswith("%"):
            yield f"{name} is a property of a Quarkus profile, which would outrank the others; set the property without the profile."
            continue
        if not name.startswith(("debezium.", "quarkus.")):
            yield f"{name!r} is not a full property name; these start with debezium. or quarkus., like debezium.source.{name}."
            continue
        for rule in rules:
            if re.fullmatch(rule.name, name) and (name in expressions or rule.refused(_plain(value))):
                yield f"{name} cannot be {_wanted(value, name in expressions)}: {rule.reason}."
                break


def _plain(value: t.Any) -> str | None:
    return None if value is None else str(value).strip().lower()


def _wanted(value: t.Any, expression: bool) -> str:
    if expression:
        return "an expression"
    if value is None:
        return "removed"
    return f"set to {value!r}"
