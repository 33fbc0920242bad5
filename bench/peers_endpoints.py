# SPDX-License-Identifier: GPL-3.0-or-later
"""Points google.cloud, as it is installed in the peers' environment, at the sandbox: the collection has no option for that.

Its modules have their addresses as string literals.  A proxy would cost the peers time in each request, an import hook in each module's
start; other literals cost them nothing.  The files as they were stay beside the patched ones, as FILE.upstream.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

MODULES = (
    "gcp_iam_service_account",
    "gcp_iam_service_account_key",
    "gcp_pubsub_topic",
    "gcp_sql_database",
    "gcp_sql_instance",
    "gcp_sql_user",
)
# users.list has no parameters of this name in Google's discovery document, and the stand-in refuses what is not in there.
LIST_OF_USERS = ("/users?name={name}&host={host}", "/users")


def replacements(environment: Mapping[str, str]) -> dict[str, str]:
    """What to replace by what.  environment: as `cdc-sandbox env` prints it."""
    google, pubsub = environment["CDC_SANDBOX_GOOGLE"], environment["CDC_SANDBOX_PUBSUB"]
    hosts = {"sqladmin": google, "iam": google, "pubsub": pubsub}
    return {f"https://{name}.googleapis.com/": endpoint for name, endpoint in hosts.items()} | dict([LIST_OF_USERS])


def pointed(source: str, changes: Mapping[str, str]) -> str:
    """A module's source with other addresses."""
    for old, new in changes.items():
        source = source.replace(old, new)
    return source


def point(environment_folder: Path, environment: Mapping[str, str]) -> None:
    """Patch the modules in the peers' virtual environment; may be repeated, also for another sandbox."""
    (folder,) = environment_folder.glob("lib/python3.*/site-packages/ansible_collections/google/cloud/plugins/modules")
    for name in MODULES:
        file = folder / f"{name}.py"
        upstream = folder / f"{name}.py.upstream"
        if not upstream.exists():
            upstream.write_bytes(file.read_bytes())
        file.write_text(pointed(upstream.read_text(), replacements(environment)))
