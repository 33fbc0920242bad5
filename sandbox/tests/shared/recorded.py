"""Compares an answer of the sandbox with one that was recorded at Google's, field by field.

The recordings are those that GoogleCloudPlatform/k8s-config-connector keeps of the real services (`_http.log`, made with
`hack/record-gcp`); each test names its file and commit.  What differs from run to run is a pattern here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import requests

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
BYTES = re.compile(r"[A-Za-z0-9+/]+={0,2}")
"""Base64, as etags and keys are."""


def differences(recorded: Any, answer: Any, left_out: Collection[str] = (), at: str = "") -> list[str]:
    """How `answer` differs from `recorded`, in which a pattern stands for any text that matches it.

    left_out: paths such as `settings.tier` that the sandbox is known not to have, as sandbox/docs/README.md says.
    """
    if isinstance(recorded, re.Pattern):
        fits = isinstance(answer, str) and recorded.fullmatch(answer)
        return [] if fits else [f"{at}: {answer!r} is not like {recorded.pattern}"]
    if isinstance(recorded, dict) and isinstance(answer, dict):
        paths = {key: f"{at}.{key}".lstrip(".") for key in recorded.keys() | answer.keys()}
        found = [f"{paths[key]}: only the sandbox has it" for key in answer.keys() - recorded.keys()]
        found += [f"{paths[key]}: only Google has it" for key in recorded.keys() - answer.keys() if paths[key] not in left_out]
        for key in recorded.keys() & answer.keys():
            found += differences(recorded[key], answer[key], left_out, paths[key])
        return sorted(found)
    if isinstance(recorded, list) and isinstance(answer, list) and len(recorded) == len(answer):
        return [each for one, other in zip(recorded, answer, strict=True) for each in differences(one, other, left_out, f"{at}[]")]
    return [] if recorded == answer and type(recorded) is type(answer) else [f"{at}: Google said {recorded!r}, the sandbox {answer!r}"]


def same(answer: requests.Response, status: int, recorded: Any, left_out: Collection[str] = ()) -> Any:
    """Fail unless the answer is the recorded one; gives its content."""
    assert answer.status_code == status, answer.text
    content = answer.json()
    assert differences(recorded, content, left_out) == []
    return content
