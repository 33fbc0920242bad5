"""Listens on 127.0.0.1 and serves the stand-in, one thread a connection."""

from __future__ import annotations

import signal
import socket
import struct
import threading
from types import FrameType
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ..settings import Settings
from .application import Application
from .call import Context
from .faults import Faults
from .state import State

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class _RequestHandler(WSGIRequestHandler):
    """Writes no access log (the journal has it), and can reset a connection."""

    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        # Lingering for 0 s makes close() send a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


def make(settings: Settings) -> tuple[BaseWSGIServer, Application]:
    """A server that is bound and not yet serving."""
    context = Context(settings, State(settings.state / "google"), Faults())
    application = Application(context)
    server = make_server("127.0.0.1", settings.google_port, application, threaded=True, request_handler=_RequestHandler)
    return server, application


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let the services stop what they started."""
    server, application = make(settings)

    def stop(number: int, frame: FrameType | None) -> None:
        # shutdown() waits for serve_forever(), which runs in this very thread.
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        server.serve_forever()
    finally:
        server.server_close()
        for function in application.context.on_stop:
            function()
