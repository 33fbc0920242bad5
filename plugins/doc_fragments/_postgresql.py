# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that every PostgreSQL module shares.  PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  login_host:
    description:
      - Host name or address of the server. M(cdc.gcp.cloudsql_connection_info) returns it.
      - It may be empty in check mode only, which then plans as if O(server_exists=false).
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
    description: Password of O(login_user). Without it, libpq looks into its password file.
    type: str
  login_db:
    description: Database to work in.
    type: str
    required: true
  ssl_mode:
    description:
      - How the connection is protected, as libpq's C(sslmode).
      - Use V(verify-ca) with a Cloud SQL instance that has a certificate authority of its own. Its certificate names no host, so
        V(verify-full) fails there.
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
    default: verify-ca
  ca_certificate:
    description:
      - The server's CA certificate, as PEM. Needed with O(ssl_mode=verify-ca) and O(ssl_mode=verify-full).
      - It is in a private temporary file while the connection is being made.
    type: str
  connect_timeout:
    description: Seconds that making a connection may take.
    type: int
    default: 10
  server_exists:
    description:
      - Set it to V(false) in check mode when an earlier task would make the server and has not, because of check mode. The module then
        connects to nothing and plans to create everything.
      - V(false) is an error in a real run.
    type: bool
    default: true
  login_exists:
    description:
      - Set it to V(false) in check mode when an earlier task would make the login role, or set its password, and has not, because of check
        mode. If the log-in is then refused, the module plans to create everything, and warns.
      - It is an option because PostgreSQL does not tell a missing role from a wrong password. Real runs do not look at it.
      - A missing database needs no option. Check mode then plans to create everything.
    type: bool
    default: true
requirements:
  - python >= 3.11
  - psycopg >= 3.2
notes:
  - A statement that waits more than 30 seconds for a lock of somebody else fails, rather than make the application wait behind it.
"""
