# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment variables and Java options that would outrank application.properties.  PRIVATE to the collection.  Pure.

SmallRye Config reads system properties first (ordinal 400), then the environment (300), then files.  A variable stands for every property
whose name is the same in upper case with `_` for each character that is no letter or digit (smallrye.io/smallrye-config,
"Environment Variables"), and Debezium Server itself maps DEBEZIUM_SOURCE_X_Y to debezium.source.x.y.  The checks of the properties
would not see them.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Mapping, Sequence

_ENVIRONMENT = re.compile(r"(_[A-Z0-9]+_)?(DEBEZIUM|QUARKUS|SMALLRYE_CONFIG)_.*")
"""The first group is a Quarkus profile: _PROD_DEBEZIUM_... is %prod.debezium...."""

_SYSTEM_PROPERTY = re.compile(r"-D([\"']?)(%[^.=]*\.)?((debezium|quarkus|smallrye\.config)\.[^\s=\"']*)")

JAVA_VARIABLES = frozenset({"JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"})
"""Variables that the image's start script or Java itself takes options from."""


def problems(environment: Mapping[str, t.Any], java_options: Sequence[str]) -> Iterator[str]:
    """A sentence for each variable and each option that would outrank the properties."""
    for name, value in environment.items():
        upper = re.sub(r"[^A-Z0-9]", "_", name.upper())
        if _ENVIRONMENT.fullmatch(upper):
            yield f"environment must not set {name}: it would outrank application.properties; set the property instead."
        elif name in JAVA_VARIABLES:
            yield from (_refused(f"environment: {name}", found) for found in _system_properties(str(value)))
    for option in java_options:
        yield from (_refused("java_options", found) for found in _system_properties(option))


def _system_properties(text: str) -> list[str]:
    return [found[2] + found[3] if found[2] else found[3] for found in _SYSTEM_PROPERTY.finditer(text)]


def _refused(where: str, name: str) -> str:
    return f"{where} must not set {name}: it would outrank application.properties; set the property instead."
