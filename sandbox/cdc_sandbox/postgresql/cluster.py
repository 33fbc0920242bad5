"""One PostgreSQL cluster per Cloud SQL instance: created, configured, started, stopped, found again and removed."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg
from psycopg.pq import PGconn, Ping

from .. import addresses as local_addresses
from ..command import run
from ..errors import SandboxError
from ..process import Daemon, processes_in, tail, wait_until
from ..settings import Settings
from . import configuration, programs, roles, tls
from .roles import Connection

START_SECONDS = 60.0
STOP_SECONDS = 15.0
"""How long a fast shutdown may take; then PostgreSQL is killed, and recovers at its next start."""


@dataclass(frozen=True)
class Definition:
    """The definition of a cluster, stored in its folder, so that it can be started and stopped without further information.

    number: 1 to 254; its addresses end in it, and the folder of its unix socket is named after it (a socket's path has at most 107 bytes).
    common_name: of the server certificate: `project:instance`.
    public: whether it also listens on its public address.
    ssl_mode: one of `configuration.SSL_MODES`.
    flags: database flags.
    """

    number: int
    common_name: str
    private: bool = False
    public: bool = True
    ssl_mode: str = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cluster:
    """The cluster of the Cloud SQL instance `name`.  port: TCP port on the instance's own addresses."""

    settings: Settings
    name: str
    port: int = 5432

    @property
    def folder(self) -> Path:
        return root(self.settings) / self.name

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def server_ca(self) -> str:
        """The CA certificate of the instance, PEM."""
        return (self.folder / "tls" / "ca.crt").read_text()

    @property
    def definition(self) -> Definition:
        return Definition(**json.loads((self.folder / "cluster.json").read_text()))

    @property
    def socket_folder(self) -> Path:
        return self.settings.state / "run" / str(self.definition.number)

    @property
    def daemon(self) -> Daemon:
        """The server's process.  SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave."""
        executable = programs.Programs(self.settings.cache / f"postgresql-{programs.VERSION}").postgres
        command = [str(executable), "-D", str(self.data)]
        user = programs.service_user()
        return Daemon(self.settings, f"postgresql-{self.name}", command, user=user, stop_signal=signal.SIGINT, stop_seconds=STOP_SECONDS)

    def addresses(self) -> dict[str, str]:
        """The instance's addresses by Cloud SQL's type, PRIMARY (public) first."""
        definition = self.definition
        found = {}
        if definition.public:
            found["PRIMARY"] = f"{self.settings.public_instance_network}.{definition.number}"
        if definition.private:
            found["PRIVATE"] = f"{self.settings.private_instance_network}.{definition.number}"
        return found

    def exists(self) -> bool:
        return (self.folder / "cluster.json").exists()

    def running(self) -> bool:
        return self.daemon.pid() is not None

    def state(self) -> str:
        """What `status` says: as of any program, "stopped" when that was asked for, and which of its addresses clients cannot reach."""
        if not self.daemon.pid_file.exists():
            return "stopped"
        state = self.daemon.state(self._answers)
        unreachable = [f"{address}:{self.port}" for address in self.addresses().values() if not self._serves(address)]
        return f"unreachable at {', '.join(unreachable)}" if state == "running" and unreachable else state

    def create(self, definition: Definition) -> None:
        """Create the cluster, with Cloud SQL's roles, and start it.  If that fails, nothing is left of it."""
        if self.exists():
            raise SandboxError(f"PostgreSQL cluster {self.name} is there already")
        installed = programs.install(self.settings)
        programs.check_reachable(self.settings.state)
        user = programs.service_user()
        try:
            _make_open(root(self.settings))
            _make_open(self.folder)
            subprocess.run(["cp", "-a", "--reflink=auto", str(installed.template), str(self.data)], check=True, capture_output=True)
            tls.create(self.folder / "tls", definition.common_name, user)
            self._define(definition)
            self.start()
            with self.connect() as connection:
                roles.create_initial(connection)
        except BaseException:
            self.remove()
            raise

    def configure(self, definition: Definition, restart: bool = True) -> None:
        """Change the definition and apply it to the running server: by a reload where that is enough, else by a restart.

        restart: False defers what needs a restart (except for addresses) to the next one.
        """
        before = self.definition
        self._define(definition)
        if not self.running():
            return
        if (before.private, before.public) != (definition.private, definition.public):
            self.restart()
            for address in set(self.all_addresses()) - set(self.addresses().values()):
                local_addresses.release(self.settings, address)
            return
        with self.connect() as connection:
            connection.execute("SELECT pg_reload_conf()")
        if restart and self._restart_needed():
            self.restart()

    def start(self) -> None:
        """Start the server unless it runs, with its addresses, and wait until it answers."""
        for address in self.addresses().values():
            local_addresses.ensure(self.settings, address)
        if self.running():
            return
        programs.install(self.settings)
        self._write_configuration()
        self._end_leftovers()
        daemon = self.daemon
        daemon.start()
        daemon.wait_ready(self._answers, START_SECONDS)

    def stop(self) -> None:
        """Stop the server if it runs.  Its addresses stay: a stopped Cloud SQL instance keeps them."""
        self.daemon.stop()
        self._end_leftovers()

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop the server and remove everything but its log."""
        if self.exists():
            self.stop()
            shutil.rmtree(self.socket_folder, ignore_errors=True)
            for address in self.all_addresses():
                local_addresses.release(self.settings, address)
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def connect(self, database: str = "postgres", user: str = programs.ADMIN, seconds: int = 10) -> Connection:
        """An autocommit connection over the unix socket: as Cloud SQL's superuser, whose statements are not logged, or as `user`.

        seconds: how long to wait for the server.
        """
        quiet = "-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic"
        return psycopg.connect(
            host=str(self.socket_folder),
            port=self.port,
            user=user,
            dbname=database,
            options=quiet if user == programs.ADMIN else "",
            connect_timeout=seconds,
            autocommit=True,
        )

    def log(self) -> str:
        """The last lines of the server's log."""
        return tail(self.daemon.log)

    def _define(self, definition: Definition) -> None:
        self._write(self.folder / "cluster.json", json.dumps(asdict(definition)))
        self._write_configuration()

    def _write_configuration(self) -> None:
        definition, settings, user = self.definition, self.settings, programs.service_user()
        _make_open(self.socket_folder.parent)
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            os.chown(self.socket_folder, user, user)
        values = configuration.server_settings(
            list(self.addresses().values()), self.port, self.socket_folder, self.folder / "tls", definition.flags
        )
        networks = ["127.0.0.0/8", settings.pod_subnet, f"{settings.node_address}/32"]
        networks += [f"{prefix}.0/24" for prefix in (settings.private_instance_network, settings.public_instance_network)]
        self._write(self.data / "postgresql.conf", configuration.postgresql_conf(values))
        self._write(self.data / "pg_hba.conf", configuration.pg_hba_conf(definition.ssl_mode, networks))
        self._write(self.data / "pg_ident.conf", configuration.pg_ident_conf(pwd.getpwuid(os.geteuid()).pw_name))

    @staticmethod
    def _write(path: Path, text: str) -> None:
        new = path.with_name(path.name + ".new")
        new.write_text(text)
        new.chmod(0o644)
        new.replace(path)

    def _answers(self) -> bool:
        try:
            self.connect(seconds=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _serves(self, address: str) -> bool:
        """Whether the server answers a client at `address`; what the answer is does not matter."""
        return PGconn.ping(f"hostaddr={address} port={self.port} connect_timeout=2".encode()) == Ping.OK

    def _restart_needed(self) -> bool:
        """Whether the files have settings that the running server applies only at its start.

        `pg_file_settings` compares the files as they are now; `pg_settings.pending_restart` would lag behind the reload.
        """
        with self.connect() as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_file_settings f LEFT JOIN pg_settings s USING (name) "
                "WHERE f.error LIKE '%without restarting%' OR (f.error IS NOT NULL AND s.context = 'postmaster')"
            ).fetchone()
        return bool(row and row[0])

    def _end_leftovers(self) -> None:
        """End the backends of a killed server: a busy one does not notice at once that its server is gone.

        A new server beside it would corrupt the data (https://www.postgresql.org/docs/16/server-start.html).
        """
        if self.running():
            return
        for pid in processes_in(self.data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not processes_in(self.data), STOP_SECONDS, f"A process of the killed PostgreSQL {self.name} does not end.")
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists():
            _remove_shared_memory(pid_file.read_text().splitlines())
            pid_file.unlink()
        # The socket's lock has only the pid of the killed server, which another program may have by now.
        for left in self.socket_folder.glob(".s.PGSQL.*"):
            left.unlink()

    def all_addresses(self) -> list[str]:
        """Every address that the instance can have; an interrupted change may have left one that it no longer has."""
        number = self.definition.number
        return [f"{prefix}.{number}" for prefix in (self.settings.private_instance_network, self.settings.public_instance_network)]


def root(settings: Settings) -> Path:
    """The folder of all clusters."""
    return settings.state / "postgresql"


def clusters(settings: Settings) -> list[Cluster]:
    """All existing clusters, by name."""
    return [Cluster(settings, path.parent.name) for path in sorted(root(settings).glob("*/cluster.json"))]


def stop_all(settings: Settings) -> None:
    """Stop all clusters and take their addresses off the loopback link.  Their data stays."""
    for cluster in clusters(settings):
        cluster.stop()
        for address in cluster.all_addresses():
            local_addresses.release(settings, address)


def status(settings: Settings) -> list[tuple[str, str, str, str]]:
    """A row for each cluster: name, version of PostgreSQL, addresses and state."""
    return [
        (
            cluster.name,
            programs.VERSION.removesuffix(".0"),
            ", ".join(cluster.addresses().values()),
            cluster.state(),
        )
        for cluster in clusters(settings)
    ]


def _make_open(folder: Path) -> None:
    """Create a folder that PostgreSQL's user can traverse, regardless of the umask."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)


def _remove_shared_memory(pid_file: Sequence[str]) -> None:
    """Remove the System V segment of a killed server; line 7 of its postmaster.pid holds key and id."""
    wanted = pid_file[6].split() if len(pid_file) > 6 else []
    present = [line.split()[:2] for line in Path("/proc/sysvipc/shm").read_text().splitlines()]
    if wanted in present:
        run(["ipcrm", "--shmem-id", wanted[1]])
