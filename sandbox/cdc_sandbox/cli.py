"""The sandbox's commands: `cdc-sandbox up | down | status | env | clean | go`."""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import addresses, packages
from .errors import SandboxError
from .google import process as google
from .kubernetes import cluster as kubernetes
from .postgresql import cluster as postgresql
from .postgresql import programs
from .progress import Progress
from .pubsub import server as pubsub
from .settings import Settings, load


def up(settings: Settings) -> None:
    """Start every part that does not run, in the order in which they need each other."""
    progress = Progress()
    started = time.monotonic()
    if os.geteuid() != 0:
        raise SandboxError("The sandbox needs root, for its node makes containers, addresses and mounts; run it with sudo.")
    packages.install(progress)
    settings.state.mkdir(parents=True, exist_ok=True)
    with progress.step("PostgreSQL's programs"):
        programs.install(settings)
    addresses.fence(settings.network)
    google.up(settings, progress)
    pubsub.up(settings, progress)
    kubernetes.up(settings, progress)
    progress.say(f"The sandbox is up ({time.monotonic() - started:.0f} s). `make status` shows how to look around, `make down` stops it.")


def down(settings: Settings) -> None:
    """Stop every part and remove what they did to this machine."""
    progress = Progress()
    started = time.monotonic()
    kubernetes.down(settings, progress)
    with progress.step("stop Pub/Sub, Google's APIs and PostgreSQL"):
        pubsub.down(settings)
        google.down(settings)
        postgresql.stop_all(settings)
        addresses.unfence(settings.network)
    if settings.state.exists():
        shutil.rmtree(settings.state)
    progress.say(f"The sandbox is down ({time.monotonic() - started:.0f} s).")


def status(settings: Settings) -> None:
    """Version, address and state of each part, and the lines to paste for the field's own clients."""
    rows = [*google.status(settings), *postgresql.status(settings), *pubsub.status(settings), *kubernetes.status(settings)]
    widths = [max(len(str(row[column])) for row in [("part", "version", "address", "state"), *rows]) for column in range(4)]
    for row in [("PART", "VERSION", "ADDRESS", "STATE"), *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if not settings.owner_key.exists():
        return
    print("\nTo look around, paste:")
    for name, value in environment(settings).items():
        print(f"  export {name}={shlex.quote(value)}")
    print("  gcloud sql instances list; gcloud pubsub topics list")
    print(f"  {kubernetes.kubectl(settings)} get pods --all-namespaces")
    for row in postgresql.status(settings):
        print(f"  psql 'host={row[2].split(':')[0]} user=postgres dbname=postgres sslmode=require'   # {row[0]}")


def environment(settings: Settings) -> dict[str, str]:
    """What gcloud, and the example inventory of the sandbox, read from the environment."""
    return {
        "CLOUDSDK_CORE_PROJECT": settings.project,
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": str(settings.owner_key),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_SQL": f"{settings.google_endpoint}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM": f"{settings.google_endpoint}/",
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
        "CDC_SANDBOX_KUBECONFIG": str(settings.kubeconfig),
    }


def show_environment(settings: Settings) -> None:
    """The environment as lines for a shell."""
    for name, value in environment(settings).items():
        print(f"export {name}={shlex.quote(value)}")


def clean(settings: Settings) -> None:
    """Empty the caches; the sandbox must be down."""
    if settings.state.exists():
        raise SandboxError("The sandbox still exists; run `make down` first.")
    if settings.cache.exists():
        shutil.rmtree(settings.cache)
    print(f"Emptied {settings.cache}.")


def go(settings: Settings) -> None:
    """Path of a Go toolchain that is new enough; installs one into the cache where none is."""
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
    settings = load()
    try:
        if name in ("up", "down", "clean"):
            with _alone(settings):
                COMMANDS[name](settings)
        else:
            COMMANDS[name](settings)
    except SandboxError as error:
        print(f"cdc-sandbox: {error}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the sandbox's lock, so that two commands never work on it at once."""
    path = settings.state.with_name(settings.state.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError("Another `up` or `down` of the sandbox is at work; wait until it ends.") from None
        yield


if __name__ == "__main__":
    sys.exit(main())
