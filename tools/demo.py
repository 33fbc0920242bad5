"""`make demo`: from nothing to the first change event on the screen, then once more to show that nothing changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
from cdc_sandbox import cli, settings
from cdc_sandbox.kubernetes import variants as kubernetes
from cdc_sandbox.postgresql import cluster as postgresql

ROOT = Path(__file__).resolve().parent.parent
INVENTORY = ROOT / "inventories" / "sandbox.yml"
TABLE = "public.mytable"


def say(title: str) -> None:
    print(f"\n\x1b[1m== {title}\x1b[0m" if sys.stdout.isatty() else f"\n== {title}", flush=True)


def playbook(name: str, environment: dict[str, str], *options: str) -> None:
    """Run one of the collection's playbooks against the sandbox; end the demo when it fails."""
    command = ["ansible-playbook", "-i", str(INVENTORY), str(ROOT / "playbooks" / name), *options]
    if subprocess.run(command, env={**os.environ, **environment}).returncode:
        sys.exit(f"demo: {name} failed; the sandbox is still up: look around with `make status`, stop it with `make down`.")


def application(where: settings.Settings) -> None:
    """What the application does: it makes its table."""
    address = next(row[2] for row in postgresql.status(where) if row[0] == "debezium-demo-sql")
    with psycopg.connect(host=address, dbname="debezium-demo", user="debezium-demo", password="app-pass", sslmode="require") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.mytable (id serial PRIMARY KEY, name text NOT NULL)")


def main() -> int:
    started = time.monotonic()
    where = settings.load()
    environment = cli.environment(where)
    say("The sandbox: Google's APIs, Pub/Sub, PostgreSQL and Kubernetes on this machine")
    subprocess.run(["cdc-sandbox", "up"], check=True)
    say("site.yml: from an empty project to a running pipeline")
    playbook("site.yml", environment)
    say(f"The application makes its table {TABLE}; site.yml adds it to the publication")
    application(where)
    playbook("site.yml", environment)
    say("verify.yml: a row goes in, its event comes out")
    if notice := kubernetes.notice(where):
        print(f"Left out. {notice}")
    else:
        playbook("verify.yml", environment, "-e", '{"verify_table": "public.mytable", "verify_row": {"name": "hello from the demo"}}')
    say("site.yml again: nothing changes")
    playbook("site.yml", environment)
    say(f"Done in {time.monotonic() - started:.0f} s. This exists now")
    subprocess.run(["cdc-sandbox", "status"], check=True)
    print("\nStop everything with: make down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
