# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a task may run in the controller's process, and what the fork keeps apart.

That results are the same both ways is tested with Ansible itself, in tests/integration/action.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.cdc.gcp.plugins.plugin_utils import in_process
from ansible_collections.cdc.gcp.plugins.plugin_utils.in_process import ActionModule, run_forked

PLUGINS = Path(in_process.__file__).parents[1]


def action(transport: str = "local", become: object = None, async_val: int = 0, delegate_to: str | None = None) -> t.Any:
    """The action of a task, with as much of Ansible around it as the decision needs."""
    made = ActionModule.__new__(ActionModule)
    shell = SimpleNamespace(env_prefix=lambda **environment: "")
    made._connection = SimpleNamespace(transport=transport, become=become, _shell=shell)
    made._task = SimpleNamespace(async_val=async_val, delegate_to=delegate_to, environment=None)
    made._templar = SimpleNamespace(template=lambda value: value)
    return made


HERE = {"ansible_python_interpreter": sys.executable}


def test_a_local_task_with_the_same_python_runs_in_the_process() -> None:
    assert action()._same_in_process(HERE) is True


@pytest.mark.parametrize("task", [{"transport": "ssh"}, {"become": object()}, {"async_val": 10}], ids=lambda task: next(iter(task)))
def test_another_machine_user_or_a_task_in_the_background_does_not(task: dict[str, t.Any]) -> None:
    assert action(**task)._same_in_process(HERE) is False


@pytest.mark.parametrize("off", [False, "no", "false"])
def test_the_variable_switches_it_off(off: object) -> None:
    assert action()._same_in_process({**HERE, "cdc_in_process": off}) is False


def test_an_unknown_ansible_core_gets_ordinary_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "__version__", "2.190.0")
    assert action()._same_in_process(HERE) is False


@pytest.mark.parametrize(("name", "same"), [("GCP_PROJECT", True), ("PYTHONPATH", False), ("LD_LIBRARY_PATH", False), ("TZ", False)])
def test_variables_that_a_process_reads_at_its_start(name: str, same: bool) -> None:
    made = action()
    made._task.environment = [{name: "x"}]
    assert made._same_in_process(HERE) is same


@pytest.mark.parametrize("interpreter", ["auto", "auto_silent"])
def test_an_interpreter_to_be_discovered_is_unknown_until_it_is(interpreter: str) -> None:
    unknown = {"ansible_python_interpreter": interpreter}
    assert action()._same_in_process(unknown) is False
    assert action()._same_in_process({**unknown, "ansible_facts": {"discovered_interpreter_python": sys.executable}}) is True


def test_the_python_of_another_environment_is_another_python(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(os.path.realpath(sys.executable))
    assert action()._same_in_process({"ansible_python_interpreter": str(tmp_path / "bin/python")}) is False


def test_another_name_of_the_same_python_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "environment").symlink_to(Path(sys.executable).parent)
    assert action()._same_in_process({"ansible_python_interpreter": str(tmp_path / "environment" / Path(sys.executable).name)}) is True


def test_a_delegated_task_has_the_interpreter_of_the_other_host() -> None:
    other = {"ansible_delegated_vars": {"other": {"ansible_python_interpreter": "/usr/bin/other"}}}
    assert action(delegate_to="other")._same_in_process({**HERE, **other}) is False


def test_every_module_has_its_link() -> None:
    modules = {path.name for path in (PLUGINS / "modules").glob("*.py")}
    links = {path.name: path for path in (PLUGINS / "action").glob("*.py")}
    assert set(links) == modules
    own = {"pipeline.py": PLUGINS.resolve() / "action/pipeline.py"}
    assert {name: path.resolve() for name, path in links.items()} == dict.fromkeys(
        modules, PLUGINS.resolve() / "plugin_utils/in_process.py"
    ) | own


@pytest.mark.parametrize(
    ("module", "library", "foreign"),
    [
        ("cloudsql_instance", "google.auth.transport.requests", "kubernetes.client"),
        ("pubsub_topic", "google.pubsub_v1.services.publisher", "kubernetes.client"),
        ("kubernetes_object", "kubernetes.client", "psycopg"),
        ("postgresql_row", "psycopg", "google.auth"),
    ],
)
def test_the_libraries_of_a_module_are_loaded_with_its_action(module: str, library: str, foreign: str) -> None:
    """As Ansible's strategy loads it before it forks: a worker would import them again for each task."""
    program = f"""
import json, sys
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader()
action_loader.get("cdc.gcp.{module}", class_only=True)
print(json.dumps(["{library}" in sys.modules, "{foreign}" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, False], done.stderr


def test_a_fork_gives_back_what_it_wrote() -> None:
    def program() -> None:
        print("a result")
        os.write(2, b"a complaint\n")
        os.system("echo of a command")  # writes before Python's own buffer is flushed

    outcome = run_forked(program)
    assert sorted(outcome["stdout"].splitlines()) == ["a result", "of a command"]
    assert (outcome["rc"], outcome["stderr"]) == (0, "a complaint\n")


def test_large_output_is_whole() -> None:
    assert run_forked(lambda: print("x" * 1_000_000))["stdout"] == "x" * 1_000_000 + "\n"


def _raise(error: BaseException) -> t.Callable[[], None]:
    def program() -> None:
        raise error

    return program


@pytest.mark.parametrize(
    ("program", "rc"),
    [
        (_raise(SystemExit()), 0),
        (_raise(SystemExit(4)), 4),
        (_raise(ValueError("a defect")), 1),
        (_raise(KeyboardInterrupt()), 1),
        (lambda: os._exit(7), 7),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), 137),
    ],
    ids=["exit", "exit 4", "exception", "interrupt", "hard exit", "signal"],
)
def test_no_end_of_the_program_is_an_end_of_this_process(program: t.Callable[[], None], rc: int) -> None:
    assert run_forked(program)["rc"] == rc


def test_a_defect_leaves_its_traceback() -> None:
    assert "ValueError: a defect" in run_forked(_raise(ValueError("a defect")))["stderr"]


def test_the_fork_runs_its_own_exit_functions_and_none_of_this_process(tmp_path: Path) -> None:
    atexit.register((tmp_path / "of this process").touch)
    run_forked(lambda: atexit.register((tmp_path / "of the fork").touch) and None)
    assert [path.name for path in tmp_path.iterdir()] == ["of the fork"]


def test_an_interruption_ends_the_fork(tmp_path: Path) -> None:
    """Ansible's `timeout:` raises an exception from a signal while the action waits."""

    def interrupt(*_: object) -> None:
        raise TimeoutError

    def program() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        signal.pause()

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(TimeoutError):
            run_forked(program)
    finally:
        signal.signal(signal.SIGALRM, previous)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_an_interrupted_module_cleans_up_behind_itself(tmp_path: Path) -> None:
    """A service account key that was made and not stored yet is deleted when a person presses Ctrl-C."""
    started, cleaned = tmp_path / "started", tmp_path / "cleaned"

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def program() -> None:
        try:
            started.touch()
            signal.pause()
        except KeyboardInterrupt:
            cleaned.touch()
            raise

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            run_forked(program)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert started.exists()
    assert cleaned.exists()
