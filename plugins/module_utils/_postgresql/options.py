# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every PostgreSQL module shares.  PRIVATE to the collection.  Documented in plugins/doc_fragments/_postgresql.py."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._database_rules import SSL_MODES
from .._reconcile.errors import InvalidInput
from .._reconcile.secret import Secret

if t.TYPE_CHECKING:
    from .connection import Sessions


def argument_spec(**extra: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The shared options and `extra`, the module's own."""
    return {
        "login_host": {"type": "str"},
        "login_port": {"type": "int", "default": 5432},
        "login_user": {"type": "str", "required": True},
        "login_password": {"type": "str", "no_log": True},
        "login_db": {"type": "str", "required": True},
        "ssl_mode": {"type": "str", "default": "verify-ca", "choices": list(SSL_MODES)},
        "ca_certificate": {"type": "str"},
        "connect_timeout": {"type": "int", "default": 10},
        "server_exists": {"type": "bool", "default": True},
        "login_exists": {"type": "bool", "default": True},
        **extra,
    }


@dataclass(frozen=True)
class Login:
    """A role to log in as.  password: None leaves it to libpq (a password file)."""

    user: str
    password: Secret | None


@dataclass(frozen=True)
class ServerOptions:
    """Where the server is, and how to reach it.

    connect_timeout: seconds.
    absent_allowed: True in check mode, where what an earlier task would have made may be missing.
    sessions: connections that are kept for a whole plan, or None for one each time.
    """

    host: str | None
    port: int
    database: str
    ssl_mode: str
    ca_certificate: str | None
    connect_timeout: int
    server_exists: bool
    login_exists: bool
    absent_allowed: bool
    sessions: Sessions | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], check_mode: bool, sessions: Sessions | None = None) -> ServerOptions:
        """From a module's parameters.  Raises InvalidInput for what cannot work, before anything is asked."""
        host = params["login_host"] or None
        server_exists = bool(params["server_exists"] and (host or not check_mode))
        if not check_mode and not params["server_exists"]:
            raise InvalidInput("server_exists=false is for check mode; a real run needs the server.")
        if server_exists and not host:
            raise InvalidInput("login_host is empty; give the server's host name or address.")
        if server_exists and params["ssl_mode"].startswith("verify-") and not params["ca_certificate"]:
            raise InvalidInput(
                f"ssl_mode={params['ssl_mode']} needs ca_certificate, the server's CA as PEM (cloudsql_connection_info returns it); "
                "ssl_mode=require encrypts without checking who the server is."
            )
        if params["connect_timeout"] < 1:
            raise InvalidInput("connect_timeout must be at least 1 second.")
        return cls(
            host,
            params["login_port"],
            params["login_db"],
            params["ssl_mode"],
            params["ca_certificate"],
            params["connect_timeout"],
            server_exists,
            params["login_exists"],
            check_mode,
            sessions,
        )


def login(params: t.Mapping[str, t.Any], prefix: str = "login") -> Login:
    """The log-in `prefix`_user with `prefix`_password."""
    password = params[f"{prefix}_password"]
    return Login(params[f"{prefix}_user"], Secret(password) if password else None)
