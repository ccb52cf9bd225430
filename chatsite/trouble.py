"""The pages for what cannot be answered.

Django makes them on the event loop's own pool of threads, where nothing gives a connection to the database back: each
of those threads would hold one for good. Ours give it back. (The page for a fault of ours asks the database nothing.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.views import defaults


def _giving_back(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @functools.wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        finally:
            for connection in connections.all(initialized_only=True):
                if not connection.in_atomic_block:  # then somebody else is not done with it
                    connection.close_if_unusable_or_obsolete()

    return page


bad_request = _giving_back(defaults.bad_request)
permission_denied = _giving_back(defaults.permission_denied)
not_found = _giving_back(defaults.page_not_found)
