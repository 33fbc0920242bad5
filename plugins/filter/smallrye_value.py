# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter cdc.gcp.smallrye_value: documentation; the work is in module_utils/_debezium/escape.py."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.cdc.gcp.plugins.module_utils._debezium import escape

DOCUMENTATION = r"""
name: smallrye_value
short_description: Escape the value of an environment variable of Debezium Server
version_added: 0.1.0
author: The cdc.gcp contributors (@cdc-gcp)
description:
  - SmallRye Config, which Debezium Server uses, also expands C(${NAME}) in the values of environment variables. The filter replaces each
    C($) with C(\$), so that the value is read literally. Nothing else is escaped.
  - Use it for the Secret from which E(PG_PASSWORD) is set, not for the password that the database gets.
positional: _input
options:
  _input:
    description: Value to escape.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Check that a dollar sign is escaped
  ansible.builtin.assert:
    that: "'pa$word' | cdc.gcp.smallrye_value == 'pa\\\\$word'"
"""

RETURN = r"""
_value:
  description: Escaped value.
  type: str
"""


def smallrye_value(value: t.Any) -> str:
    if not isinstance(value, str):
        raise AnsibleFilterError(f"cdc.gcp.smallrye_value: the value must be a string, not {type(value).__name__}.")
    return escape.smallrye_value(value)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., t.Any]]:
        return {"smallrye_value": smallrye_value}
