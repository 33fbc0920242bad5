"""`python -m cdc_sandbox.metadata ADDRESS PORT GOOGLE_PORT KUBERNETES_PORT`: the metadata server as a program.

Its folders come from the environment, as for all of the sandbox.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial

from ..kubernetes import api
from ..settings import load
from .server import MetadataServer

if __name__ == "__main__":
    port, google, kubernetes = map(int, sys.argv[2:])
    settings = replace(load(), node_address=sys.argv[1], metadata_port=port, google_port=google, kubernetes_port=kubernetes)
    MetadataServer(settings, partial(api.get, settings)).serve_forever()
