"""Runs make targets, some of them side by side, and says at the end what ran, how long it took, and what was skipped and why.

Each argument is a stage, which begins when the one before it has ended.  A stage is one lane of targets or several, with `|` between them:
`"lint types | integration" "e2e"` runs lint and then types beside integration, and e2e when both lanes are done.

Every target runs even when an earlier one failed; the exit code is 1 when any failed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
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


def run(target: str, width: int) -> Result:
    """Run `make target`, pass each line of its output on behind its name, and remember the lines in which pytest sums up."""
    say(target, width, "starts")
    started = time.monotonic()
    summaries, skipped = [], []
    # Another process group is not made: Ctrl-C must reach the target, too.
    with subprocess.Popen(
        ["make", "--no-print-directory", target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            say(target, width, line.rstrip("\n"))
            if found := SUMMARY.match(line):
                summaries.append(found[1])
            if found := SKIPPED.match(line):
                skipped.append(found[1])
    result = Result(target, process.returncode, time.monotonic() - started, summaries, skipped)
    say(target, width, f"{state(result)} after {result.seconds:.0f} s")
    return result


def say(target: str, width: int, line: str) -> None:
    """Print one line whole, whatever the other lane prints."""
    sys.stdout.write(f"{target:<{width}} | {line}\n")
    sys.stdout.flush()


def state(result: Result) -> str:
    return "passed" if result.code == 0 else "FAILED"


def run_lane(targets: list[str], width: int, stop: threading.Event) -> list[Result]:
    """Run targets one after another, until `stop`."""
    return [run(target, width) for target in targets if not stop.is_set()]


def run_stage(stage: list[list[str]], width: int) -> list[Result]:
    """Run lanes side by side; the results in the order of the lanes."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(stage)) as pool:
        lanes = [pool.submit(run_lane, targets, width, stop) for targets in stage]
        try:
            return [result for lane in lanes for result in lane.result()]
        except BaseException:
            stop.set()
            raise


def main() -> int:
    started = time.monotonic()
    stages = [[lane.split() for lane in argument.split("|")] for argument in sys.argv[1:]]
    width = max(len(target) for stage in stages for lane in stage for target in lane)
    results = [result for stage in stages for result in run_stage(stage, width)]
    print(f"\nWhat ran, in {time.monotonic() - started:.0f} s:")
    for result in results:
        print(f"{state(result)}  {result.target:<{width}} {result.seconds:7.1f} s  {'; '.join(result.summaries)}")
    for result in results:
        for reason in result.skipped:
            print(f"skipped in {result.target}: {reason}")
    if not any(result.skipped for result in results):
        print("nothing was skipped")
    failed = [result.target for result in results if result.code != 0]
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed" + (f": {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
