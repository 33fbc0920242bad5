"""What the stand-in remembers: one JSON file a section, written at each change, so that not even `kill -9` loses anything."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .types import Json


class State:
    """Sections of JSON data in a folder, behind one lock.

    The lock is reentrant and shared by all sections, so a holder must be quick: no waiting, no SQL, no key generation inside.
    """

    def __init__(self, folder: Path) -> None:
        """folder: made with mode 0700 unless it is there; the files in it have mode 0600."""
        self._folder = folder
        self._lock = threading.RLock()
        self._sections: dict[str, Json] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def reading(self, section: str) -> Iterator[Json]:
        """The section's live data under the lock.  Copy what outlives the block."""
        with self._lock:
            yield self._load(section)

    @contextmanager
    def changing(self, section: str) -> Iterator[Json]:
        """The section's live data under the lock; saved at the end of the block, put back as it was when the block raises."""
        with self._lock:
            data = self._load(section)
            before = json.dumps(data)
            try:
                yield data
                self._save(section, data, before)
            except BaseException:
                data.clear()
                data.update(json.loads(before))
                raise

    def _load(self, section: str) -> Json:
        if section not in self._sections:
            try:
                self._sections[section] = json.loads(self._path(section).read_bytes())
            except FileNotFoundError:
                self._sections[section] = {}
        return self._sections[section]

    def _save(self, section: str, data: Json, before: str) -> None:
        text = json.dumps(data)
        if text == before:
            return
        path = self._path(section)
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        os.replace(temporary, path)

    def _path(self, section: str) -> Path:
        return self._folder / f"{section}.json"
