"""Answers over HTTP in the form of Google's front end."""

from __future__ import annotations

import html
import json

from werkzeug.wrappers import Response

from .types import Json


def as_json(body: Json, status: int = 200) -> Response:
    """An answer with a body."""
    return Response(json.dumps(body, indent=2) + "\n", status, content_type="application/json; charset=UTF-8")


def not_found(path: str) -> Response:
    """Google's front end answers a path that no API has with a page, not with JSON."""
    title = "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>"
    page = f"{title}<p>The requested URL <code>{html.escape(path)}</code> was not found on this server."
    return Response(page, 404, content_type="text/html; charset=UTF-8")
