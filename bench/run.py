# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares an unchanged run of our site.yml with the same by the peers' collections, as ratios: `make bench`.

Ratios, because seconds say as much of the machine as of the program: both sides run in turn, on one sandbox, in one run of this program.
It ends with code 1 when a run fails or changes what it had to leave alone, never because of a figure.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg

from . import peers_endpoints
from .figures import Cost, ratio_line, seconds_line, trouble
from .machine import Outcome, run
from .node import Node
from .sandbox import KubernetesCounter, Sandbox

ROOT = Path(__file__).resolve().parent.parent
OURS, PEERS = ROOT / ".venv", ROOT / ".venv-bench"
FORKS = 4
TIMEOUT = 1800


class BenchError(Exception):
    """A run failed, or was not idempotent."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared.  name: of its pipeline, too.  words: the command up to its options."""

    name: str
    words: tuple[str, ...]
    environment: dict[str, str]

    def play(self, what: str, group: str, *options: str, hosts: int = 1, unchanged: bool = False, **environment: str) -> Outcome:
        """Run the playbook for a group of its inventory, or the first `hosts` of it.  Raises BenchError."""
        limit = f"{group}[0:{hosts - 1}]"
        words = [*self.words, "--limit", limit, "--forks", str(FORKS), *options]
        outcome = run(words, {**self.environment, **environment}, TIMEOUT)
        wrong = trouble(outcome.code, outcome.output, hosts, unchanged)
        if wrong:
            raise BenchError(f"{outcome.output[-6000:]}\n{self.name}, {what}: {wrong}")
        return outcome


def sides(sandbox: Sandbox) -> tuple[Side, Side]:
    """Ours, and the peers'."""
    common = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "GCP_", "K8S_AUTH_"))}
    common |= sandbox.environment | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "true"}
    inventories = ("-i", str(ROOT / "inventories/sandbox.yml"), "-i", str(ROOT / "bench/ours.yml"))
    ours = Side(
        "bench-ours",
        (str(OURS / "bin/ansible-playbook"), *inventories, str(ROOT / "playbooks/site.yml")),
        {**common, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
    )
    folder = ROOT / "bench/peers"
    peers = Side(
        "bench-peers",
        (str(PEERS / "bin/ansible-playbook"), "-i", str(folder / "inventory.yml"), str(folder / "site.yml")),
        {
            **common,
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "K8S_AUTH_KUBECONFIG": sandbox.environment["CDC_SANDBOX_KUBECONFIG"],
            "REQUESTS_CA_BUNDLE": sandbox.environment["CDC_SANDBOX_CA"],
        },
    )
    return ours, peers


def prepare(sandbox: Sandbox, pair: tuple[Side, Side]) -> None:
    """Both single pipelines are there, and a row of each arrives."""
    for side in pair:
        say(f"set-up: pipeline {side.name}")
        side.play("database", "single", "--tags", "cloudsql")
        sandbox.create_table(side.name)
        side.play("set-up", "single")
        if not sandbox.streams(side.name):
            raise BenchError(f"{side.name}: a row did not arrive on the pipeline's topic.")


def compare(
    pair: tuple[Side, Side], group: str, hosts: int, times: int, sandbox: Sandbox
) -> tuple[list[Cost], list[Cost], list[dict[str, int]]]:
    """Unchanged runs of both in turn, each of them first in every other pair: costs of ours, of the peers, and counts of ours."""
    costs: dict[str, list[Cost]] = {side.name: [] for side in pair}
    counts: list[dict[str, int]] = []
    for number in range(times):
        for side in pair if number % 2 == 0 else pair[::-1]:
            counted = counts if side is pair[0] else []
            with sandbox.counting(counted):
                outcome = side.play(f"unchanged run of {group}", group, hosts=hosts, unchanged=True)
            costs[side.name].append(outcome.cost)
    return costs[pair[0].name], costs[pair[1].name], counts


def no_op(sandbox: Sandbox, pair: tuple[Side, Side], times: int) -> None:
    """One pipeline that is as it should be."""
    ours, peers, counts = compare(pair, "single", 1, times, sandbox)
    say(ratio_line("no-op", ours, peers))
    say(seconds_line("ours", ours))
    say(seconds_line("peers", peers))
    with KubernetesCounter(sandbox.environment["CDC_SANDBOX_KUBECONFIG"]) as counter:
        pair[0].play("counted run", "single", unchanged=True, CDC_SANDBOX_KUBECONFIG=counter.kubeconfig)
    # Others may use the sandbox, too: the least is ours.
    fewest = {name: min(count[name] for count in counts) for name in counts[0]}
    say(f"requests: {fewest['requests']}, token: {fewest['token']}")
    say(f"kubernetes: {counter.count}, pubsub: {fewest['pubsub']}")


def first_run(sandbox: Sandbox, ours: Side) -> None:
    """A new pipeline on an instance that is there; its pod is said to run at once."""
    name, instance = "bench-first", f"{ours.name}-sql"
    sandbox.remove_pipeline(name, instance, ours.name)
    outcome = ours.play("first run", "first")
    say(f"first run: {outcome.cost.wall:.1f} s")
    sandbox.remove_pipeline(name, instance, ours.name)


def fleet(sandbox: Sandbox, pair: tuple[Side, Side], hosts: int, times: int) -> None:
    """Many pipelines, with topics, account and Kubernetes objects of their own, on one instance."""
    try:
        for side in pair:
            say(f"set-up: {hosts} pipelines of {side.name}")
            side.play("set-up of the fleet", "fleet", hosts=hosts)
        ours, peers, _ = compare(pair, "fleet", hosts, times, sandbox)
        say(ratio_line("fleet", ours, peers))
        say(seconds_line("ours", ours))
        say(seconds_line("peers", peers))
    finally:
        for side in pair:
            sandbox.remove_deployments(side.name, rf"{side.name}-\d\d-debezium")


def versions() -> str:
    """What is compared."""
    words = "from importlib.metadata import version; print(version('ansible-core'), version('ansible'))"
    core, package = subprocess.run([PEERS / "bin/python", "-c", words], check=True, capture_output=True, text=True).stdout.split()
    return f"ansible-core {version('ansible-core')}; peers: ansible-core {core}, of the package ansible {package}"


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=5, help="pairs of unchanged runs of one pipeline (5)")
    parser.add_argument("--fleet", type=int, default=25, help="pipelines of the fleet, at most 25 (25); 0 for none")
    parser.add_argument("--fleet-pairs", type=int, default=1, help="pairs of unchanged runs of the fleet (1)")
    options = parser.parse_args()
    try:
        sandbox = Sandbox(OURS / "bin/cdc-sandbox")
        peers_endpoints.point(PEERS, sandbox.environment)
        pair = sides(sandbox)
        say(versions())
        prepare(sandbox, pair)
        no_op(sandbox, pair, options.pairs)
        with Node(sandbox.environment["CDC_SANDBOX_KUBECONFIG"]):
            first_run(sandbox, pair[0])
            if options.fleet:
                fleet(sandbox, pair, options.fleet, options.fleet_pairs)
    except (BenchError, OSError, psycopg.Error, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
