"""How a test of this folder talks to a cluster: as a client does, over TCP."""

from __future__ import annotations

from typing import Any

import psycopg
from cdc_sandbox.postgresql.cluster import Cluster

PASSWORD = "made-up-of-postgres"


def connect(cluster: Cluster, user: str = "postgres", password: str = PASSWORD, **options: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A client's connection to the private address."""
    parameters = {"sslmode": "require", "dbname": "postgres", "connect_timeout": "5", **options}
    host = cluster.addresses()["PRIVATE"]
    return psycopg.connect(host=host, port=cluster.port, user=user, password=password, autocommit=True, **parameters)  # type: ignore[arg-type]


def ask(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
