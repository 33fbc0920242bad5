"""The text of a cluster's `postgresql.conf`, `pg_hba.conf` and `pg_ident.conf`, from the settings of the instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .programs import ADMIN

LOGICAL_DECODING = "cloudsql.logical_decoding"
"""The flag that sets wal_level=logical, which is not a flag itself."""

SSL_MODES = ("ALLOW_UNENCRYPTED_AND_ENCRYPTED", "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
"""settings.ipConfiguration.sslMode."""


def server_settings(
    addresses: Sequence[str], port: int, socket_folder: Path, certificates: Path, flags: Mapping[str, str]
) -> dict[str, str]:
    """Every PostgreSQL setting that differs from PostgreSQL's default.  Flags of the instance come last and win.

    flags: database flags of the instance, values as Cloud SQL has them ("on", "off", numbers as text).
    """
    wal_level = "logical" if flags.get(LOGICAL_DECODING) == "on" else "replica"
    return {
        "listen_addresses": ",".join(addresses),
        "port": str(port),
        "unix_socket_directories": str(socket_folder),
        "ssl": "on",
        "ssl_ca_file": str(certificates / "ca.crt"),
        "ssl_cert_file": str(certificates / "server.crt"),
        "ssl_key_file": str(certificates / "server.key"),
        "password_encryption": "scram-sha-256",
        "shared_buffers": "32MB",
        "dynamic_shared_memory_type": "mmap",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "wal_level": wal_level,
        **flags,
    }


def postgresql_conf(settings: Mapping[str, str]) -> str:
    """`postgresql.conf` with these settings."""
    return "".join(f"{name} = {_quote(value)}\n" for name, value in settings.items())


def pg_hba_conf(ssl_mode: str, client_networks: Sequence[str]) -> str:
    """`pg_hba.conf`: Cloud SQL's superuser over the unix socket only, everybody else with a password over TCP.

    Over the unix socket the stand-in can log in as any user, to run SQL for callers whom IAM has authenticated.

    ssl_mode: one of `SSL_MODES`.
    client_networks: networks in CIDR notation from which clients come; replication connections are allowed as well.
    """
    kind = "host" if ssl_mode == "ALLOW_UNENCRYPTED_AND_ENCRYPTED" else "hostssl"
    method = "scram-sha-256" + (" clientcert=verify-ca" if ssl_mode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" else "")
    lines = ["local all all peer map=sandbox", f"host all,replication {ADMIN} all reject"]
    lines += [f"{kind} all,replication all {network} {method}" for network in client_networks]
    return "".join(f"{line}\n" for line in lines)


def pg_ident_conf(user_name: str) -> str:
    """`pg_ident.conf`: the operating system's user `user_name`, who runs the stand-in, may be any user on the unix socket."""
    return f'sandbox "{user_name}" all\n'


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"
