# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what every module of the collection can do.  PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows before and after, also for what is created or deleted; secrets never show.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""

    GCP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/cdc.gcp.gcp) in C(module_defaults) to say project and log-in once.
    support: full
    membership: [cdc.gcp.gcp]
"""

    KUBERNETES = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/cdc.gcp.kubernetes) in C(module_defaults) to say the cluster once.
    support: full
    membership: [cdc.gcp.kubernetes]
"""

    POSTGRESQL = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/cdc.gcp.postgresql) in C(module_defaults) to say server and log-in once.
    support: full
    membership: [cdc.gcp.postgresql]
"""
