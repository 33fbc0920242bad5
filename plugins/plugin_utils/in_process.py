# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action plugin of all modules: runs a module in a fork of Ansible's worker instead of building and starting a program for each task.

plugins/action contains a link to this file for every module, under the module's name, so that module_defaults finds the module in its
action groups; a redirect in meta/runtime.yml would merge the groups.  A task runs in a fork if its connection is local and its interpreter
is the controller's own Python.  The fork has already imported the module's libraries, because Ansible's strategy loads this file before it
starts a worker.  Other tasks, and all tasks with the variable `cdc_in_process: false`, run like those of any other module.

Only three steps of an ordinary execution are replaced: building the module, transferring it, and starting it.  Arguments, environment,
working directory, output and result pass through the same functions of ansible-core.
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
"""Releases of ansible-core that this file was tested with.  It uses private functions, so with other releases modules run as usual."""

READ_AT_START = ("PYTHON", "LD_", "LANG", "LC_", "TZ", "GRPC_", "OPENSSL_", "PROTOCOL_BUFFERS_")
"""Prefixes of environment variables that a process or a library reads only when it starts; such a task needs a new process."""

POLL_SECONDS = 0.01
"""Interval at which a watched module is polled, which is the most that watching adds to a task's time."""

CLEAN_UP_SECONDS = 10.0
"""How long an interrupted module may take to clean up."""

PROFILE = "legacy"
"""ansible-core's JSON profile for the arguments and results of Python modules; there is no other one for modules."""

MODULE = __name__.replace(".plugins.action.", ".plugins.modules.")
"""Python name of the module to which this link belongs."""


def preload(module: str) -> None:
    """Import what `module` imports, so that every fork has it.  Opens no connection.  The module itself reports missing libraries.

    Imported objects stay alive: collecting garbage among them takes a tenth of the time, and would write to pages that forks share.
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
    """The action of every module of the collection: like the default action, but the module may run in a fork of this process."""

    _in_process = False
    _program: Callable[[], None]
    _while_waiting: Callable[[], None] | None = None
    """Called repeatedly while the module runs."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        self._in_process = self._same_in_process(task_vars or {})
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        return result

    def _same_in_process(self, task_vars: Mapping[str, t.Any]) -> bool:
        """Whether the module would run on this machine, as this user, with this Python, and with the environment of this process."""
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
        """The interpreter that the user set for the host, or that an earlier task discovered; empty if neither."""
        host_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, task_vars)
        interpreter = str(self._templar.template(C.config.get_config_value("INTERPRETER_PYTHON", variables=host_vars)))
        if interpreter.startswith("auto"):
            return str(host_vars.get("ansible_facts", {}).get("discovered_interpreter_python", ""))
        return interpreter

    def _task_environment(self) -> dict[str, str]:
        """The `environment:` of the task, its blocks, roles and play."""
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
        # The run's own temporary directory: a module warns if it creates `remote_tmp`, which ordinary execution would have done.
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
    """Whether `interpreter` is that of this process: the same program in the same directory, which determines the virtual environment."""
    return bool(interpreter) and _program_file(interpreter) == _program_file(sys.executable)


def _program_file(interpreter: str) -> tuple[str, str]:
    return os.path.realpath(os.path.dirname(interpreter)), os.path.realpath(interpreter)


def run_forked(program: Callable[[], None], while_waiting: Callable[[], None] | None = None) -> dict[str, t.Any]:
    """Run `program` in a fork of this process.  Returns its `rc`, `stdout` and `stderr`, as for a command.

    while_waiting: called repeatedly until the program ends.

    Whatever the program changes in its process (environment, working directory, globals) is gone with the fork, as after a crash or exit.
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
    """Wait for the child to end, and return its status."""
    while while_waiting is not None:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        while_waiting()
        time.sleep(POLL_SECONDS)
    return os.waitpid(child, 0)[1]


def _end(child: int) -> None:
    """Interrupt the fork like Ctrl-C, so that a module can clean up (delete a key that it did not store); kill it if it takes too long."""
    os.kill(child, signal.SIGINT)
    deadline = time.monotonic() + CLEAN_UP_SECONDS
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
        time.sleep(0.02)


def _become_program(program: Callable[[], None], stdout: int, stderr: int) -> t.NoReturn:
    """Run `program` with the start and the end of a Python process around it.  None of the worker's code may run after it."""
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
    """Run an Ansible module as the program that ansible-core would have built from it.

    module: its Python name.  arguments: as JSON.  folder: the working directory.
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
