"""Machine types (tiers) of Cloud SQL for PostgreSQL: a part of what tiers.list answers."""

from __future__ import annotations

from ..call import Call
from ..types import Json
from .validation import LARGEST_DISK_GB, LARGEST_DISK_OF_OTHERS_GB, REGIONS

GIB = 2**30
DISK_QUOTA_BYTES = LARGEST_DISK_OF_OTHERS_GB * GIB
SHARED = {"db-f1-micro": 644245094, "db-g1-small": 1825361101}
"""RAM of the tiers with a shared CPU, in bytes."""
CUSTOM_MB = ((1, 3840), (2, 7680), (4, 15360), (8, 30720), (16, 61440), (32, 122880), (64, 245760), (96, 368640))
PLUS_CPUS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 128)
"""Of `db-perf-optimized-N-*`, each with 8 GB of RAM a CPU."""


def list_tiers(call: Call) -> Json:
    """sql.tiers.list."""
    items = [_tier(name, ram, LARGEST_DISK_GB[name] * GIB) for name, ram in SHARED.items()]
    items += [_tier(f"db-custom-{cpus}-{memory}", memory * 2**20, DISK_QUOTA_BYTES) for cpus, memory in CUSTOM_MB]
    items += [_tier(f"db-perf-optimized-N-{cpus}", cpus * 8 * GIB, DISK_QUOTA_BYTES) for cpus in PLUS_CPUS]
    return {"kind": "sql#tiersList", "items": items}


def _tier(name: str, ram: int, disk: int) -> Json:
    return {"kind": "sql#tier", "tier": name, "RAM": str(ram), "DiskQuota": str(disk), "region": sorted(REGIONS)}
