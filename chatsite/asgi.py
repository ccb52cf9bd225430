"""The whole product as one ASGI application: `daphne chatsite.asgi:application`, or any other server."""

from __future__ import annotations

import os
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
pages = get_asgi_application()  # before anything that imports a model

# ruff: noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import re_path
from servestatic import ServeStaticASGI

import streaming.upstream  # noqa: F401 - loaded now, rather than while somebody waits for the first answer
from chatsite.conversations.engine import door, log
from chatsite.middleware import Dressed
from chatsite.origin import OriginGuard, refuse
from streaming.routing import routes

UNCHANGING = r"^/static/(?:assets/.+-[A-Z0-9]{8}\.\w+|.+\.[0-9a-f]{12}\.\w+)$"
"""Names with a hash of the content in them: esbuild's and Django's."""


files = ServeStaticASGI(
    pages,
    root=settings.STATIC_ROOT if settings.STATIC_ROOT.is_dir() else None,
    prefix="static/",
    immutable_file_test=UNCHANGING,
    allow_all_origins=False,
)
"""Static files stand outside the pages, so that no middleware runs for them."""

# No session is put into the scope: the door reads it itself, on the database's own threads.
sockets = OriginGuard(URLRouter([*routes(log, door), re_path("", cast(Any, refuse))]))

application = ProtocolTypeRouter({"http": Dressed(files), "websocket": sockets})
