# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan and the outcome of a run as a person reads them.  PRIVATE to the collection.  Pure functions."""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from .._reconcile.graph import Kind, Result, Step, changed_fields
from . import context
from .pipeline import Pipeline

SIGNS: dict[Kind, str] = {"create": "+", "update": "~", "delete": "-", "none": " "}


def plan_lines(pipeline: Pipeline, result: Result) -> list[str]:
    """What a run would do: a count, one line for each resource that changes, and what is pending."""
    counts = Counter(step.action for step in result.steps.values() if not step.only_looks)
    lines = [
        f"Plan for {pipeline.name}: {counts['create']} to create, {counts['update']} to update, {counts['delete']} to delete,"
        f" {counts['none']} unchanged."
    ]
    for step in result.steps.values():
        if step.action == "none":
            continue
        fields = ", ".join(changed_fields(step.plan))
        lines.append(f"  {SIGNS[step.action]} {step.resource.title}{f': {fields}' if fields else ''}")
        lines += [f"    ! {notice}" for notice in step.plan.notices]
    return lines + _pending(pipeline, result.steps)


def outcome_lines(pipeline: Pipeline, result: Result, seconds: float) -> list[str]:
    """What was done, and what exists now and where."""
    count = len(result.done())
    if not count:
        return [f"{pipeline.name}: nothing to change ({len(result.resources())} resources).", *_pending(pipeline, result.steps)]
    changes = "1 change" if count == 1 else f"{count} changes"
    return [f"{pipeline.name}: {changes} in {seconds:.0f} s.", *_existing(pipeline, result.steps), *_pending(pipeline, result.steps)]


def _existing(pipeline: Pipeline, steps: Mapping[str, Step]) -> Iterator[str]:
    def line(label: str, text: str) -> str:
        return f"  {label:<13} {text}"

    if context.INSTANCE in steps:
        facts = steps[context.INSTANCE].facts
        place = facts.get("private_ip_address") or facts.get("public_ip_address") or "without an address"
        yield line("Cloud SQL", f"instance {pipeline['cdc_instance']} ({facts.get('database_version')}) at {place}")
    if context.PUBLICATION in steps:
        published = _facts(steps, context.JOINING).get("tables") or _facts(steps, context.PUBLICATION).get("tables") or ()
        tables = ", ".join(captured(pipeline, published)) or "no table yet"
        yield line("PostgreSQL", f"database {pipeline['cdc_database']}, publication {pipeline['cdc_publication']} ({tables})")
    topics = [step.facts["topic_id"] for step in steps.values() if step.node.kind == "pubsub_topic"]
    if topics:
        yield line("Topics", ", ".join(topics))
    subscriptions = [step.facts["subscription_id"] for step in steps.values() if step.node.kind == "pubsub_subscription"]
    if subscriptions:
        yield line("Subscriptions", ", ".join(subscriptions))
    if any(step.node.part == "iam" for step in steps.values()):
        where = f", key in Secret {pipeline['cdc_namespace']}/{pipeline['cdc_key_secret']}" if pipeline.uses_key else ""
        yield line("Identity", f"{pipeline.service_account_email or pipeline['cdc_identity']}{where}")
    if context.DEPLOYMENT in steps:
        facts = steps[context.DEPLOYMENT].facts
        yield line("Debezium", f"Deployment {pipeline['cdc_namespace']}/{pipeline['cdc_deployment']}, image {facts.get('image')}")
        stream = _facts(steps, context.STREAM)
        if stream.get("initial_snapshot"):
            yield line("Stream", "the initial snapshot is running")
        elif stream.get("ready"):
            yield line("Stream", f"slot {pipeline['cdc_slot_name']}, {stream['lag_bytes']} bytes behind")
        yield line("See events", "ansible-playbook cdc.gcp.verify")


def _facts(steps: Mapping[str, Step], name: str) -> Mapping[str, t.Any]:
    return steps[name].facts if name in steps else {}


def captured(pipeline: Pipeline, tables: Iterable[str]) -> list[str]:
    """`tables` without the signal table, which is ours to make."""
    return [table for table in tables if table not in pipeline.signal_tables]


def _pending(pipeline: Pipeline, steps: Mapping[str, Step]) -> list[str]:
    step = steps.get(context.PUBLICATION)
    tables = captured(pipeline, step.facts.get("pending_tables") or ()) if step else ()
    return [f"  Pending: table {table} does not exist yet; run again once it exists." for table in tables]
