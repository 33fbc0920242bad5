# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about databases that SQL and Debezium's properties share.  PRIVATE to the collection."""

from __future__ import annotations

import re

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""libpq's sslmode, and Debezium's `database.sslmode`."""

FIRST_USER = "postgres"
"""The user that Cloud SQL makes with each instance, and whose password is the instance's root password."""

OWN_DATABASES = ("cloudsqladmin", "template0", "template1")
"""Databases of Cloud SQL and PostgreSQL themselves."""

RESERVED_ROLE = re.compile(r"postgres|cloudsql[a-z]+|pg_.*", re.DOTALL)
"""Roles that are not ours to make or change: Google's (`cloudsqladmin` and a dozen more), PostgreSQL's own, and Cloud SQL's first user."""

RESERVED_SCHEMA = re.compile(r"pg_.*|information_schema", re.DOTALL)
"""Schemas of PostgreSQL itself ("pg_" is reserved for system schemas: PostgreSQL's manual, CREATE SCHEMA)."""

PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""Names that need no quotes: Debezium writes them into its own SQL and into a JDBC URL as they are."""

IDENTIFIER_BYTES = 63
"""PostgreSQL cuts longer identifiers without an error (manual, "Identifiers and Key Words": NAMEDATALEN)."""


def identifier_problem(name: str) -> str:
    """What is wrong with the length of an identifier, as the end of a sentence that begins with its option; "" when it is right."""
    length = len(name.encode())
    return "" if 1 <= length <= IDENTIFIER_BYTES else f"must be 1 to {IDENTIFIER_BYTES} bytes long, not {length}"
