# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the attributes that the modules share.  PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Reports what would change, without changing anything.
    support: full
  diff_mode:
    description: Shows the state before and after, also for resources that are created or deleted. Secrets are masked.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""

    GCP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/cdc.gcp.gcp) in C(module_defaults) to set the project, credentials and endpoints once.
    support: full
    membership: [cdc.gcp.gcp]
"""

    KUBERNETES = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/cdc.gcp.kubernetes) in C(module_defaults) to set the cluster and credentials once.
    support: full
    membership: [cdc.gcp.kubernetes]
"""

    POSTGRESQL = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/cdc.gcp.postgresql) in C(module_defaults) to set the server and credentials once.
    support: full
    membership: [cdc.gcp.postgresql]
"""
