"""What every test may ask for: Alice, Bob and Charlie, private stores, and a real site.

`alice` writes, `bob` reviews, `charlie` must see nothing. `site` is a real server process that all browser tests
share; `start_site(...)` gives a test one of its own, to kill or to set up otherwise.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connections
from redis import Redis

from scripts import stores

from . import flushing
from .sites import Database, Site
from .upstream import Upstream

if TYPE_CHECKING:
    from chatsite.accounts.models import User

PASSWORD = "correct horse battery staple"
flushing.install()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Ask for more than the gate needs."""
    parser.addoption("--traces", action="store_true", help="keep of each failed browser test all that its pages did")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give coroutine tests the database and the event loop that they need.

    The ORM runs on other threads than such a test's own, so what it writes must be committed to be seen (on SQLite the
    test would wait for its own lock). A browser lives on the loop it was started in, the session's.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "browser" in fixtures:
            item.add_marker(pytest.mark.browser)
        if not inspect.iscoroutinefunction(getattr(item, "function", None)):
            continue
        if "browser" in fixtures:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        mark = item.get_closest_marker("django_db")
        if mark or "db" in fixtures:
            options = {**(mark.kwargs if mark else {}), "transaction": True}
            item.add_marker(pytest.mark.django_db(**options), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know at their end whether the test failed."""
    report = yield
    item.stash.setdefault(FAILED, False)
    item.stash[FAILED] |= report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A SQLite file of this run's own: several runs may go on in one checkout."""
    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Let go of the connection that asynchronous clients' requests used: PostgreSQL drops no database in use."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture
def password() -> str:
    """Everybody's password."""
    return PASSWORD


@pytest.fixture
def alice(db: None) -> User:
    """She writes."""
    return _person("Alice")


@pytest.fixture
def bob(db: None) -> User:
    """He reviews: staff, and allowed to read what others wrote."""
    from django.contrib.auth.models import Permission

    person = _person("Bob", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="read_conversation", content_type__app_label="review"))
    return person


@pytest.fixture
def charlie(db: None) -> User:
    """He must see nothing."""
    return _person("Charlie")


def _person(name: str, **fields: Any) -> User:
    from chatsite.accounts.models import User

    return User.objects.create(email=f"{name.lower()}@example.com", password=_hashed(), name=name, **fields)


@cache
def _hashed() -> str:
    """Everybody's password as it is stored; to make that anew for each test is a tenth of their time."""
    return make_password(PASSWORD)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server: the one that the tests run on, or else a private one."""
    if (url := os.environ.get("DATABASE_URL", "")).startswith("postgres"):
        yield url
    else:
        with stores.postgresql() as url:
            yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis server: the one that the tests run on, or else a private one."""
    if url := os.environ.get("REDIS_URL", ""):
        yield url
    else:
        with stores.redis() as url:
            yield url


@pytest.fixture(scope="session")
def _own_redis() -> Iterator[str]:
    with stores.redis() as url:
        yield url


@pytest.fixture
def empty_redis(_own_redis: str) -> str:
    """A Redis server that nobody else uses, and that knows nothing."""
    with Redis.from_url(_own_redis) as client:
        client.flushall()
    return _own_redis


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An empty database with all tables, of which each site gets a copy."""
    with Database.migrated(tmp_path_factory.mktemp("migrated")) as database:
        yield database


@pytest.fixture(scope="session")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The same in a file of SQLite, whatever the other tests use."""
    with Database.migrated(tmp_path_factory.mktemp("filed"), server="") as database:
        yield database


@pytest.fixture
def start_site(migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Starts sites of a test's own: `start_site(upstream, DRAIN_SECONDS="1")`. Without an upstream: the demo."""
    with ExitStack() as started:

        def start(upstream: Upstream | None = None, **env: str) -> Site:
            return started.enter_context(Site(migrated, tmp_path_factory.mktemp("site"), upstream, env))

        yield start


@pytest.fixture(scope="session")
def _shared(migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Upstream]]:
    with (
        Upstream.in_thread() as upstream,
        Site(migrated, tmp_path_factory.mktemp("site"), upstream, {"SIGNUP": "open", "TRUSTED_PROXIES": "1"}) as site,
    ):
        yield site, upstream


@pytest.fixture
def site(_shared: tuple[Site, Upstream]) -> Site:
    """A real server process with a database of its own, whose models are `upstream`'s."""
    return _shared[0]


@pytest.fixture
def upstream(_shared: tuple[Site, Upstream]) -> Upstream:
    """The scriptable model server behind `site`, with nothing scripted yet."""
    return _shared[1].forget()
