"""The pages for what cannot be answered.

Django makes them on the event loop's own pool of threads, where nothing gives a connection to the database back: each
of those threads would hold one for good. Ours give it back. The page for a fault of ours asks the database nothing,
for it may be the database that is away (D-10).
"""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable
from typing import Any, Final

from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import defaults

from chatsite.conversations.models.run import reference
from chatsite.conversations.problems import Problem, Storage

logger = logging.getLogger(__name__)

AWAY: Final = (OperationalError, InterfaceError)
"""What Django raises when the database does not answer."""


class Broken(Problem):
    """A fault of ours."""

    status = 500
    reason = "broken"
    text = gettext_lazy("Something broke on our side. Your text is kept; send it again.")


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


def server_error(request: HttpRequest) -> HttpResponse:
    """What became of a request that nothing could be made of, with a reference to look up in the log (I-21)."""
    error, ref = sys.exc_info()[1], reference()
    logger.error("reference %s: %s", ref, type(error).__name__)
    problem: Problem = Storage() if isinstance(error, AWAY) else Broken()
    if request.headers.get("X-Fragment") == "1":
        said = {"problem": {"reason": problem.reason, "sentence": f"{problem.sentence} {_('Ref.')} {ref}"}}
        return HttpResponse(render_to_string("conversations/_problem.html", said), status=problem.status)
    return HttpResponse(render_to_string(f"{problem.status}.html", {"reference": ref}), status=problem.status)
