"""A cluster behaves like a Cloud SQL instance: TLS, roles, replication rights, flags, addresses, and a life over restarts."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from cdc_sandbox import cli
from cdc_sandbox.errors import SandboxError
from cdc_sandbox.postgresql import cluster as clusters
from cdc_sandbox.postgresql.cluster import Cluster, Definition
from cdc_sandbox.postgresql.programs import service_user
from cdc_sandbox.process import processes_in, wait_until
from cdc_sandbox.settings import Settings
from postgresql_client import PASSWORD, ask, connect


def test_tls_with_the_instance_ca(cluster: Cluster) -> None:
    ca = str(cluster.folder / "tls" / "ca.crt")
    with connect(cluster, sslmode="verify-ca", sslrootcert=ca) as connection:
        assert ask(connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is True
    with pytest.raises(psycopg.OperationalError, match='server certificate for "demo-project:orders" does not match host name'):
        connect(cluster, sslmode="verify-full", sslrootcert=ca)


def test_strict_verification_accepts_the_instance_certificate(cluster: Cluster) -> None:
    """What Python 3.13 does by default.  PostgreSQL's TLS begins after an SSLRequest (protocol documentation, 55.2.10)."""
    context = ssl.create_default_context(cadata=cluster.server_ca)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_connection((cluster.addresses()["PRIVATE"], cluster.port), timeout=10) as plain:
        plain.sendall(struct.pack("!ii", 8, 80877103))
        assert plain.recv(1) == b"S"
        with context.wrap_socket(plain) as wrapped:
            assert wrapped.version() == "TLSv1.3"


def test_listens_on_both_addresses_and_nowhere_else(cluster: Cluster) -> None:
    assert cluster.addresses() == {"PRIMARY": "127.78.2.1", "PRIVATE": "127.78.1.1"}
    for host in cluster.addresses().values():
        psycopg.connect(host=host, user="postgres", password=PASSWORD, dbname="postgres").close()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(host="127.78.3.1", user="postgres", password=PASSWORD, dbname="postgres")


def test_the_password_counts(cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(cluster, password="wrong")


def test_cloudsqladmin_cannot_come_over_tcp(cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="pg_hba.conf rejects connection"):
        connect(cluster, user="cloudsqladmin")


def test_roles_are_those_of_cloud_sql(cluster: Cluster) -> None:
    query = (
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication FROM pg_roles "
        "WHERE rolname IN ('postgres', 'cloudsqlsuperuser', 'cloudsqladmin', 'app')"
    )
    with connect(cluster) as connection:
        found = {row[0]: row[1:] for row in connection.execute(query)}
        assert found == {
            "cloudsqladmin": (True, True, True, True, True),
            "cloudsqlsuperuser": (False, True, True, False, False),
            "postgres": (False, True, True, True, True),
            "app": (False, True, True, True, False),
        }
        assert ask(connection, "SELECT pg_has_role('app', 'cloudsqlsuperuser', 'MEMBER')") is True
        assert ask(connection, "SELECT pg_has_role('cloudsqlsuperuser', 'pg_monitor', 'MEMBER')") is True
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table pg_authid"):
            connection.execute("SELECT * FROM pg_authid")


def test_postgres_can_make_a_replication_user(cluster: Cluster) -> None:
    with connect(cluster) as connection:
        connection.execute("CREATE USER debezium WITH REPLICATION LOGIN IN ROLE cloudsqlsuperuser PASSWORD 'made-up-too'")
        assert ask(connection, "SELECT rolreplication FROM pg_roles WHERE rolname = 'debezium'") is True
    with connect(cluster, "debezium", "made-up-too", replication="database") as connection:
        assert ask(connection, "SHOW server_version").startswith("16.")


def test_a_user_of_the_api_cannot_make_a_replication_user(cluster: Cluster) -> None:
    with connect(cluster, "app", "made-up-of-app") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied to create role"):
            connection.execute("CREATE ROLE other REPLICATION LOGIN")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied to alter role"):
            connection.execute("ALTER ROLE app REPLICATION")


def test_postgres_owns_what_it_needs_for_a_publication(cluster: Cluster) -> None:
    with connect(cluster) as connection:
        connection.execute("CREATE TABLE public.orders (id int PRIMARY KEY)")
        connection.execute("CREATE PUBLICATION orders FOR TABLE public.orders")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE PUBLICATION everything FOR ALL TABLES")


def test_logical_decoding_restarts_the_server(cluster: Cluster) -> None:
    with connect(cluster) as connection:
        assert ask(connection, "SHOW wal_level") == "replica"
    before = cluster.daemon.pid()
    cluster.configure(replace(cluster.definition, flags={"cloudsql.logical_decoding": "on", "max_wal_senders": "20"}))
    assert cluster.daemon.pid() != before
    with connect(cluster) as connection:
        assert ask(connection, "SHOW wal_level") == "logical"
        assert ask(connection, "SHOW max_wal_senders") == "20"
        assert ask(connection, "SHOW cloudsql.logical_decoding") == "on"
        assert (
            ask(connection, "SELECT plugin FROM pg_create_logical_replication_slot('slot_1', 'pgoutput'), pg_replication_slots")
            == "pgoutput"
        )
        connection.execute("SELECT pg_drop_replication_slot('slot_1')")


def test_a_flag_that_needs_no_restart_causes_none(cluster: Cluster) -> None:
    before = cluster.daemon.pid()
    cluster.configure(replace(cluster.definition, flags={**cluster.definition.flags, "log_min_duration_statement": "500"}))
    assert cluster.daemon.pid() == before
    with connect(cluster) as connection:
        assert ask(connection, "SHOW log_min_duration_statement") == "500ms"


def test_encrypted_only_refuses_plain_connections(cluster: Cluster) -> None:
    connect(cluster, sslmode="disable").close()
    cluster.configure(replace(cluster.definition, ssl_mode="ENCRYPTED_ONLY"))
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(cluster, sslmode="disable")
    connect(cluster).close()


def test_the_public_address_goes_away(cluster: Cluster) -> None:
    cluster.configure(replace(cluster.definition, public=False))
    assert cluster.addresses() == {"PRIVATE": "127.78.1.1"}
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(host="127.78.2.1", user="postgres", password=PASSWORD, dbname="postgres")


def test_no_password_reaches_the_log(cluster: Cluster) -> None:
    text = cluster.daemon.log.read_text()
    assert "ready to accept connections" in text
    assert PASSWORD not in text
    assert "SCRAM-SHA-256" not in text


def test_a_stopped_cluster_is_found_and_started_again(cluster: Cluster) -> None:
    clusters.stop_all(cluster.settings)
    assert clusters.status(cluster.settings) == [("orders", "16.14", "127.78.1.1", "stopped")]
    again = Cluster(cluster.settings, "orders")
    again.start()
    assert clusters.status(cluster.settings) == [("orders", "16.14", "127.78.1.1", "running")]
    connect(again).close()


def test_status_names_an_instance_that_clients_cannot_reach(cluster: Cluster) -> None:
    """As when its address was taken off the loopback link: the server answers on its socket and no client gets through."""
    settings = replace(cluster.settings, private_instance_network="127.78.9", google_port=1, pubsub_port=1)
    assert [row[3] for row in clusters.status(settings)] == ["unreachable at 127.78.9.1:5432"]
    with pytest.raises(SandboxError, match=r"orders \(unreachable at 127\.78\.9\.1:5432\)"):
        cli.status(settings)


def test_two_clusters_have_their_own_certificate_authority(cluster: Cluster) -> None:
    other = Cluster(cluster.settings, "other")
    other.create(Definition(2, "demo-project:other", private=True, public=False))
    try:
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            connect(other, sslmode="verify-ca", sslrootcert=str(cluster.folder / "tls" / "ca.crt"))
        with pytest.raises(SandboxError, match="other is there already"):
            other.create(other.definition)
    finally:
        other.remove()
    assert not other.folder.exists()


def test_nothing_is_left_of_a_cluster_that_cannot_start(cluster: Cluster) -> None:
    broken = Cluster(cluster.settings, "broken")
    with pytest.raises(SandboxError, match="ended while starting"):
        broken.create(Definition(3, "demo-project:broken", flags={"max_connections": "nonsense"}))
    assert not broken.exists()
    assert not broken.running()


def test_a_server_that_was_killed_leaves_no_process_and_no_shared_memory_when_it_is_stopped(settings: Settings) -> None:
    killed = Cluster(settings, "killed")
    killed.create(Definition(9, "demo-project:killed"))
    segment = (killed.data / "postmaster.pid").read_text().splitlines()[6].split()
    with killed.connect() as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGSTOP)  # it cannot see that its server is gone
        pid = killed.daemon.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not killed.running(), 10, "it goes on")
        assert next(row[3] for row in clusters.status(settings) if row[0] == "killed") == "down"
        killed.stop()
    assert processes_in(killed.data) == []
    assert segment not in [line.split()[:2] for line in Path("/proc/sysvipc/shm").read_text().splitlines()]
    killed.start()
    with killed.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    killed.remove()


def test_a_killed_server_starts_again_when_another_program_has_got_its_pid(settings: Settings) -> None:
    """As after a power cut, and while nobody has taken note of the killed process yet: PostgreSQL sees a process with that number."""
    killed = Cluster(settings, "numbered")
    killed.create(Definition(10, "demo-project:numbered"))
    pid = killed.daemon.pid()
    assert pid is not None
    with subprocess.Popen(["sleep", "100"], user=service_user()) as other:
        try:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not killed.running(), 10, "it goes on")
            (lock,) = killed.socket_folder.glob(".s.PGSQL.*.lock")
            lock.write_text(lock.read_text().replace(str(pid), str(other.pid), 1))
            killed.start()
        finally:
            other.kill()
    with killed.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    killed.remove()
