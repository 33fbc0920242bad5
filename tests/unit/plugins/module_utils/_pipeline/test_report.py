# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that a person reads: what would be done, what was done, and what exists now."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.cdc.gcp.plugins.module_utils._pipeline import context, report
from ansible_collections.cdc.gcp.plugins.module_utils._pipeline.pipeline import Pipeline
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.graph import Result, Step
from ansible_collections.cdc.gcp.plugins.module_utils._reconcile.plan import Action, Plan

from .conftest import VARIABLES

Planned = t.Callable[..., dict[str, Step]]
PIPELINE = Pipeline.from_variables(VARIABLES)


def test_a_plan_counts_names_and_signs_each_resource_and_names_pending_tables(planned: Planned) -> None:
    steps = planned()
    restart = Action("change labels (restarts the instance)", notice="This restarts instance shop-sql.")
    changed = Plan({"labels": {"team": "a"}, "size": 1}, {"labels": {"team": "b"}, "size": 1}, (restart,))
    gone = Plan({"name": "old"}, None, (Action("delete topic"),))
    steps[context.INSTANCE] = dataclasses.replace(steps[context.INSTANCE], plan=changed)
    steps["topic shop.changes"] = dataclasses.replace(steps["topic shop.changes"], plan=gone)
    steps[context.DATABASE] = dataclasses.replace(steps[context.DATABASE], plan=Plan({}, {}))
    lines = report.plan_lines(PIPELINE, Result(steps))
    assert lines[0] == "Plan for shop: 14 to create, 3 to update, 1 to delete, 2 unchanged."
    assert lines[1:3] == ["  ~ instance shop-sql: labels.team", "    ! This restarts instance shop-sql."]
    assert "  - topic shop.changes" in lines
    assert "  + Deployment debezium/shop-debezium" in lines
    assert not any("database shop" in line for line in lines)
    assert lines[-1] == "  Pending: table public.orders does not exist yet; run again once it exists."


def test_the_outcome_says_what_exists_now_and_where(planned: Planned) -> None:
    steps = planned(pubsub_subscriptions=[{"name": "reader"}])
    facts = {"private_ip_address": "10.20.0.3", "database_version": "POSTGRES_16"}
    steps[context.INSTANCE] = dataclasses.replace(steps[context.INSTANCE], facts=facts, done=("create instance shop-sql",))
    steps[context.PUBLICATION] = dataclasses.replace(steps[context.PUBLICATION], facts={"tables": ["public.orders"], "pending_tables": []})
    assert report.outcome_lines(PIPELINE, Result(steps), 84.2) == [
        "shop: 1 change in 84 s.",
        "  Cloud SQL     instance shop-sql (POSTGRES_16) at 10.20.0.3",
        "  PostgreSQL    database shop, publication debezium_shop (public.orders)",
        "  Topics        shop.changes, shop-heartbeat",
        "  Subscriptions reader",
        "  Identity      shop-debezium@shop-prod.iam.gserviceaccount.com, key in Secret debezium/shop-debezium-sa",
        "  Debezium      Deployment debezium/shop-debezium, image quay.io/debezium/server:3.6.3.Final",
        "  See events    ansible-playbook cdc.gcp.verify",
    ]


def test_an_unchanged_run_is_one_line(planned: Planned) -> None:
    steps = {name: dataclasses.replace(step, plan=Plan({}, {})) for name, step in planned(("pubsub",)).items()}
    assert report.outcome_lines(PIPELINE, Result(steps), 0.2) == ["shop: nothing to change (2 resources)."]
