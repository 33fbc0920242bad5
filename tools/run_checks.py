"""Runs the named make targets one after another, and says at the end what ran, how long it took, and what was skipped and why.

Every target runs even when an earlier one failed; the exit code is 1 when any failed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass

SUMMARY = re.compile(r"^=*\s*(\d+ (?:passed|failed|skipped|error).*?) in [\d.]+s")
SKIPPED = re.compile(r"^SKIPPED \[\d+\] (.*)$")


@dataclass
class Result:
    target: str
    code: int
    seconds: float
    summaries: list[str]
    skipped: list[str]


def run(target: str) -> Result:
    """Run `make target`, passing its output through, and remember the lines in which pytest sums up."""
    print(f"\n=== make {target}", flush=True)
    started = time.monotonic()
    summaries, skipped = [], []
    with subprocess.Popen(["make", "--no-print-directory", target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := SUMMARY.match(line):
                summaries.append(found[1])
            if found := SKIPPED.match(line):
                skipped.append(found[1])
    return Result(target, process.returncode, time.monotonic() - started, summaries, skipped)


def main() -> int:
    results = [run(target) for target in sys.argv[1:]]
    print("\n=== What ran")
    for result in results:
        state = "passed" if result.code == 0 else "FAILED"
        print(f"{state}  {result.target:<14} {result.seconds:7.1f} s  {'; '.join(result.summaries)}")
    for result in results:
        for reason in result.skipped:
            print(f"skipped in {result.target}: {reason}")
    failed = [result.target for result in results if result.code != 0]
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
