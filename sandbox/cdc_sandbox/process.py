"""Long-running programs of the sandbox: started in the background, found again by a pid file, and stopped completely."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SandboxError
from .settings import Settings


@dataclass(frozen=True)
class Daemon:
    """One long-running program.

    name: names its pid file and its log.
    command: program and arguments; never passes through a shell.
    user: numeric user and group id to run as, or None for the caller's.
    environment: added to the caller's environment.
    stop_signal: sent first; SIGKILL follows after `stop_seconds`.
    """

    settings: Settings
    name: str
    command: Sequence[str]
    user: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0

    @property
    def log(self) -> Path:
        return self.settings.logs / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.settings.state / "pids" / f"{self.name}.pid"

    def pid(self) -> int | None:
        """The process id if the program runs.  A pid that now belongs to another program does not count."""
        return running_pid(self.pid_file)

    def state(self, answers: Callable[[], bool] = lambda: True) -> str:
        """What `status` says: "running", "not answering" when its process is there but `answers()` is not true, or "down"."""
        if self.pid() is None:
            return "down"
        return "running" if answers() else "not answering"

    def start(self) -> None:
        """Start the program unless it runs.  Its three streams are redirected, so it keeps no pipe of the caller's open."""
        if self.pid() is not None:
            return
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # Programs that are stopped may leave temporary files, such as the Kubernetes client's copies of certificates.
        temporary = self.settings.state / "tmp"
        temporary.mkdir(exist_ok=True)
        temporary.chmod(0o1777)
        # The child writes its own pid before exec, so that no process is lost if this command is killed at any moment.
        with self.log.open("ab") as log, self.pid_file.open("w") as pid_file:
            subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "TMPDIR": str(temporary), **self.environment},
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user is not None else None,
                preexec_fn=lambda: _write_pid(pid_file.fileno()),
            )

    def wait_ready(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()` is true; fail immediately if the program exits, with the last lines of its log."""
        wait_until(ready, seconds, f"{self.name} did not answer within {seconds:.0f} s; its log is {self.log}", alive=self._still_there)

    def stop(self) -> None:
        """Stop the program if it runs, and forget it."""
        stop_pid_file(self.pid_file, self.stop_signal, self.stop_seconds)

    def _still_there(self) -> None:
        if self.pid() is None:
            raise SandboxError(f"{self.name} ended while starting; the end of {self.log}:\n{tail(self.log)}")


def wait_until(
    condition: Callable[[], bool], seconds: float, message: str, alive: Callable[[], None] | None = None, interval: float = 0.05
) -> None:
    """Wait for `condition()`; raise SandboxError(message) after `seconds`.  `alive()` may raise to give up earlier."""
    deadline = time.monotonic() + seconds
    while not condition():
        if alive is not None:
            alive()
        if time.monotonic() > deadline:
            raise SandboxError(message)
        time.sleep(interval)


def running_pid(pid_file: Path) -> int | None:
    """The pid in `pid_file` if that very process still runs (its start time is compared, too)."""
    try:
        text = pid_file.read_text().split()
    except FileNotFoundError:
        return None
    if len(text) != 2 or _start_time(int(text[0])) != text[1]:
        return None
    return int(text[0])


def stop_pid_file(pid_file: Path, stop_signal: signal.Signals = signal.SIGTERM, seconds: float = 10.0) -> None:
    """Stop the process (and its session) named by `pid_file`, if it runs, and remove the file."""
    pid = running_pid(pid_file)
    if pid is not None:
        os.kill(pid, stop_signal)
        deadline = time.monotonic() + seconds
        while running_pid(pid_file) is not None:
            if time.monotonic() > deadline:
                os.killpg(pid, signal.SIGKILL)
            time.sleep(0.02)
    pid_file.unlink(missing_ok=True)


def processes_in(folder: Path) -> list[int]:
    """Pids of the processes whose working directory is `folder`; without root, of the caller's own."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == folder:
                found.append(int(link.parent.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is another user's
    return found


def _write_pid(file: int) -> None:
    os.write(file, f"{os.getpid()} {_start_time(os.getpid())}\n".encode())


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"


def _start_time(pid: int) -> str:
    """Start time of a process in clock ticks since boot (proc(5), field 22), or "" when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    if fields[0] == "Z":
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass
        return ""
    return fields[19]
