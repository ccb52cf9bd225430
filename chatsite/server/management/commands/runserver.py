"""`manage.py runserver`: Daphne's, for work on the code.

Daphne's app would bring it, and with it load all of Twisted into each command, which would take half as long again.
"""

from __future__ import annotations

from daphne.management.commands.runserver import Command

__all__ = ["Command"]
