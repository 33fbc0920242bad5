"""`python -m cdc_sandbox.google PORT`: the stand-in as a program; its folders come from the environment, as for all of the sandbox."""

from __future__ import annotations

import sys
from dataclasses import replace

from ..settings import load
from .server import serve

if __name__ == "__main__":
    serve(replace(load(), google_port=int(sys.argv[1])))
