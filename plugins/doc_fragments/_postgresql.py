# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that every PostgreSQL module shares.  PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  login_host:
    description:
      - Host name or address of the server. M(cdc.gcp.cloudsql_connection_info) returns it.
      - It may be empty only in check mode, where it means O(server_exists=false).
    type: str
  login_port:
    description: TCP port of the server.
    type: int
    default: 5432
  login_user:
    description: Role to log in as.
    type: str
    required: true
  login_password:
    description: Password of O(login_user). Without it, libpq uses its password file.
    type: str
  login_db:
    description: Database to connect to.
    type: str
    required: true
  ssl_mode:
    description:
      - TLS mode of the connection, as libpq's C(sslmode).
      - Use V(verify-ca) for a Cloud SQL instance that has its own CA, which is the default. Its certificate does not contain a host name,
        so V(verify-full) fails.
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
    default: verify-ca
  ca_certificate:
    description:
      - CA certificate of the server, in PEM format. Required with O(ssl_mode=verify-ca) and O(ssl_mode=verify-full).
      - While the module connects, it is in a temporary file that only the current user can read.
    type: str
  connect_timeout:
    description: Seconds to wait for a connection.
    type: int
    default: 10
  server_exists:
    description:
      - Set it to V(false) in check mode if an earlier task would create the server. The module then does not connect, and plans to create
        everything.
      - V(false) is an error outside of check mode.
    type: bool
    default: true
  login_exists:
    description:
      - Set it to V(false) in check mode if an earlier task would create O(login_user) or set its password. If PostgreSQL then rejects the
        login, the module plans to create everything, and warns.
      - PostgreSQL does not distinguish a missing role from a wrong password, so the module cannot find out by itself. The option has no
        effect outside of check mode.
      - A missing database does not need an option. Check mode then plans to create everything.
    type: bool
    default: true
requirements:
  - python >= 3.11
  - psycopg >= 3.2
notes:
  - A statement that cannot get a lock within 30 seconds fails, so that the application's statements do not queue up behind it.
"""
