# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A value, such as a password, as the environment of a Debezium Server must hold it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.cdc.gcp.plugins.module_utils._debezium import escape

DOCUMENTATION = r"""
name: smallrye_value
short_description: Escape a value of Debezium Server's environment
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - Debezium Server's SmallRye Config replaces C(${NAME}) in values of the environment, too. Each C($) becomes C(\$), so that the value is
    read as it is. Nothing else is escaped.
  - Use it on what goes into the Secret behind C(${PG_PASSWORD}), not on what goes to the database.
positional: _input
options:
  _input:
    description: The value.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show that a dollar sign is escaped
  ansible.builtin.assert:
    that: "'pa$word' | cdc.gcp.smallrye_value == 'pa\\\\$word'"
"""

RETURN = r"""
_value:
  description: The escaped value.
  type: str
"""


def smallrye_value(value: t.Any) -> str:
    if not isinstance(value, str):
        raise AnsibleFilterError(f"cdc.gcp.smallrye_value: the value must be a string, not {type(value).__name__}.")
    return escape.smallrye_value(value)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., t.Any]]:
        return {"smallrye_value": smallrye_value}
