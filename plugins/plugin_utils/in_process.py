# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the modules of this collection without building, unpacking and starting a Python program for each task.

plugins/action has a link to this file for every module: under the module's own name, so that module_defaults finds it in its action
groups, which a redirect in meta/runtime.yml would merge.  A task on a local connection, with the controller's own Python, runs in a fork
of Ansible's worker.  The fork has the module's libraries already: Ansible's strategy loads this file before it starts a worker.  Any other
task runs the ordinary way, and so does every task with the variable `cdc_in_process: false`.

Only three steps of an ordinary execution are replaced: building the module, sending it, and starting it.  Its arguments, environment,
working directory, output and result pass through the same functions of ansible-core as always.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
import typing as t
from collections.abc import Callable, Mapping

from ansible import constants as C
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import normal
from ansible.plugins.loader import module_loader
from ansible.release import __version__

KNOWN_CORES = ("2.19", "2.20", "2.21")
"""Releases of ansible-core that this file was tried with.  It needs some private parts of theirs, so with any other it steps aside."""

READ_AT_START = ("PYTHON", "LD_", "LANG", "LC_", "TZ", "GRPC_", "OPENSSL_", "PROTOCOL_BUFFERS_")
"""How environment variables begin that a process or a library reads only once, when it starts: they need a process of their own."""

POLL_SECONDS = 0.01
"""How often a module that is watched is looked at: it bounds what watching adds to a task's time."""

CLEAN_UP_SECONDS = 10.0
"""How long an interrupted module may take to clean up behind itself."""

PROFILE = "legacy"
"""How ansible-core writes the arguments and results of Python modules as JSON; it has no other way for modules."""

MODULE = __name__.replace(".plugins.action.", ".plugins.modules.")
"""The module whose link this is, as Python imports it."""


def preload(module: str) -> None:
    """Import what `module` imports, so that every fork has it: nothing is opened.  What is missing is reported when the module runs.

    Imports make only objects that stay: searching them for garbage takes a tenth of the time, and would touch pages that forks share.
    """
    collecting = gc.isenabled()
    gc.disable()
    with contextlib.suppress(Exception):
        importlib.import_module(module)
        del sys.modules[module]  # it will run as __main__
    gc.freeze()
    if collecting:
        gc.enable()


if __name__ != MODULE:
    preload(MODULE)


OrdinaryAction: t.Any = normal.ActionModule  # ansible-core has no types


class ActionModule(OrdinaryAction):  # type: ignore[misc]
    """The action of every module of the collection: an ordinary one whose module may run in a fork of this process."""

    _in_process = False
    _program: Callable[[], None]
    _while_waiting: Callable[[], None] | None = None
    """Called now and then while the module runs."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        self._in_process = self._same_in_process(task_vars or {})
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        return result

    def _same_in_process(self, task_vars: Mapping[str, t.Any]) -> bool:
        """Whether the module would run on this machine, as this user, with this Python, and with what was read at its start."""
        return (
            __version__.startswith(tuple(f"{core}." for core in KNOWN_CORES))
            and boolean(self._templar.template(task_vars.get("cdc_in_process", True)))
            and self._connection.transport == "local"
            and not self._connection.become
            and not self._task.async_val
            and not any(name.startswith(READ_AT_START) for name in self._task_environment())
            and _is_this_python(self._interpreter(task_vars))
        )

    def _interpreter(self, task_vars: Mapping[str, t.Any]) -> str:
        """The Python that the user named for the host, or that an earlier task discovered; empty when nobody knows it yet."""
        host_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, task_vars)
        interpreter = str(self._templar.template(C.config.get_config_value("INTERPRETER_PYTHON", variables=host_vars)))
        if interpreter.startswith("auto"):
            return str(host_vars.get("ansible_facts", {}).get("discovered_interpreter_python", ""))
        return interpreter

    def _task_environment(self) -> dict[str, str]:
        """What `environment:` of the task, its blocks, roles and play says."""
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return {str(name): str(value) for name, value in environment.items()}

    # The three steps that are replaced.

    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool:
        return self._in_process or bool(super()._is_pipelining_enabled(module_style, wrap_async))

    def _configure_module(self, module_name: str, module_args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> tuple[t.Any, str]:
        if not self._in_process:
            built: tuple[t.Any, str] = super()._configure_module(module_name, module_args, task_vars)
            return built
        from ansible.executor.module_common import _BuiltModule

        found = module_loader.find_plugin_with_context(module_name, ".py", collection_list=self._task.collections)
        encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
        # The run's own temporary folder: a module warns when it has to make `remote_tmp`, which an ordinary execution would have made.
        # ansible-core makes its constants at run time, so mypy sees none.
        arguments = {**module_args, "_ansible_remote_tmp": C.DEFAULT_LOCAL_TMP}  # type: ignore[attr-defined]
        self._program = functools.partial(
            _run_module,
            module=str(found.plugin_resolved_name),
            arguments=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode(),
            environment=self._task_environment(),
            folder=self._loader.get_basedir(),
        )
        bits = _BuiltModule(b_module_data=b"", module_style="new", shebang=f"#!{sys.executable}", serialization_profile=PROFILE)
        return bits, str(found.plugin_resolved_path)

    def _low_level_execute_command(self, cmd: str, *args: t.Any, **kwargs: t.Any) -> dict[str, t.Any]:
        if self._in_process:
            return run_forked(self._program, self._while_waiting)
        outcome: dict[str, t.Any] = super()._low_level_execute_command(cmd, *args, **kwargs)
        return outcome


def _is_this_python(interpreter: str) -> bool:
    """Whether `interpreter` is this process's: the same program in the same folder, since the folder decides the virtual environment."""
    return bool(interpreter) and _program_file(interpreter) == _program_file(sys.executable)


def _program_file(interpreter: str) -> tuple[str, str]:
    return os.path.realpath(os.path.dirname(interpreter)), os.path.realpath(interpreter)


def run_forked(program: Callable[[], None], while_waiting: Callable[[], None] | None = None) -> dict[str, t.Any]:
    """Run `program` in a fork of this process.  Gives back its `rc`, `stdout` and `stderr`, as for a command.

    while_waiting: called now and then until the program ends.

    What the program does to itself (environment, working directory, globals, exit, crash) ends with the fork.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if child == 0:
            _become_program(program, stdout.fileno(), stderr.fileno())
        try:
            status = _wait(child, while_waiting)
        except BaseException:  # the task's timeout is one, a person's Ctrl-C another
            _end(child)
            raise
        stdout.seek(0)
        stderr.seek(0)
        rc = os.waitstatus_to_exitcode(status)
        return {
            "rc": rc if rc >= 0 else 128 - rc,  # how a shell reports the end by a signal
            "stdout": stdout.read().decode(errors="replace"),
            "stderr": stderr.read().decode(errors="replace"),
        }


def _wait(child: int, while_waiting: Callable[[], None] | None) -> int:
    """Wait for the child to end; its status."""
    while while_waiting is not None:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        while_waiting()
        time.sleep(POLL_SECONDS)
    return os.waitpid(child, 0)[1]


def _end(child: int) -> None:
    """End the fork as Ctrl-C ends a program, so that a module can clean up behind itself (a key that was not stored yet); then by force."""
    os.kill(child, signal.SIGINT)
    deadline = time.monotonic() + CLEAN_UP_SECONDS
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
        time.sleep(0.02)


def _become_program(program: Callable[[], None], stdout: int, stderr: int) -> t.NoReturn:
    """Do what the start and the end of a Python process do around `program`.  Nothing of the worker's may run after it."""
    rc = 1
    try:
        for number in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        atexit._clear()
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        try:
            program()
            rc = 0
        except SystemExit as end:
            rc = end.code if isinstance(end.code, int) else int(end.code is not None)
        atexit._run_exitfuncs()
    except BaseException:
        rc = 1
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(rc)


def _run_module(module: str, arguments: bytes, environment: Mapping[str, str], folder: str) -> None:
    """Run a Python module of Ansible as the program that ansible-core would have built of it.

    module: as Python imports it.  arguments: as JSON.  folder: the working directory.
    """
    from ansible.module_utils import _internal
    from ansible.module_utils._internal import _traceback
    from ansible.module_utils._internal._ansiballz import _loader

    # The controller changes these so that warnings go to its screen and tracebacks follow its settings.
    _internal.is_controller = False
    _traceback._is_traceback_enabled = _traceback._is_module_traceback_enabled
    os.environ.update(environment)
    os.chdir(folder)
    _loader.run_module(json_params=arguments, profile=PROFILE, module_fqn=module, modlib_path="", extensions={})
