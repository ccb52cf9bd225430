#!/usr/bin/env python3
"""The commands of this project, from a bare machine on: `python3 dev.py run` and `python3 dev.py test`.

Standard library only. Every step is skipped while what goes into it has not changed.
"""

from __future__ import annotations

import argparse
import sys

if sys.version_info < (3, 11):  # noqa: UP036 (this is what says so)
    sys.exit(f"Python 3.11 or later is needed; this is {sys.version_info[0]}.{sys.version_info[1]}.")

from scripts import environment, gate, lock, processes, run, setup
from scripts.processes import ROOT
from scripts.steps import Failed, say

PROGRAMS = {
    **{name: ROOT / "scripts" / f"{name}.py" for name in ("interop", "faults", "audit")},
    **{f"bench {file.stem}": file for file in (ROOT / "bench").glob("[a-z]*.py")},
}
"""Commands that are a file of their own, where it exists."""


def main(arguments: list[str]) -> int:
    """Do what was asked for; the exit status."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    ours = parser()
    asked, theirs = ours.parse_known_args(arguments[:end])
    if theirs and asked.command in ("run", "build", "test", "lock"):
        ours.error(f"unrecognized arguments: {' '.join(theirs)}")
    theirs += arguments[end + 1 :]
    try:
        if asked.command == "run":
            return run.run(asked.host, asked.port, reload=asked.dev)
        if asked.command == "build":
            return build()
        if asked.command == "test":
            return gate.test(theirs, long=asked.long)
        if asked.command == "lock":
            return lock.lock()
        return program(" ".join(filter(None, (asked.command, getattr(asked, "name", "")))), theirs)
    except Failed as failure:
        say(f"{failure.output}\n{failure}".strip())
        return failure.code
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line; it lists only what is there."""
    ours = argparse.ArgumentParser(prog="dev.py", description="Arguments after -- go to pytest, or to the program.")
    commands = ours.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("run", help="set everything up and serve")
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    port = environment.value("PORT", "8000")
    serve.add_argument("--port", type=port_number, default=port, help="the port (%(default)s); 0 takes any free one")
    serve.add_argument("--dev", action="store_true", help="reload when Python or front end change (stock runserver)")
    commands.add_parser("build", help="set up all that serving needs but the database, and end")
    test = commands.add_parser("test", help="set everything up, check and test all of it")
    test.add_argument("--long", action="store_true", help="also what takes long, and everything on every store")
    commands.add_parser("lock", help="pin the packages anew (needs uv)")
    for name in ("interop", "faults", "audit"):
        if PROGRAMS[name].exists():
            commands.add_parser(name, help=f"run scripts/{name}.py")
    benches = sorted(name.split()[1] for name in PROGRAMS if name.startswith("bench "))
    if benches:
        commands.add_parser("bench", help="measure").add_argument("name", choices=benches)
    return ours


def port_number(text: str) -> int:
    """A port from the command line or the environment."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{number} is no port: 0 to 65535")
    return number


def build() -> int:
    """What a service manager's `manage.py serve` starts from: packages, page, secret key and static files."""
    setup.everything()
    setup.static()
    return 0


def program(name: str, arguments: list[str]) -> int:
    """Set everything up and run one of the programs."""
    setup.everything(development=True)
    setup.static()
    process = processes.start([setup.PYTHON, PROGRAMS[name], *arguments])
    try:
        return process.wait()
    finally:
        processes.stop(process)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
