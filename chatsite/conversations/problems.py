"""Why something a person asked for is not done: a status, a word for programs, a sentence for people."""

from __future__ import annotations

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Problem(Exception):
    """Nothing was stored; whoever asked keeps their text."""

    status = 400
    reason = "bad"
    text: str | Promise = _("This could not be read. Load the page again; your text is kept.")

    @property
    def sentence(self) -> str:
        """What a person is told."""
        return str(self.text)


class Empty(Problem):
    """Nothing to send."""

    reason = "empty"
    text = _("There is nothing to send yet. Write something first.")


class TooLong(Problem):
    """More than is taken in."""

    reason = "too_long"

    @property
    def sentence(self) -> str:
        """What a person is told."""
        return _("This is longer than %(limit)s characters. Your text is kept; shorten it and send it again.") % {
            "limit": settings.MAX_MESSAGE_CHARACTERS
        }


class UnknownModel(Problem):
    """The model is not on offer now, whatever it was when the page was made (S-09)."""

    reason = "model"
    text = _("This model is not available. Your text is kept; choose another model.")


class Repeated(Problem):
    """A client id that was used for something else."""

    text = _("This was already sent with other words. Your text is kept; load the page again.")


class Missing(Problem):
    """It does not exist, or it is somebody else's: nobody can tell which."""

    status = 404
    reason = "missing"
    text = _("Nothing here. It does not exist, or it is not yours.")


class Busy(Problem):
    """One answer at a time in a conversation (I-3)."""

    status = 409
    reason = "busy"
    text = _("An answer is still being written. Your text is kept; send it when this one ends.")


class Storage(Problem):
    """The database does not take anything now."""

    status = 503
    reason = "storage"
    text = _("Not saved yet. Your text is kept; send it again in a moment.")


class Stopping(Problem):
    """This process is about to end."""

    status = 503
    reason = "stopping"
    text = _("The server is restarting. Your text is kept; send it again in a moment.")
