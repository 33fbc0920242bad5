# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline as one value: every name of its resources, computed once from the variables of a host.  PRIVATE to the collection.  Pure.

Wherever two resources must agree (a topic and the grant on it, the database and the URL of the offsets, a Secret and the pod that
mounts it), both take the name from here.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from .._cloudsql.fields import LOGICAL_DECODING
from .._database_rules import FIRST_USER, OWN_DATABASES, PLAIN_NAME, RESERVED_ROLE, RESERVED_SCHEMA, identifier_problem
from .._debezium.stream import SLOT_NAME, TOPIC_ID, TOPIC_PREFIX, table_topics
from .._iam.api import ACCOUNT_ID, account_email
from .._reconcile.errors import InvalidInput
from .._reconcile.secret import Secret
from .._table_name import TableName
from .specification.variable import PARTS
from .variables import VARIABLES, typed

_RFC1123_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,48}[a-z0-9])?")
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][-a-z0-9]{4,28}[a-z0-9]")
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_INSTANCE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")

_KUBERNETES_NAME = "is not a Kubernetes name: at most 63 lower-case letters, digits and hyphens, no hyphen first or last"
_UNQUOTED = "must be of lower-case letters, digits and _, at most 63, because Debezium does not quote it"
_TOPIC_RULE = "is not a Pub/Sub topic id: 3 to 255 letters, digits and -._~+%, a letter first, not beginning with goog"

_RULES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("cdc_name", _NAME, "must be at most 50 lower-case letters, digits and hyphens, a letter first and no hyphen last"),
    ("cdc_project", _PROJECT, "is not a project id (6 to 30 lower-case letters, digits and hyphens; not the project's number or name)"),
    ("cdc_cloudsql_project", _PROJECT, "is not a project id"),
    ("cdc_pubsub_project", _PROJECT, "is not a project id"),
    ("cdc_iam_project", _PROJECT, "is not a project id"),
    ("cdc_region", _REGION, "is not a region like europe-west1"),
    ("cdc_instance", _INSTANCE, "must be lower-case letters, digits and hyphens, a letter first and no hyphen last"),
    ("cdc_topic_prefix", TOPIC_PREFIX, "must be of letters, digits, '.', '_' and '-'"),
    ("cdc_slot_name", SLOT_NAME, "must be of lower-case letters, digits and _, at most 63"),
    ("cdc_debezium_schema", PLAIN_NAME, _UNQUOTED),
    ("cdc_offset_table", PLAIN_NAME, _UNQUOTED),
    ("cdc_signal_table", PLAIN_NAME, _UNQUOTED),
    ("cdc_topic", TOPIC_ID, _TOPIC_RULE),
    ("cdc_heartbeat_topic", TOPIC_ID, _TOPIC_RULE),
    ("cdc_notification_topic", TOPIC_ID, _TOPIC_RULE),
    ("cdc_namespace", _RFC1123_LABEL, _KUBERNETES_NAME),
    ("cdc_deployment", _RFC1123_LABEL, _KUBERNETES_NAME),
    ("cdc_key_secret", _RFC1123_LABEL, _KUBERNETES_NAME),
    ("debezium_k8s_properties_secret", _RFC1123_LABEL, _KUBERNETES_NAME),
    ("debezium_k8s_database_secret", _RFC1123_LABEL, _KUBERNETES_NAME),
    ("debezium_k8s_trust_secret", _RFC1123_LABEL, _KUBERNETES_NAME),
    ("debezium_k8s_claim", _RFC1123_LABEL, _KUBERNETES_NAME),
    ("debezium_k8s_storage_class", _RFC1123_LABEL, _KUBERNETES_NAME),
)
"""Variables whose value has a pattern of its own, and what to say of one that does not match."""

_IDENTIFIERS = ("cdc_database", "cdc_replication_user", "cdc_publication", "cloudsql_user", "cloudsql_admin_user")
"""PostgreSQL identifiers: anything but empty, up to 63 bytes."""


@dataclass(frozen=True)
class Pipeline:
    """One captured database on its way to Pub/Sub.

    values: every variable by its name, typed, defaults and derived names filled in.
    given: names of the variables that the user set.
    """

    values: Mapping[str, t.Any] = field(repr=False)
    given: frozenset[str]

    @classmethod
    def from_variables(cls, given: Mapping[str, t.Any], parts: Collection[str] = PARTS) -> Pipeline:
        """From the variables of a host.  Raises InvalidInput with one sentence for each mistake (details: `problems`)."""
        wrong_parts = [part for part in parts if part not in PARTS]
        values, problems = typed(given, parts)
        problems += [f"parts has no {part}; it knows {', '.join(PARTS)}." for part in wrong_parts]
        if isinstance(values["cdc_name"], str) and values["cdc_name"]:
            _derive(values)
        problems += _problems(values, {problem.split(" ", 1)[0].rstrip(":") for problem in problems})
        if problems:
            raise InvalidInput(" ".join(problems), problems=problems)
        return cls(values, frozenset(name for name, value in given.items() if value is not None))

    def __getitem__(self, name: str) -> t.Any:
        """The value of a variable."""
        return self.values[name]

    @property
    def name(self) -> str:
        return str(self["cdc_name"])

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self["cdc_tables"])

    @property
    def signal_tables(self) -> tuple[str, ...]:
        """The signal table as `schema.table`; it is published like the captured tables, or Debezium never sees a signal."""
        return (f"{self['cdc_debezium_schema']}.{self['cdc_signal_table']}",) if self["cdc_signal_table"] else ()

    @property
    def offset_table(self) -> str | None:
        """Table of the offsets; None when they are on a volume."""
        return self["cdc_offset_table"] if self["cdc_offsets"] == "jdbc" else None

    @property
    def claim(self) -> str | None:
        """Claim of the offsets' volume; None when they are in a table."""
        return self["debezium_k8s_claim"] if self["cdc_offsets"] == "volume" else None

    @property
    def topic(self) -> str | None:
        """The one topic of all changes; None with one topic per table."""
        return None if self["cdc_topic_per_table"] else self["cdc_topic"]

    @property
    def change_topics(self) -> tuple[str, ...]:
        """Topics that changes go to."""
        if self.topic:
            return (self.topic,)
        return table_topics(self["cdc_topic_prefix"], self.tables)

    @property
    def table_topics(self) -> dict[str, str]:
        """Topic of each captured table."""
        prefix = self["cdc_topic_prefix"]
        return {table: self.topic or table_topics(prefix, [table])[0] for table in self.tables}

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that Debezium publishes to: the pod needs each to exist, and a grant on each."""
        further = (self["cdc_heartbeat_topic"], self["cdc_notification_topic"])
        return (*self.change_topics, *(topic for topic in further if topic))

    @property
    def uses_key(self) -> bool:
        return bool(self["cdc_identity"] == "key")

    @property
    def service_account_email(self) -> str | None:
        """E-mail of the Google service account; None when the pod's Kubernetes service account has the grants itself."""
        if self["cdc_identity"] == "workload_identity":
            return None
        return account_email(self["cdc_service_account"], self["cdc_iam_project"])

    @property
    def workload_pool_project(self) -> str:
        return str(self["iam_workload_pool"]).removesuffix(".svc.id.goog")

    @property
    def kubernetes_subject(self) -> str:
        """The pod's Kubernetes service account as `NAMESPACE/NAME`."""
        return f"{self['cdc_namespace']}/{self['cdc_deployment']}"

    @property
    def labels(self) -> dict[str, str]:
        """Labels of every Kubernetes object of the pipeline."""
        own = {str(key): str(value) for key, value in self["debezium_k8s_labels"].items()}
        return {**own, "parent": self.name}

    @property
    def stream(self) -> dict[str, str]:
        """Where Debezium is in the stream of changes: with another database, slot, prefix or offset storage it starts over."""
        offsets = f"claim {self.claim}" if self.claim else f"table {self['cdc_debezium_schema']}.{self.offset_table}"
        return {
            "instance": f"{self['cdc_cloudsql_project']}:{self['cdc_instance']}",
            "database": self["cdc_database"],
            "topic prefix": self["cdc_topic_prefix"],
            "slot": self["cdc_slot_name"],
            "offsets in": offsets,
        }

    def names(self) -> dict[str, t.Any]:
        """The names of the pipeline's resources, for playbooks of its users; no secret among them."""
        return {
            **{name: self[name] for name in _PUBLIC_NAMES},
            "cdc_change_topics": list(self.change_topics),
            "cdc_topics": list(self.topics),
            "cdc_table_topics": self.table_topics,
            "cdc_service_account_email": self.service_account_email,
        }


_PUBLIC_NAMES = (
    "cdc_name",
    "cdc_project",
    "cdc_cloudsql_project",
    "cdc_pubsub_project",
    "cdc_iam_project",
    "cdc_tables",
    "cdc_instance",
    "cdc_database",
    "cdc_replication_user",
    "cdc_publication",
    "cdc_ssl_mode",
    "cdc_topic_prefix",
    "cdc_slot_name",
    "cdc_debezium_schema",
    "cdc_offset_table",
    "cdc_signal_table",
    "cdc_topic_per_table",
    "cdc_heartbeat_topic",
    "cdc_namespace",
    "cdc_deployment",
    "cdc_key_secret",
    "cloudsql_user",
)


def _derive(values: dict[str, t.Any]) -> None:
    """Fill in the names that follow from others, and wrap secrets so that nothing shows them."""
    name = values["cdc_name"]
    in_sql = re.sub(r"[^a-z0-9_]", "_", name.lower())
    derived = {
        "cdc_cloudsql_project": values["cdc_project"],
        "cdc_pubsub_project": values["cdc_project"],
        "cdc_iam_project": values["cdc_project"],
        "cdc_instance": f"{name}-sql",
        "cdc_database": name,
        "cloudsql_user": name,
        "cdc_topic_prefix": name,
        "cdc_replication_user": f"debezium_{in_sql}",
        "cdc_publication": f"debezium_{in_sql}",
        "cdc_slot_name": f"debezium_{in_sql}",
        "cdc_offset_table": f"offsets_{in_sql}",
        "cdc_signal_table": f"signals_{in_sql}",
        "cdc_topic": f"{name}.changes",
        "cdc_heartbeat_topic": f"{name}-heartbeat",
        "cdc_service_account": f"{name}-debezium",
        "cdc_deployment": f"{name}-debezium",
        "cdc_key_secret": f"{name}-debezium-sa",
        "iam_workload_pool": f"{values['cdc_project']}.svc.id.goog",
        "debezium_k8s_properties_secret": f"{name}-debezium-props",
        "debezium_k8s_database_secret": f"{name}-debezium-db",
        "debezium_k8s_trust_secret": f"{name}-debezium-trust",
        "debezium_k8s_claim": f"{name}-debezium-pvc",
    }
    values.update({variable: value for variable, value in derived.items() if values[variable] is None})
    values["cdc_signal_table"] = values["cdc_signal_table"] or None
    secrets = {name: Secret(values[name]) for name, variable in VARIABLES.items() if variable.no_log and values[name] is not None}
    values.update(secrets)


def _problems(values: Mapping[str, t.Any], judged: set[str]) -> list[str]:
    """What is wrong with the values, one sentence each.  judged: names that have a sentence already."""
    found: list[str] = []
    if values["cdc_name"] and not _NAME.fullmatch(str(values["cdc_name"])):
        name, _, rule = _RULES[0]
        return [] if name in judged else [f"{name} {values[name]!r} {rule}."]
    for name, pattern, rule in _RULES[1:]:
        value = values[name]
        repeated = pattern is _PROJECT and name != "cdc_project" and value == values["cdc_project"]
        if value is not None and not repeated and name not in judged and not pattern.fullmatch(str(value)):
            found.append(f"{name} {value!r} {rule}.")
    for name in _IDENTIFIERS:
        problem = "" if values[name] is None else identifier_problem(values[name])
        if problem:
            found.append(f"{name} {problem}.")
    if values["cdc_name"]:
        found += [sentence for check in (_tables, _topics, _database, _identity, _kubernetes) for sentence in check(values)]
    return found


def _tables(values: Mapping[str, t.Any]) -> Iterator[str]:
    for text in values["cdc_tables"] or ():
        try:
            name = TableName.parse(text)
        except InvalidInput as error:
            yield f"cdc_tables: {error.message}"
        else:
            if RESERVED_SCHEMA.fullmatch(name.schema):
                yield f"cdc_tables: {text} cannot be captured, because PostgreSQL publishes no table of its own schemas."
            elif values["cdc_offsets"] == "jdbc" and (name.schema, name.table) == (
                values["cdc_debezium_schema"],
                values["cdc_offset_table"],
            ):
                yield f"cdc_tables: {text} cannot be captured: each change of an offset would make an event, and each event an offset."
            for part in (name.schema, name.table):
                if "," in part or part != part.strip():
                    yield f"cdc_tables: {text} cannot be captured, because Debezium cannot list a name with a comma or an outer blank."
    for text in values["cloudsql_keyless_partitioned_tables"]:
        if text not in (values["cdc_tables"] or ()):
            yield f"cloudsql_keyless_partitioned_tables: {text} is not one of cdc_tables."
    if values["cdc_signal_table"] and values["cdc_signal_table"] == values["cdc_offset_table"]:
        yield "cdc_signal_table and cdc_offset_table must be two tables."


def _topics(values: Mapping[str, t.Any]) -> Iterator[str]:
    prefix = f"{values['cdc_topic_prefix']}."
    further = [name for name in ("cdc_heartbeat_topic", "cdc_notification_topic") if values[name]]
    if values[further[0]] == values[further[-1]] and len(further) > 1:
        yield "cdc_heartbeat_topic and cdc_notification_topic must be two topics."
    for name in further:
        if not values["cdc_topic_per_table"] and values[name] == values["cdc_topic"]:
            yield f"{name} must not be {values[name]}, the topic of the changes."
        elif values[name].startswith(prefix):
            yield f"{name} must not begin with {prefix}, because Debezium routes such topics like changes."
    if values["cdc_topic_per_table"]:
        for subscription in values["pubsub_subscriptions"]:
            if not subscription.get("topic"):
                yield f"pubsub_subscriptions: {subscription.get('name')} needs topic, because cdc_topic_per_table makes several."


def _database(values: Mapping[str, t.Any]) -> Iterator[str]:
    if values["cdc_instance"] and len(f"{values['cdc_cloudsql_project']}:{values['cdc_instance']}") > 98:
        yield "cdc_instance must have no more than 98 characters together with the project and a colon."
    yield from _users(values)
    if values["cdc_database"] in OWN_DATABASES:
        yield f"cdc_database must not be {values['cdc_database']}, a database of Cloud SQL or PostgreSQL itself."
    if RESERVED_SCHEMA.fullmatch(values["cdc_debezium_schema"]):
        yield f"cdc_debezium_schema must not be {values['cdc_debezium_schema']}, a schema of PostgreSQL itself."
    for name, value in values["cloudsql_database_flags"].items():
        if isinstance(value, (dict, list)):
            yield f"cloudsql_database_flags: the value of {name} must be text, a number, true or false."
    decoding = values["cloudsql_database_flags"].get(LOGICAL_DECODING, "on")
    if str(decoding).lower() not in ("on", "true"):
        yield f"cloudsql_database_flags must not switch {LOGICAL_DECODING} off: without it there is no change data capture."


def _users(values: Mapping[str, t.Any]) -> Iterator[str]:
    """No user may get the password of another one, and none may be one that is not the user's to have."""
    replication, user, admin = (values[name] for name in ("cdc_replication_user", "cloudsql_user", "cloudsql_admin_user"))
    if replication in (user, admin):
        yield "cdc_replication_user must be a user of its own, neither cloudsql_user nor cloudsql_admin_user."
    elif RESERVED_ROLE.fullmatch(replication):
        yield f"cdc_replication_user must not be {replication}, a role of Cloud SQL or PostgreSQL itself."
    for name, value in (("cloudsql_user", user), ("cloudsql_admin_user", admin)):
        if RESERVED_ROLE.fullmatch(value) and value != FIRST_USER:
            yield f"{name} must not be {value}, a role of Cloud SQL or PostgreSQL itself, which nobody logs in as."
    passwords = [values["cloudsql_user_password"], values["cloudsql_admin_password"]]
    same_password = passwords[0] == passwords[1] or None in passwords
    if user == FIRST_USER and (admin != FIRST_USER or not same_password):
        yield (
            f"cloudsql_user must not be {FIRST_USER}, the administrator that Cloud SQL makes. If it owns the captured tables,"
            f" cloudsql_admin_user must be {FIRST_USER} as well, with the same password."
        )
    elif user == admin and not same_password:
        yield f"cloudsql_user and cloudsql_admin_user are both {user}, so their passwords must be the same."


def _identity(values: Mapping[str, t.Any]) -> Iterator[str]:
    account = values["cdc_service_account"]
    if values["cdc_identity"] != "workload_identity" and not ACCOUNT_ID.fullmatch(account):
        yield (
            f"cdc_service_account {account!r} has {len(account)} characters; IAM takes 6 to 30 lower-case letters, digits and hyphens, a"
            " letter first and no hyphen last. Its default is cdc_name with -debezium."
        )
    if not str(values["iam_workload_pool"]).endswith(".svc.id.goog"):
        yield f"iam_workload_pool {values['iam_workload_pool']!r} must be like my-project.svc.id.goog."
    number = values["iam_workload_pool_project_number"]
    if number is not None and not str(number).isdecimal():
        yield f"iam_workload_pool_project_number {number!r} is not a project number."


def _kubernetes(values: Mapping[str, t.Any]) -> Iterator[str]:
    for name in ("debezium_k8s_wait_timeout", "debezium_k8s_scheduling_timeout", "cloudsql_timeout", "cdc_joining_timeout"):
        if values[name] < 1:
            yield f"{name} is in seconds and must be 1 or more, not {values[name]}."
    if values["debezium_k8s_heartbeat_interval_ms"] < 1:
        yield "debezium_k8s_heartbeat_interval_ms must be positive: without heartbeats the database keeps write-ahead log for ever."
    secrets = [
        name
        for name in ("cdc_key_secret", "debezium_k8s_properties_secret", "debezium_k8s_database_secret", "debezium_k8s_trust_secret")
        if values[name]
    ]
    taken: dict[str, str] = {}
    for name in secrets:
        if values[name] in taken:
            yield f"{name} and {taken[values[name]]} must be two Secrets."
        taken[values[name]] = name
