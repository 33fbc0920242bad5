#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A module that tells what it sees, or misbehaves as it is asked to.  test_in_process.py puts it into a collection of its own."""

from __future__ import annotations

import os
import sys
import time

from ansible.module_utils.basic import AnsibleModule


def seen() -> dict[str, object]:
    """What of the process a module could change for the next one."""
    return {"folder": os.getcwd(), "environment": {name: value for name, value in os.environ.items() if name.startswith("PROBE_")}}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True, "aliases": ["title"]},
            "number": {"type": "int", "default": 1},
            "kind": {"type": "str", "choices": ["one", "two"]},
            "password": {"type": "str", "no_log": True},
            "old": {"type": "str", "removed_in_version": "99.0.0", "removed_from_collection": "cdctest.inproc"},
            "do": {"type": "str", "default": "succeed"},
            "file": {"type": "path"},
        },
        mutually_exclusive=[["kind", "old"]],
        supports_check_mode=True,
    )
    before = seen()
    match module.params["do"]:
        case "raise":
            raise RuntimeError("a defect")
        case "exit":
            sys.exit(3)
        case "return":
            return
        case "kill":
            os.kill(os.getpid(), 9)
        case "fail":
            module.fail_json(msg=f"failed with {module.params['password']}", details={"key": module.params["password"]})
        case "noise":
            print("before the result")
            os.write(2, b"on stderr\n")
            os.system("echo of a command")
        case "warn":
            module.warn("mind the gap")
            module.deprecate("the gap goes", version="99.0.0", collection_name="cdctest.inproc")
        case "sleep":
            time.sleep(3)
            with open(module.params["file"], "w") as file:
                file.write("still alive")
        case "leave traces":
            os.environ["PROBE_TRACE"] = "a trace"
            os.chdir("/")
            module.warn("a trace")
    module.exit_json(
        changed=module.params["number"] != 1,
        name=module.params["name"],
        secret=f"it is {module.params['password']}",
        before=before,
        **seen(),
        input=sys.stdin.read(),
        check_mode=module.check_mode,
        has_temporary_folder=os.path.isdir(module.tmpdir),
        temporary_folder=module.tmpdir,
        in_process="ansible.plugins.loader" in sys.modules,
        diff={"before": "a\n", "after": "b\n"} if module._diff else None,
    )


if __name__ == "__main__":
    main()
