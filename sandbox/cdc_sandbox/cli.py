"""The sandbox's commands: `cdc-sandbox up | down | status | env | clean | go`."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import addresses, packages, ports
from .debezium import image
from .errors import SandboxError
from .google import process as google
from .kubernetes import variants as kubernetes
from .lock import alone
from .metadata import process as metadata
from .postgresql import cluster as postgresql
from .postgresql import programs
from .progress import Progress
from .pubsub import server as pubsub
from .settings import Settings, load


def up(settings: Settings) -> None:
    """Start every part that is not running, in order of dependency."""
    progress = Progress()
    started = time.monotonic()
    ports.check_free(settings)
    if settings.kubernetes == "real node":
        packages.install(progress)
    addresses.check_free(settings)
    settings.state.mkdir(parents=True, exist_ok=True)
    kubernetes.prepare(settings)
    with progress.step("PostgreSQL's programs"):
        programs.install(settings)
    addresses.fence(settings.network)
    google.up(settings, progress)
    pubsub.up(settings, progress)
    if settings.kubernetes == "real node":  # it knows pods by their addresses, and the API server by its own keys
        metadata.up(settings, progress)
    kubernetes.up(settings, progress)
    if settings.kubernetes == "real node":
        image.ensure(settings, progress)
    progress.say(f"The sandbox is up ({time.monotonic() - started:.0f} s). `make status` shows how to look around, `make down` stops it.")


def down(settings: Settings) -> None:
    """Stop every part and undo what they changed on this machine."""
    progress = Progress()
    started = time.monotonic()
    kubernetes.down(settings, progress)
    with progress.step("stop metadata server, Pub/Sub, Google's APIs and PostgreSQL"):
        metadata.down(settings)
        pubsub.down(settings)
        google.down(settings)
        postgresql.stop_all(settings)
        addresses.release_all(settings)
        addresses.unfence(settings.network)
    for each in settings.state.iterdir():  # not the folder itself: it is locked
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    progress.say(f"The sandbox is down ({time.monotonic() - started:.0f} s).")


def status(settings: Settings) -> None:
    """Version, address and state of each part, and the lines to paste for kubectl, psql and gcloud; an error when a part is unwell."""
    instances = postgresql.status(settings)
    rows = [*google.status(settings), *instances, *pubsub.status(settings)]
    if settings.kubernetes == "real node":
        rows += metadata.status(settings)
    rows += kubernetes.status(settings)
    table = [("PART", "VERSION", "ADDRESS", "STATE"), *(tuple(cell or "-" for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if settings.owner_key.exists():
        _show_how_to_look(settings)
    unwell = [(row[0], row[3]) for row in rows if row[3] != "running" and not (row in instances and row[3] == "stopped")]
    if all(row[3] in ("down", "stopped") for row in rows):
        raise SandboxError("The sandbox is down; `make up` starts it.")
    if unwell:
        named, states = ", ".join(f"{name} ({state})" for name, state in unwell), {state for _, state in unwell}
        advice = "`make up` starts what is down and adds addresses that are missing"
        advice += "; for what does not answer, `make down` first" if "not answering" in states else ""
        raise SandboxError(f"Not well: {named}. {advice}. What they said last is in {settings.logs}.")


def _show_how_to_look(settings: Settings) -> None:
    if notice := kubernetes.notice(settings):
        print(f"\n{notice}")
    print("\nTo look around, paste:")
    for name, value in environment(settings).items():
        print(f"  export {name}={shlex.quote(value)}")
    print("  gcloud sql instances list; gcloud pubsub topics list")
    print(f"  {kubernetes.kubectl(settings)} get pods --all-namespaces")
    for cluster in postgresql.clusters(settings):
        address = next(iter(cluster.addresses().values()), None)
        if address is not None:
            print(f"  psql 'host={address} user=postgres dbname=postgres sslmode=require'   # {cluster.name}")


def environment(settings: Settings) -> dict[str, str]:
    """Environment variables for gcloud and for the sandbox's inventory."""
    return {
        "CLOUDSDK_CORE_PROJECT": settings.project,
        # Tokens and logs are removed with the sandbox, and the user's own gcloud configuration is not used.
        "CLOUDSDK_CONFIG": str(settings.state / "gcloud"),
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": str(settings.owner_key),
        # gcloud does not read the key file's token_uri.
        "CLOUDSDK_AUTH_TOKEN_HOST": f"{settings.google_endpoint}/token",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_SQL": f"{settings.google_endpoint}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM": f"{settings.google_endpoint}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": f"{settings.google_endpoint}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER": f"{settings.google_endpoint}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"http://{settings.pubsub_plain_endpoint}/",
        "GOOGLE_APPLICATION_CREDENTIALS": str(settings.owner_key),
        "CDC_SANDBOX_PROJECT": settings.project,
        "CDC_SANDBOX_REGION": settings.region,
        "CDC_SANDBOX_GOOGLE": f"{settings.google_endpoint}/",
        "CDC_SANDBOX_PUBSUB": f"https://{settings.pubsub_tls_endpoint}/",
        "CDC_SANDBOX_CA": str(settings.pki / "ca.crt"),
        "CDC_SANDBOX_TRUST_STORE": str(settings.pki / "truststore.p12"),
        "CDC_SANDBOX_NODE_ADDRESS": settings.node_address,
        "CDC_SANDBOX_METADATA": settings.metadata_endpoint,
        "CDC_SANDBOX_KUBECONFIG": str(settings.kubeconfig),
        # A fake node calls its pods ready, and runs none of them.
        "CDC_SANDBOX_RUNS_PODS": "false" if settings.kubernetes == "fake node" else "true",
    }


def show_environment(settings: Settings) -> None:
    """Print the environment as lines for a shell."""
    for name, value in environment(settings).items():
        print(f"export {name}={shlex.quote(value)}")


def clean(settings: Settings) -> None:
    """Empty the caches.  The sandbox must be down."""
    if any(settings.state.iterdir()):
        raise SandboxError("The sandbox still exists; run `make down` first.")
    if settings.cache.exists():
        shutil.rmtree(settings.cache)
    print(f"Emptied {settings.cache}.")


def go(settings: Settings) -> None:
    """Print the path of a recent enough Go toolchain; if there is none, install one into the cache."""
    with contextmanager(_quiet)():
        program = packages.go_program(settings, Progress())
    print(program)


def _quiet() -> Iterator[None]:
    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout = stdout


COMMANDS: dict[str, Callable[[Settings], None]] = {
    "up": up,
    "down": down,
    "status": status,
    "env": show_environment,
    "clean": clean,
    "go": go,
}


def main() -> int:
    """Entry point of `cdc-sandbox`."""
    parser = argparse.ArgumentParser(prog="cdc-sandbox", description="Everything one CDC pipeline needs, on this machine alone.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=(command.__doc__ or "").split("\n")[0])
    name = parser.parse_args().command
    try:
        settings = load()
        if name in ("up", "down", "clean"):
            with alone(settings.state):
                COMMANDS[name](settings)
        else:
            COMMANDS[name](settings)
    except BrokenPipeError:  # as in `status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (SandboxError, OSError) as error:  # OSError names the file and the reason, such as a full disk
        print(f"cdc-sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
