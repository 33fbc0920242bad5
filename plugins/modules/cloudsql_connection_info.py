#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudsql_connection_info
short_description: Read host, port and CA certificate of a Cloud SQL instance
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Reads what a PostgreSQL client needs to connect. Changes nothing.
  - It needs no more than the role C(roles/cloudsql.client) for an instance that exists.
  - An instance that does not exist is no error; the result then has RV(exists=false) and nulls.
  - With the default CA of Cloud SQL use the TLS mode C(verify-ca); the server's certificate names the instance, not its address.
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
      - Which address to give as RV(host). V(auto) takes the private one, and the public one when there is no private one.
      - An instance that has no address of that kind is an error.
    type: str
    choices: [auto, private, public]
    default: auto
attributes:
  diff_mode:
    description: There is nothing to show; the module changes nothing.
    support: none
seealso:
  - module: cdc.gcp.cloudsql_instance
"""

EXAMPLES = r"""
- name: Where is the server?
  cdc.gcp.cloudsql_connection_info:
    project: my-project
    instance: shop
  register: server
"""

RETURN = r"""
actions:
  description: Always empty.
  returned: success
  type: list
  elements: str
  sample: []
exists:
  description: Whether the instance exists. When it does not, everything but RV(instance) is null.
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
  description: Address in the private network, or null.
  returned: success
  type: str
public_ip_address:
  description: Public address, or null.
  returned: success
  type: str
dns_name:
  description: DNS name, or null.
  returned: success
  type: str
server_ca_certificate:
  description: Certificate of the CA that signs the server's certificate, as PEM.
  returned: success
  type: str
connection_name:
  description: Project, region and name, as Cloud SQL connectors want it.
  returned: success
  type: str
  sample: my-project:europe-west1:shop
database_version:
  description: Version.
  returned: success
  type: str
  sample: POSTGRES_16
region:
  description: Region.
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
