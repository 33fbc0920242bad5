#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module cdc.gcp.cloudsql_connection_info: options and documentation; the work is in module_utils/_cloudsql/connect.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudsql_connection_info
short_description: Get the connection info of a Cloud SQL instance
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Returns what a PostgreSQL client needs to connect to an instance, such as its address and CA certificate. Changes nothing.
  - The role C(roles/cloudsql.client) is sufficient.
  - An instance that does not exist is not an error. RV(exists) is then V(false), and the other values are null.
  - Use the TLS mode C(verify-ca) with Cloud SQL's default CA. The server's certificate names the instance, not its address, so
    C(verify-full) fails.
extends_documentation_fragment:
  - cdc.gcp._attributes
  - cdc.gcp._attributes.gcp
  - cdc.gcp._gcp
options:
  instance:
    description: Name of the Cloud SQL instance.
    type: str
    required: true
  ip_type:
    description:
      - Which address to return as RV(host). V(auto) prefers the private address to the public one.
      - The module fails if the instance does not have such an address.
    type: str
    choices: [auto, private, public]
    default: auto
attributes:
  diff_mode:
    description: The module changes nothing, so there is no difference to show.
    support: none
seealso:
  - module: cdc.gcp.cloudsql_instance
"""

EXAMPLES = r"""
- name: Get the connection info of the instance
  cdc.gcp.cloudsql_connection_info:
    project: my-project
    instance: shop
  register: connection
"""

RETURN = r"""
actions:
  description: Always empty.
  returned: success
  type: list
  elements: str
  sample: []
exists:
  description: Whether the instance exists. If it does not, all values below except RV(instance) are null.
  returned: success
  type: bool
instance:
  description: Name of the instance.
  returned: success
  type: str
host:
  description: Address to connect to.
  returned: success
  type: str
  sample: 10.20.0.3
port:
  description: Port of the PostgreSQL server.
  returned: success
  type: int
  sample: 5432
private_ip_address:
  description: Private address, or null if the instance has none.
  returned: success
  type: str
public_ip_address:
  description: Public address, or null if the instance has none.
  returned: success
  type: str
dns_name:
  description: DNS name of the instance, or null if it has none.
  returned: success
  type: str
server_ca_certificate:
  description: Certificate of the CA that signed the server's certificate, in PEM format.
  returned: success
  type: str
connection_name:
  description: Project, region and name, in the format that the Cloud SQL connectors use.
  returned: success
  type: str
  sample: my-project:europe-west1:shop
database_version:
  description: Database version of the instance.
  returned: success
  type: str
  sample: POSTGRES_16
region:
  description: Region of the instance.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cdc.gcp.plugins.module_utils._cloudsql.connect import ConnectionInfo
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.auth import GOOGLE_AUTH
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.client import REQUESTS
from ansible_collections.cdc.gcp.plugins.module_utils._gcp.options import argument_spec
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.engine import run


def main() -> None:
    """What Ansible runs."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            instance={"type": "str", "required": True},
            ip_type={"type": "str", "choices": ["auto", "private", "public"], "default": "auto"},
        ),
        supports_check_mode=True,
    )
    run(module, lambda: ConnectionInfo.from_params(module.params), libraries=(GOOGLE_AUTH, REQUESTS))


if __name__ == "__main__":
    main()
