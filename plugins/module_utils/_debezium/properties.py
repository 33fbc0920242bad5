# SPDX-License-Identifier: GPL-3.0-or-later
"""From a pipeline to Debezium Server's properties: the defaults, and what users lay over them.  PRIVATE.

Everything here is pure.  defaults.py has the defaults with their reasons, invariants.py what users must not set.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from .._reconcile.errors import InvalidInput
from .._reconcile.secret import Secret
from . import invariants
from .defaults import DEFAULTS
from .escape import Expression
from .regular_expression import escaped, exactly
from .stream import Stream
from .transforms import combined, ours


def properties(
    pipeline: Stream, overrides: Mapping[str, t.Any] | None = None, expressions: Mapping[str, str] | None = None
) -> dict[str, str]:
    """All properties, in order: the defaults, then what `overrides` and `expressions` add.

    overrides: literal values by full property name; None takes a default away.
    expressions: values with `${NAME}`, which Debezium Server replaces by the pod's environment variable NAME.
    """
    overrides, expressions = overrides or {}, expressions or {}
    _check_given(pipeline, overrides, expressions)
    found = _defaults(pipeline)
    for name, value in overrides.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _text(name, value)
    found.update({name: Expression(value) for name, value in expressions.items()})
    return combined(found, pipeline, overrides)


_SENSITIVE = re.compile(r"password|secret|token|credential|private|api[._-]?key", re.IGNORECASE)


def shown(text: str) -> dict[str, t.Any]:
    """The properties of a rendered file for a diff, by name; values of properties that sound like a secret are hidden."""
    found: dict[str, t.Any] = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found[name] = Secret(value) if _SENSITIVE.search(name) and not value.startswith("${") else value
    return found


def reasons() -> list[tuple[str, str, str]]:
    """Name, value and reason of each default, for the documentation; `<key>` in a value stands for a key of the pipeline."""
    keys = {key: f"<{key}>" for key in _values(_EXAMPLE)}
    return [(default.name, default.value.format_map(keys), default.reason) for default in DEFAULTS]


def _defaults(pipeline: Stream) -> dict[str, str]:
    values = _values(pipeline)
    found = {}
    for default in DEFAULTS:
        if default.when(pipeline):
            text = default.value.format_map(values)
            found[default.name] = Expression(text) if default.expression else text
    return found


def _values(pipeline: Stream) -> dict[str, str]:
    values = {name: _text(name, value) for name, value in vars(pipeline).items() if name != "tables" and value is not None}
    return {
        **dict.fromkeys(("region", "sink_address", "signal_table", "notification_topic"), ""),
        **values,
        "jdbc_url": pipeline.jdbc_url,
        "table_include_list": ",".join(exactly(name) for name in pipeline.table_names),
        "transforms": ",".join(ours(pipeline)),
        "signals_regex": escaped(pipeline.signal_topic or ""),
        "reroute_regex": escaped(pipeline.topic_prefix) + r"\..*",
        "reroute_replacement": pipeline.topic or "",
    }


def _check_given(pipeline: Stream, overrides: Mapping[str, t.Any], expressions: Mapping[str, str]) -> None:
    wrong = list(invariants.problems(overrides, expressions, one_topic=pipeline.topic is not None))
    if wrong:
        raise InvalidInput(" ".join(wrong), problems=wrong)
    both = sorted(set(overrides) & set(expressions))
    if both:
        raise InvalidInput(f"{', '.join(both)} is in overrides and in expressions; set it once.")
    for name, value in expressions.items():
        if not isinstance(value, str) or "${" not in value:
            raise InvalidInput(f"The expression of {name} has no ${{NAME}}; put a literal value into overrides.")


def _text(name: str, value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise InvalidInput(f"The value of {name} must be text, a number, true, false or null, not a {type(value).__name__}.")


_EXAMPLE = Stream("shop", "my-project", "10.0.0.3", "shop", ("public.orders",), "debezium_shop", "dbz_publication", "shop-heartbeat")
