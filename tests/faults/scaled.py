"""Three processes on PostgreSQL and Redis behind nginx: any of it may be stopped, killed, frozen and cut off."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from scripts import processes, stores
from scripts.stores import Store
from tests.sites import Database
from tests.upstream import Upstream

from .proxy import Proxy
from .rows import Rows
from .servers import KINDS, OneProcess, Worker

WORKERS = 3
HOW = ("stopped", "killed", "paused", "cut", "held")
MORE = tuple(f"{store} {how}" for store in ("Redis", "PostgreSQL") for how in HOW)
"""What can happen to the stores: both ends of them, and the way to them."""

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log warn;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_max_body_size 2m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream site {{ {servers} keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://site; proxy_http_version 1.1; proxy_buffering off;
      proxy_connect_timeout 1s; proxy_read_timeout 60s;
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"""


class Reached:
    """A store, and the network between it and everybody."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.proxy = Proxy(store.port)

    async def start(self) -> str:
        """Its address for the site."""
        port = await self.proxy.start()
        return self.store.url.replace(f":{self.store.port}/", f":{port}/")

    async def harm(self, how: str, seconds: float) -> None:
        """One of `HOW`, for so long."""
        match how:
            case "stopped" | "killed":
                await asyncio.to_thread(self.store.stop if how == "stopped" else self.store.kill)
                await asyncio.sleep(seconds)
                await asyncio.to_thread(self.store.start)
            case "paused":
                self.store.signal(signal.SIGSTOP)
                await asyncio.sleep(seconds)
                self.store.signal(signal.SIGCONT)
            case "cut":
                self.proxy.cut()
            case "held":
                self.proxy.hold()
                await asyncio.sleep(seconds)
                self.proxy.release()


class Scaled:
    """Workers that are processes of their own, each as good as a machine."""

    kinds = tuple(kind for kind in KINDS if kind != "disk full") + MORE  # they keep nothing on a disk

    def __init__(self, sites: Sequence[OneProcess], stores: dict[str, Reached], folder: Path) -> None:
        self.sites, self.stores, self.folder = sites, stores, folder
        self.workers: Sequence[Worker] = sites
        self.rows = Rows(stores["PostgreSQL"].store.url)
        self.port = processes.free_port()

    def open(self, origin: str) -> None:
        for site in self.sites:
            site.open(origin)
        servers = " ".join(f"server 127.0.0.1:{site.port} max_fails=1 fail_timeout=1s;" for site in self.sites)
        config = self.folder / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder, servers=servers, port=self.port))
        self.nginx = processes.start(["nginx", "-e", str(self.folder / "nginx.log"), "-c", str(config)])
        processes.wait_until_listening(self.nginx, "127.0.0.1", self.port)

    def close(self) -> None:
        for site in self.sites:
            site.close()
        processes.stop(self.nginx)

    async def harm(self, kind: str, seconds: float) -> None:
        store, how = kind.split()
        await self.stores[store].harm(how, seconds)

    @property
    def log(self) -> Path:
        """All logs in one."""
        whole = self.folder / "log"
        whole.write_text("".join(f"--- {site.site.port}\n{site.site.log}" for site in self.sites))
        return whole


@contextlib.asynccontextmanager
async def scaled(folder: Path, upstream: Upstream, env: dict[str, str]) -> AsyncIterator[Scaled]:
    """All of it."""
    async with AsyncExitStack() as stack:
        reached = {
            "PostgreSQL": Reached(stack.enter_context(stores.postgresql_server(safe=True))),
            "Redis": Reached(stack.enter_context(stores.redis_server())),
        }
        urls = {name: await one.start() for name, one in reached.items()}
        for one in reached.values():
            stack.push_async_callback(one.proxy.stop)
        with Database.migrated(folder, reached["PostgreSQL"].store.url) as database:
            reached["PostgreSQL"].store.url = database.url
        database_url = database.url.replace(urlsplit(database.url).netloc, urlsplit(urls["PostgreSQL"]).netloc)
        shared = {"DATABASE_URL": database_url, "REDIS_URL": urls["Redis"], "TRUSTED_PROXIES": "1"}
        yield Scaled([*_sites(folder, upstream, {**env, **shared})], reached, folder)


def _sites(folder: Path, upstream: Upstream, env: dict[str, str]) -> Iterator[OneProcess]:
    for number in range(WORKERS):
        (folder / f"site{number}").mkdir()
        yield OneProcess(Database(env["DATABASE_URL"]), folder / f"site{number}", upstream, env)
