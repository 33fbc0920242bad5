"""Conditions of bindings: the part of Google's expression language (CEL) that is about the time of the request.

`true`, `false`, and comparisons of `request.time` with `timestamp("…")`, joined by `&&`, `||`, `!` and parentheses.  What else an
expression may hold is not evaluated here: such a condition grants nothing.
"""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable

TOKEN = re.compile(r'\s*(&&|\|\||<=|>=|==|!=|[()<>!]|"[^"\\]*"|\'[^\'\\]*\'|[A-Za-z_][\w.]*)')
COMPARISONS: dict[str, Callable[[datetime.datetime, datetime.datetime], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class UnknownExpressionError(ValueError):
    """An expression that is wrong, or that holds more than is understood here."""


def holds(expression: str, now: datetime.datetime | None = None) -> bool:
    """Whether a condition is true at the time `now` (the present by default); False for one that is not understood."""
    try:
        return _Parser(expression, now or datetime.datetime.now(datetime.UTC)).result()
    except UnknownExpressionError:
        return False


class _Parser:
    """Recursive descent; each method reads one level of precedence and gives its value."""

    def __init__(self, expression: str, now: datetime.datetime) -> None:
        self._now = now
        self._tokens: list[str] = []
        rest = expression.rstrip()
        while rest:
            found = TOKEN.match(rest)
            if found is None:
                raise UnknownExpressionError(expression)
            self._tokens.append(found[1])
            rest = rest[found.end() :]

    def result(self) -> bool:
        value = self._either()
        if self._tokens:
            raise UnknownExpressionError(self._tokens[0])
        return value

    def _take(self, *wanted: str) -> str:
        """The next token, which must be one of `wanted`, or anything when none is named."""
        if not self._tokens or (wanted and self._tokens[0] not in wanted):
            raise UnknownExpressionError(self._tokens[0] if self._tokens else "the end")
        return self._tokens.pop(0)

    def _next(self, *wanted: str) -> bool:
        return bool(self._tokens) and self._tokens[0] in wanted

    def _either(self) -> bool:
        value = self._both()
        while self._next("||"):
            self._take()
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._one()
        while self._next("&&"):
            self._take()
            value = self._one() and value
        return value

    def _one(self) -> bool:
        if self._next("!"):
            self._take()
            return not self._one()
        if self._next("("):
            self._take()
            value = self._either()
            self._take(")")
            return value
        if self._next("true", "false"):
            return self._take() == "true"
        left = self._time()
        compare = COMPARISONS[self._take(*COMPARISONS)]
        return compare(left, self._time())

    def _time(self) -> datetime.datetime:
        if self._take("request.time", "timestamp") == "request.time":
            return self._now
        self._take("(")
        text = self._take()[1:-1]
        self._take(")")
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError as error:
            raise UnknownExpressionError(text) from error
        if moment.tzinfo is None:
            raise UnknownExpressionError(text)
        return moment
