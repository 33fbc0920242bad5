# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action of cdc.gcp.pipeline: collects the pipeline's variables, and shows progress and outcome on the screen."""

from __future__ import annotations

import os
import tempfile
import threading
import typing as t
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.utils.display import Display
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.pipeline import Pipeline
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.specification.variable import PARTS
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.variables import VARIABLES, unknown
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.errors import InvalidInput
from ansible_collections.cdc.gcp.plugins.plugin_utils import in_process

in_process.preload(__name__.replace(".plugins.action.", ".plugins.modules."))

OPTIONS = ("cdc_gcp_options", "cdc_kubernetes_options")
"""Variables whose keys are options of the module."""

POLL_SECONDS = 0.2


class ActionModule(in_process.ActionModule):
    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        given = task_vars or {}
        parts = self._parts(given)
        if not parts:
            return {"skipped": True, "changed": False, "msg": "The tags of this run select no part of the pipeline."}
        variables, problems = self._variables(given)
        told = {problem.split(" ", 1)[0] for problem in problems}
        try:
            Pipeline.from_variables(variables, parts)
        except InvalidInput as error:
            problems += [problem for problem in error.details["problems"] if problem.split(" ", 1)[0] not in told]
        if problems:
            return {"failed": True, "changed": False, "msg": " ".join(problems), "problems": problems}
        options = {key: value for name in OPTIONS for key, value in (variables.pop(name, None) or {}).items()}
        self._task.args = {**options, **self._task.args, "parts": list(parts), "variables": variables}
        host = str(given.get("inventory_hostname", "localhost"))
        with self._progress(host):
            result: dict[str, t.Any] = super().run(tmp, task_vars)
        if result.get("changed") and not result.get("failed"):
            for line in result.get("summary", ()):
                Display().display(line)
        return result

    def _parts(self, given: Mapping[str, t.Any]) -> tuple[str, ...]:
        """What the task says, else what the tags of the run select."""
        said = self._task.args.get("parts")
        if said is not None:
            return tuple([said] if isinstance(said, str) else said)
        chosen, skipped = set(given.get("ansible_run_tags", ["all"])), set(given.get("ansible_skip_tags", []))
        everything = bool(chosen.intersection(("all", "tagged", "always"))) or not chosen
        return tuple(part for part in PARTS if (everything or part in chosen) and part not in skipped)

    def _variables(self, given: Mapping[str, t.Any]) -> tuple[dict[str, t.Any], list[str]]:
        """The pipeline's variables as the host has them, templated, and what is wrong with their names and templates."""
        own: Mapping[str, t.Any] = self._task.args.get("variables") or {}
        errors, warnings = unknown({*given, *own})
        for warning in warnings:
            Display().warning(warning)
        values: dict[str, t.Any] = {}
        for name in VARIABLES:
            if name in own:
                values[name] = own[name]
            elif name in given:
                try:
                    value = self._templar.template(given[name])
                except AnsibleError as error:
                    if type(error).__name__ != "AnsibleValueOmittedError":  # since ansible-core 2.19
                        errors.append(f"{name} cannot be templated: {str(error.message).rstrip('.')}.")
                else:
                    if value != given.get("omit"):
                        values[name] = value
        return values, errors

    @contextmanager
    def _progress(self, host: str) -> Iterator[None]:
        """Show the lines that the module writes, while it runs; only where its file is this machine's."""
        if self._connection.transport != "local":
            yield
            return
        # ansible-core makes its constants at run time, so mypy sees none.
        descriptor, path = tempfile.mkstemp(prefix="cdc-gcp-progress-", dir=C.DEFAULT_LOCAL_TMP)  # type: ignore[attr-defined]
        with os.fdopen(descriptor, encoding="utf-8") as file:
            self._task.args["progress_file"] = path
            follower = Follower(file, host)
            self._while_waiting = follower.show
            try:
                yield
            finally:
                follower.stop()
                os.unlink(path)

    def _low_level_execute_command(self, cmd: str, *args: t.Any, **kwargs: t.Any) -> dict[str, t.Any]:
        if not self._in_process and self._while_waiting is not None:
            # A process of its own can be watched from a thread; a fork must not be made while one runs.
            with watched(self._while_waiting):
                outcome: dict[str, t.Any] = super()._low_level_execute_command(cmd, *args, **kwargs)
                return outcome
        return super()._low_level_execute_command(cmd, *args, **kwargs)


class Follower:
    """Shows what is appended to a file, line by line."""

    def __init__(self, file: t.TextIO, host: str) -> None:
        self._file = file
        self._host = host
        self._rest = ""

    def show(self) -> None:
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            Display().display(f"[{self._host}] {line}")

    def stop(self) -> None:
        self.show()


@contextmanager
def watched(look: t.Callable[[], None]) -> Iterator[None]:
    """Call `look` now and then, from a thread, for as long as the block takes."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(POLL_SECONDS):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
