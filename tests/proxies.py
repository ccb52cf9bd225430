"""A private nginx or Caddy in front of a site, with the very files of `deploy/`: only names, ports and paths differ."""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts import processes, system

from . import certificates

DEPLOY = processes.ROOT / "deploy"
NAME, UPSTREAM = "chat.example.org", "127.0.0.1:8000"
FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class Place:
    """Where a proxy listens and what it stands in front of; known before either is started."""

    kind: str
    https: int
    http: int
    upstream: int

    @classmethod
    def free(cls, kind: str) -> Place:
        """One that nobody has taken."""
        return cls(kind, *(processes.free_port() for _ in range(3)))

    @property
    def origin(self) -> str:
        """What people would type."""
        return f"https://localhost:{self.https}"


def trust() -> ssl.SSLContext:
    """A client's side that believes our certificate and no other."""
    return ssl.create_default_context(cadata=certificates.made()[1].decode())


@contextlib.contextmanager
def proxy(place: Place) -> Iterator[None]:
    """It serves while the block does, as a user without rights if we have any."""
    user = None if os.getuid() else "nobody"
    with tempfile.TemporaryDirectory(prefix="proxy-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        secret, certificate = certificates.made()
        (folder / "key.pem").write_bytes(secret)
        (folder / "certificate.pem").write_bytes(certificate)
        command = _nginx(folder, place) if place.kind == "nginx" else _caddy(folder, place)
        if user:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, user)
        with (folder / "log").open("wb") as log:
            home = {"HOME": name, "XDG_DATA_HOME": name, "XDG_CONFIG_HOME": name}
            process = processes.start(command, env={**os.environ, **home}, output=log, user=user, cwd=folder)
        try:
            processes.wait_until_listening(process, "127.0.0.1", place.https, 20)
            yield
        except processes.Died as died:
            raise processes.Died(f"{place.kind} {died}\n{(folder / 'log').read_text()}") from None
        finally:
            processes.stop(process)


def _nginx(folder: Path, place: Place) -> list[str]:
    """The site's file inside the smallest configuration that nginx starts with."""
    site = (DEPLOY / "nginx.conf").read_text()
    for old, new in (
        (f"return 308 https://{NAME}", f"return 308 {place.origin}"),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", str(folder / "certificate.pem")),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", str(folder / "key.pem")),
        (NAME, "localhost"),
        (UPSTREAM, f"127.0.0.1:{place.upstream}"),
        ("listen [::]:", "# listen [::]:"),
        ("listen 80", f"listen 127.0.0.1:{place.http}"),
        ("listen 443", f"listen 127.0.0.1:{place.https}"),
    ):
        assert old in site, old
        site = site.replace(old, new)
    (folder / "site.conf").write_text(site)
    paths = "".join(f"{name}_temp_path {folder / name};\n" for name in FOLDERS)
    top = f"daemon off;\npid {folder / 'pid'};\nerror_log stderr notice;\nworker_processes 1;\n"
    http = f"access_log off;\n{paths}include {folder / 'site.conf'};\n"
    (folder / "nginx.conf").write_text(f"{top}events {{ worker_connections 256; }}\nhttp {{\n{http}}}\n")
    return [str(system.nginx()), "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path, place: Place) -> list[str]:
    """The file, told where to listen, and with a certificate of ours instead of one that it would fetch."""
    site = (DEPLOY / "Caddyfile").read_text()
    here = f"admin off\n\tdefault_bind 127.0.0.1\n\thttp_port {place.http}\n\thttps_port {place.https}\n"
    for old, new in (
        ("\n{\n", f"\n{{\n\t{here}"),
        (f"\n{NAME} {{\n", f"\nlocalhost {{\n\ttls {folder / 'certificate.pem'} {folder / 'key.pem'}\n"),
        (UPSTREAM, f"127.0.0.1:{place.upstream}"),
    ):
        assert old in site, old
        site = site.replace(old, new)
    (folder / "Caddyfile").write_text(site)
    return [str(shutil.which("caddy")), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
