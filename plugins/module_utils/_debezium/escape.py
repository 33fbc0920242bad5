# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing values so that Debezium Server reads them unchanged.  PRIVATE to the collection.  Pure functions.

A value passes two readers: java.util.Properties reads the file, then SmallRye Config looks for `${…}` in it.  SmallRye reads values of
the environment in the same way, because `${NAME}` is looked into once more after it was replaced.
"""

from __future__ import annotations

from collections.abc import Mapping


class Expression(str):
    """A value in which SmallRye replaces `${NAME}` by the environment variable NAME."""

    __slots__ = ()


def smallrye_value(value: str) -> str:
    """`value` such that SmallRye Config reads it literally: each `$` as `\\$`.

    Nothing else may be escaped: SmallRye first turns `\\$` into `$$`, then `$$` into `$`, and leaves every other backslash alone.
    """
    return value.replace("$", "\\$")


def render(properties: Mapping[str, str]) -> str:
    """The text of a `.properties` file, ASCII only, in the order given (java.util.Properties, "load")."""
    lines = []
    for name, value in properties.items():
        plain = value if isinstance(value, Expression) else smallrye_value(value)
        lines.append(f"{_key(name)}={_value(plain)}\n")
    return "".join(lines)


_NAMED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f"}


def _key(name: str) -> str:
    return "".join("\\" + letter if letter in "#!=: " else _character(letter) for letter in name)


def _value(value: str) -> str:
    """Blanks at the end would be kept by Java, but not by every editor, so they are escaped like those at the start."""
    inner = value.strip(" ")
    before = len(value) - len(value.lstrip(" "))
    after = len(value) - before - len(inner)
    first = "\\" if inner[:1] in ("#", "!", "=", ":") and inner else ""
    return "\\u0020" * before + first + "".join(map(_character, inner)) + "\\u0020" * after


def _character(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    if " " <= letter <= "~":
        return letter
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index : index + 2].hex().upper()}" for index in range(0, len(units), 2))
