"""What Cloud SQL refuses in an instance, with its texts: names, regions, versions, tiers of an edition, retention, networks."""

from __future__ import annotations

import ipaddress
import re

from .. import labels
from ..errors import ApiError
from ..types import Json
from . import flags

REGIONS = frozenset(
    [
        "africa-south1",
        "asia-east1",
        "asia-east2",
        "asia-northeast1",
        "asia-northeast2",
        "asia-northeast3",
        "asia-south1",
        "asia-south2",
        "asia-southeast1",
        "asia-southeast2",
        "australia-southeast1",
        "australia-southeast2",
        "europe-central2",
        "europe-north1",
        "europe-north2",
        "europe-southwest1",
        "europe-west1",
        "europe-west10",
        "europe-west12",
        "europe-west2",
        "europe-west3",
        "europe-west4",
        "europe-west6",
        "europe-west8",
        "europe-west9",
        "me-central1",
        "me-central2",
        "me-west1",
        "northamerica-northeast1",
        "northamerica-northeast2",
        "northamerica-south1",
        "southamerica-east1",
        "southamerica-west1",
        "us-central1",
        "us-east1",
        "us-east4",
        "us-east5",
        "us-south1",
        "us-west1",
        "us-west2",
        "us-west3",
        "us-west4",
    ]
)
VERSION = "POSTGRES_16"
PLUS_TIERS = re.compile(r"db-perf-optimized-N-(2|4|8|16|32|48|64|80|96|128)|db-c4a-highmem-(1|4|8|16|32|48|64|72)")
CUSTOM_TIER = re.compile(r"db-custom-(\d+)-(\d+)")
NAME = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
NETWORK = re.compile(r"(?:https://(?:compute|www)\.googleapis\.com/compute/[a-z0-9]+/)?(projects/[^/]+/global/networks/([^/]+))")
START_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
PRIVATE_NETWORKS = [ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")]
MINIMUM_DISK_GB = 10
LARGEST_DISK_GB = {"db-f1-micro": 3062, "db-g1-small": 3062}
"""By tier; of all others it is `LARGEST_DISK_OF_OTHERS_GB`."""
LARGEST_DISK_OF_OTHERS_GB = 65536


def invalid(text: str) -> ApiError:
    """400, in Cloud SQL's usual words."""
    return ApiError(400, f"Invalid request: {text}", reason="invalid")


def check_new(body: Json, project: str) -> None:
    """Name, version and region of a new instance."""
    name = body.get("name", "")
    if not NAME.fullmatch(name) or len(project) + len(name) > 97:
        raise invalid(f"Invalid instance name ({name}).")
    version = body.get("databaseVersion")
    if version != VERSION:
        raise invalid(f"Invalid databaseVersion ({version}). The sandbox has {VERSION} only.")
    region = body.get("region", "us-central1")
    if region not in REGIONS:
        raise invalid(f"Invalid value for region: {region}.")


def check_settings(settings: Json) -> None:
    """All settings of an instance, after Cloud SQL's defaults were filled in."""
    _check_tier(settings.get("tier", ""), settings["edition"])
    flags.check(settings.get("databaseFlags", []))
    backup = settings["backupConfiguration"]
    longest = 7 if settings["edition"] == "ENTERPRISE" else 35
    if not 1 <= backup["transactionLogRetentionDays"] <= longest:
        raise invalid(f"transactionLogRetentionDays must be between 1 and {longest}.")
    if backup.get("pointInTimeRecoveryEnabled") and not backup["enabled"]:
        raise invalid("Point-in-time recovery cannot be enabled without automated backups.")
    if not START_TIME.fullmatch(backup["startTime"]):
        raise invalid(f"Invalid start time of the backup ({backup['startTime']}): it must be HH:MM, from 00:00 to 23:59.")
    largest = LARGEST_DISK_GB.get(settings["tier"], LARGEST_DISK_OF_OTHERS_GB)
    if not MINIMUM_DISK_GB <= int(settings["dataDiskSizeGb"]) <= largest:
        raise invalid(f"The disk size must be at least {MINIMUM_DISK_GB} GB and at most {largest} GB.")
    window = settings.get("maintenanceWindow", {"day": 7, "hour": 0})
    if not 1 <= window["day"] <= 7 or not 0 <= window["hour"] <= 23:
        raise invalid("The maintenance window must have a day from 1 to 7 and an hour from 0 to 23.")
    if (wrong := labels.problem(settings.get("userLabels", {}))) is not None:
        raise invalid(f"Invalid {wrong}.")
    network = settings["ipConfiguration"]
    for one in network["authorizedNetworks"]:
        _check_authorized(one.get("value", ""))
    if not network["ipv4Enabled"] and not network.get("privateNetwork"):
        raise invalid("At least one of Public IP or Private IP or PSC connectivity must be enabled.")


def check_change(before: Json, after: Json) -> None:
    """What cannot change in an instance that is there: two whole resources."""
    for field in ("region", "databaseVersion", "name"):
        if after.get(field) != before.get(field):
            raise invalid(f"{field} cannot be changed from {before.get(field)} to {after.get(field)}.")
    old, new = before["settings"], after["settings"]
    if int(new["dataDiskSizeGb"]) < int(old["dataDiskSizeGb"]):
        raise invalid("The disk size cannot be decreased.")
    network = old["ipConfiguration"].get("privateNetwork")
    if network and new["ipConfiguration"].get("privateNetwork") != network:
        raise invalid("The private network of an instance cannot be changed or removed.")


def network_path(value: str) -> str:
    """`projects/P/global/networks/N` of a network given as that or as Compute Engine's URL."""
    found = NETWORK.fullmatch(value)
    if found is None:
        raise invalid(f"Invalid network ({value}).")
    return found[1]


def _check_authorized(value: str) -> None:
    """An authorized network is an IPv4 address or network in CIDR notation that exists in the internet."""
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        raise invalid(f"Invalid authorized network ({value}): it must be an IPv4 address, or a network in CIDR notation.") from None
    if any(network.subnet_of(private) for private in PRIVATE_NETWORKS):
        raise invalid(f"Non-routable or private authorized network ({value}).")


def _check_tier(tier: str, edition: str) -> None:
    if not tier:
        raise invalid("Missing parameter: settings.tier.")
    if edition == "ENTERPRISE_PLUS":
        if not PLUS_TIERS.fullmatch(tier):
            raise invalid(f"Invalid Tier ({tier}) for (ENTERPRISE_PLUS) Edition. Use a predefined Tier like db-perf-optimized-N-* instead.")
    elif tier not in ("db-f1-micro", "db-g1-small") and not _custom_tier_valid(tier):
        raise invalid(f"Invalid Tier ({tier}) for (ENTERPRISE) Edition. Use a custom Tier like db-custom-* instead.")


def _custom_tier_valid(tier: str) -> bool:
    """1 or an even number of up to 96 vCPUs; memory of 0.9 to 6.5 GB a vCPU, at least 3.75 GB, in steps of 256 MB."""
    found = CUSTOM_TIER.fullmatch(tier)
    if found is None:
        return False
    cpus, memory = int(found[1]), int(found[2])
    return (cpus == 1 or (cpus % 2 == 0 and 2 <= cpus <= 96)) and memory % 256 == 0 and max(3840, 922 * cpus) <= memory <= 6656 * cpus
