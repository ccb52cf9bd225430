"""Two hosts and the network between them, in namespaces of Linux that end with the process which made them.

All of it stands in a network and a mount namespace of the bench's own: so no address can be taken already, and nothing
is left behind, not even by SIGKILL.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MIDDLE = "10.0.0.1"
"""The address of the bench itself: its stores, its model's server and its viewers."""
HOSTS = {"here": "10.0.0.2", "there": "10.0.0.3"}
DELAY = "1ms"
_INSIDE = "BENCH_INSIDE"
_ALONE = ["unshare", "--net", "--mount", "--propagation", "private"]


def enter() -> None:
    """Begin anew in namespaces of our own; without the right or the means to do so, say it and end with 2."""
    if os.environ.pop(_INSIDE, ""):
        return
    try:
        for probe in ([*_ALONE, "true"], ["ip", "-Version"]):
            subprocess.run(probe, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        print("Two hosts need Linux, `unshare`, `ip` and the right to make network namespaces: run this as root.")
        sys.exit(2)
    os.execvpe(_ALONE[0], [*_ALONE, sys.executable, *sys.argv], {**os.environ, _INSIDE: "1"})


def lay() -> str:
    """Make both hosts and a bridge to us; a sentence about the delay on the way."""
    Path("/run/netns").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True)
    _ip("link set lo up")
    _ip("link add middle type bridge")
    _ip(f"address add {MIDDLE}/24 dev middle")
    _ip("link set middle up")
    delays = [_host(name, address) for name, address in HOSTS.items()]
    if not all(delays):
        return "No delay is added on the way between hosts: this system has no netem."
    return f"Each host is {DELAY} away from the stores, the model and the viewers, in each direction."


def within(host: str) -> list[str]:
    """What starts a program on this host."""
    return ["ip", "netns", "exec", host]


def _host(name: str, address: str) -> bool:
    """One host, with its link; whether that is slow, as meant."""
    _ip(f"netns add {name}")
    _ip(f"link add to-{name} type veth peer name eth0 netns {name}")
    _ip(f"link set to-{name} master middle up")
    for command in ("link set lo up", f"address add {address}/24 dev eth0", "link set eth0 up"):
        _ip(f"-n {name} {command}")
    return _slow(["tc"], f"to-{name}") and _slow(["tc", "-n", name], "eth0")


def _slow(tc: list[str], link: str) -> bool:
    try:
        command = [*tc, *f"qdisc add dev {link} root netem delay {DELAY}".split()]
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)
