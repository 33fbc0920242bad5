# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about databases that SQL and Debezium's properties share.  PRIVATE to the collection."""

from __future__ import annotations

import re

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""libpq's sslmode, and Debezium's `database.sslmode`."""

PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""Names that need no quotes: Debezium writes them into its own SQL and into a JDBC URL as they are."""

IDENTIFIER_BYTES = 63
"""PostgreSQL cuts longer identifiers without an error (manual, "Identifiers and Key Words": NAMEDATALEN)."""


def identifier_problem(name: str) -> str:
    """What is wrong with the length of an identifier, as the end of a sentence that begins with its option; "" when it is right."""
    length = len(name.encode())
    return "" if 1 <= length <= IDENTIFIER_BYTES else f"must be 1 to {IDENTIFIER_BYTES} bytes long, not {length}"
