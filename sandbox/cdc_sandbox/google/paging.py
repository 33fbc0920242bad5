"""Pages of a list: their size, and the token that leads to the next."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from .call import Call
from .errors import ApiError

Item = TypeVar("Item")


def page(call: Call, items: Sequence[Item], size_parameter: str, default: int, most: int) -> tuple[list[Item], str | None]:
    """The page that a call asks for, and the token of the next one; 400 for a token that was not given out.  An empty token is none.

    size_parameter: name of the query parameter with the size; default: its value when it is not sent or 0; most: larger values mean this.
    """
    start = _position((call.query.get("pageToken") or [""])[0])
    wanted = int((call.query.get(size_parameter) or ["0"])[0])
    if wanted < 0:
        raise ApiError(400, f"Invalid value for {size_parameter}: {wanted}.")
    end = start + min(wanted or default, most)
    return list(items[start:end]), _token(end) if end < len(items) else None


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"from:{position}".encode()).decode()


def _position(token: str) -> int:
    """Where the page of a token begins."""
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode()
    except ValueError:
        text = ""
    position = text.removeprefix("from:")
    if not position.isascii() or not position.isdigit() or token != _token(int(position)):
        raise ApiError(400, f"Invalid page token: {token}.")
    return int(position)
