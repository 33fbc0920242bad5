# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables of a host to typed values, with one sentence for each mistake.  PRIVATE to the collection.  Pure."""

from __future__ import annotations

import difflib
import re
import typing as t
from collections.abc import Collection, Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._gcp.options import argument_spec as gcp_argument_spec
from .._kubernetes.options import KUBERNETES_OPTIONS
from .specification import cloudsql, common, debezium_k8s, iam, pubsub
from .specification.variable import PARTS, Variable

BY_PART: dict[str, tuple[Variable, ...]] = {
    "cloudsql": cloudsql.VARIABLES,
    "pubsub": pubsub.VARIABLES,
    "iam": iam.VARIABLES,
    "debezium_k8s": debezium_k8s.VARIABLES,
}

VARIABLES: dict[str, Variable] = {
    variable.name: variable for group in (common.VARIABLES, *(BY_PART[part] for part in PARTS)) for variable in group
}
"""Every variable of the collection by its name."""

PREFIXES = ("cdc_", *(f"{part}_" for part in PARTS))
"""How the collection's variables begin."""

LIKENESS = 0.8
"""difflib's ratio from which on an unknown name counts as misspelt: `cloudsql_teir` has 0.92 to `cloudsql_tier`."""

_NOUNS = {
    "str": "a string",
    "path": "a path",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a dictionary",
}


def typed(given: Mapping[str, t.Any], parts: Collection[str]) -> tuple[dict[str, t.Any], list[str]]:
    """The values of all variables, defaults included, and what is wrong with those that were given.

    A value of None counts as not given.  Text is converted as Ansible converts it, since -e, INI inventories and surveys know only text.
    """
    values: dict[str, t.Any] = {}
    problems: list[str] = []
    for name, variable in VARIABLES.items():
        value = given.get(name)
        if value is None:
            values[name] = variable.default
            if set(parts).intersection(variable.needed_by):
                problems.append(f"{name} is not set, and has no default.")
            continue
        try:
            values[name] = _converted(variable, value)
        except ValueError as error:
            values[name] = variable.default
            problems.append(str(error))
            continue
        if values[name] in ("", []) and variable.needed_by:
            problems.append(f"{name} is empty.")
    for name, known in (("cdc_gcp_options", gcp_argument_spec()), ("cdc_kubernetes_options", KUBERNETES_OPTIONS)):
        problems += [f"{name} has no option {key}{_meant(key, known)}" for key in sorted(values[name] or {}) if key not in known]
    return values, problems


def unknown(names: Collection[str], further: Collection[str] = ()) -> tuple[list[str], list[str]]:
    """Sentences about names that begin like a variable of the collection and are none: errors for misspelt ones, warnings for others.

    further: names that are known, too.
    """
    errors, warnings = [], []
    known = [*VARIABLES, *further]
    prefixes = {*PREFIXES, *(f"{name.split('_')[0]}_" for name in further)}
    for name in sorted(name for name in names if name.startswith(tuple(prefixes)) and name not in known):
        near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=LIKENESS)
        if near:
            errors.append(f"The collection has no variable {name}; did you mean {near[0]}?")
        else:
            warnings.append(f"The collection has no variable {name}; nothing reads it.")
    return errors, warnings


def _converted(variable: Variable, value: t.Any) -> t.Any:
    """`value` as the variable's type; ValueError with a sentence when it cannot be."""
    wrong = f"{variable.name} must be {_NOUNS[variable.type]}, not {_shown(variable, value)}."
    if variable.type in ("str", "path") and (isinstance(value, (bool, list, dict)) or not isinstance(value, (str, int, float))):
        raise ValueError(wrong)
    if variable.type == "int" and isinstance(value, bool):
        raise ValueError(wrong)
    found = ArgumentSpecValidator({variable.name: variable.argument()}).validate({variable.name: value})
    if not found.error_messages:
        return found.validated_parameters[variable.name]
    if variable.choices and variable.type == "str":
        raise ValueError(f"{variable.name} must be one of {', '.join(variable.choices)}, not {_shown(variable, value)}.")
    if variable.options is not None and isinstance(value, (list, dict)):
        raise ValueError(f"{variable.name}: {re.sub(r'[.]$', '', '; '.join(found.error_messages))}.")
    raise ValueError(wrong)


def _shown(variable: Variable, value: t.Any) -> str:
    return "that value" if variable.no_log else repr(value)


def _meant(key: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(key, sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else "."
