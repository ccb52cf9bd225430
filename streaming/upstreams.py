"""What can be asked: upstreams (a model's server, its address and key) and the models each offers.

Everything here is made from plain values: an environment given as a mapping, or the text of a TOML file.
Nothing is guessed: nonsense raises `ValueError` with a sentence for whoever runs the place, and no key
ever appears in one, in a log or in a `repr`.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import tomllib
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec

from .errors import ModelNotFound
from .events import Event
from .prompts import Prompt, Quirks

logger = logging.getLogger(__name__)

_DIALECTS: Final = ("openai", "anthropic")
ADDRESSES: Final = {
    "openai": "https://api.cheapestinference.com/v1",
    "anthropic": "https://api.cheapestinference.com/anthropic",
}
MODELS: Final = {"openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4-20250514"}

_KNOWN: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    ("anthropic", "api.cheapestinference.com"): {"auth": "bearer"},
    ("anthropic", "openrouter.ai"): {"auth": "bearer"},
    ("openai", "api.openai.com"): {"token_limit": "max_completion_tokens"},
    ("openai", "api.groq.com"): {"token_limit": "max_completion_tokens"},
    ("openai", "api.mistral.ai"): {"stream_options": False},
}
"""What the best-known servers are documented to want; a configuration file may say otherwise."""

_warned: set[str] = set()


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a million tokens cost, in the operator's currency."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model as its upstream's configuration describes it, beyond its name."""

    name: str
    label: str = ""
    max_tokens: int | None = None
    prefill: bool | None = None
    prices: Prices | None = None
    quirks: dict[str, Any] = {}


@dataclass(frozen=True)
class Upstream:
    """A model's server. The key belongs to this address and goes nowhere else."""

    name: str
    dialect: str
    base_url: str
    key: str = field(default="", repr=False)
    quirks: Quirks = field(default_factory=Quirks)
    models: tuple[str, ...] = ()
    offers: Mapping[str, Offer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name):
            raise ValueError(f"{self.name!r} cannot be an upstream's name: use letters, digits, '.', '_' and '-'.")
        if self.dialect not in _DIALECTS:
            raise ValueError(f"Upstream {self.name}: the dialect is 'openai' or 'anthropic', not {self.dialect!r}.")
        if not self.models:
            raise ValueError(f"Upstream {self.name} names no model.")
        if not self.key.isascii() or not self.key.isprintable():
            raise ValueError(f"The key of upstream {self.name} has a character that no header can carry.")
        object.__setattr__(self, "base_url", _checked_url(self.name, self.base_url))


@dataclass(frozen=True)
class Model:
    """One model at one upstream. `id` is what pages and programs call it in its catalogue."""

    name: str
    upstream: Upstream
    id: str
    label: str
    quirks: Quirks
    prices: Prices | None = None

    @property
    def max_tokens(self) -> int:
        """The limit that is sent where the dialect demands one and nobody set any."""
        return self.quirks.max_tokens

    @property
    def dialect(self) -> str:
        """The dialect of its upstream."""
        return self.upstream.dialect


class Asker(Protocol):
    """Whoever asks a model once: `upstream.Client`, or what stands before it."""

    def ask(self, model: Model, prompt: Prompt) -> AsyncGenerator[list[Event], None]: ...


class Catalogue:
    """All models that can be asked here, in the order of the configuration; `demo` if they are only the demo's."""

    def __init__(self, upstreams: Iterable[Upstream], demo: bool = False) -> None:
        self.upstreams: Final = tuple(upstreams)
        self.demo: Final = demo
        twice = [name for name, count in Counter(one.name for one in self.upstreams).items() if count > 1]
        if twice or not self.upstreams:
            raise ValueError(f"Two upstreams are called {twice[0]}." if twice else "There is no upstream to ask.")
        pairs = [(upstream, name) for upstream in self.upstreams for name in upstream.models]
        names = Counter(name for _, name in pairs)
        full = {f"{upstream.name}/{name}" for upstream, name in pairs}
        self.models: Final = tuple(
            _model(upstream, name, name if names[name] == 1 and name not in full else f"{upstream.name}/{name}")
            for upstream, name in pairs
        )
        self._by_id: Final = {model.id: model for model in self.models}

    @property
    def default(self) -> Model:
        """The model of someone who has not chosen."""
        return self.models[0]

    def find(self, id: str, dialect: str | None = None) -> Model:
        """The model of this id or name; of several with one name, first one whose upstream speaks the dialect."""
        if self.demo and id in MODELS.values() and id not in self._by_id:
            id, dialect = "tour", next(one for one in _DIALECTS if MODELS[one] == id)
        if model := self._by_id.get(id):
            return model
        named = [one for one in self.models if id in (one.name, f"{one.upstream.name}/{one.name}")]
        if not named:
            raise ModelNotFound(id)
        return next((one for one in named if one.dialect == dialect), named[0])


def from_environment(env: Mapping[str, str]) -> Catalogue | None:
    """The upstreams that the UPSTREAM_… variables describe; None if they hold no key at all."""
    values = {name: value.strip() for name, value in env.items() if name.startswith("UPSTREAM_") and value.strip()}
    own = {dialect: values[name] for dialect in _DIALECTS if (name := f"UPSTREAM_{dialect.upper()}_BASE_URL") in values}
    common = values.get("UPSTREAM_API_KEY", "")
    keys = {dialect: values.get(f"UPSTREAM_{dialect.upper()}_API_KEY", common) for dialect in _DIALECTS}
    if not any(keys.values()):
        if own:
            logger.warning("A base URL is set but no UPSTREAM_API_KEY (any word, if the server asks for none).")
        return None
    # A key never goes to an address its owner did not choose: one address set, and the defaults are gone.
    addresses = own or {dialect: url for dialect, url in ADDRESSES.items() if keys[dialect]}
    for dialect in addresses:
        if not keys[dialect]:
            name = f"UPSTREAM_{dialect.upper()}"
            raise ValueError(f"{name}_BASE_URL is set, but neither {name}_API_KEY nor UPSTREAM_API_KEY is.")
    return Catalogue(
        Upstream(
            name=dialect,
            dialect=dialect,
            base_url=url,
            key=keys[dialect],
            quirks=_quirks(dialect, dialect, url, {}),
            models=_names(values.get(f"UPSTREAM_{dialect.upper()}_MODELS", MODELS[dialect]).split(",")),
        )
        for dialect, url in addresses.items()
    )


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    """One upstream in the TOML file."""

    dialect: str
    base_url: str
    models: list[str | Offer]
    key_env: str = ""
    quirks: dict[str, Any] = {}


def from_toml(text: str, env: Mapping[str, str]) -> Catalogue:
    """The upstreams of a TOML file, one table each; keys come from the environment by the names it gives."""
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"The file of upstreams is no TOML: {error}.") from error
    return Catalogue(_from_table(name, table, env) for name, table in tables.items())


def _from_table(name: str, plain: Any, env: Mapping[str, str]) -> Upstream:
    try:
        table = msgspec.convert(plain, _Table)
    except msgspec.ValidationError as error:
        raise ValueError(f"Upstream {name}: {error}.") from error
    key = env.get(table.key_env, "").strip() if table.key_env else ""
    if table.key_env and not key:
        raise ValueError(f"Upstream {name}: its key should be in {table.key_env}, which is not set.")
    offers = [Offer(one) if isinstance(one, str) else one for one in table.models]
    upstream = Upstream(
        name=name,
        dialect=table.dialect,
        base_url=table.base_url,
        key=key,
        quirks=_quirks(name, table.dialect, table.base_url, table.quirks),
        models=_names(one.name for one in offers),
        offers={one.name: one for one in offers},
    )
    for model in upstream.models:
        _model(upstream, model, model)  # so that a model's nonsense is refused here, with its name
    return upstream


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _model(upstream: Upstream, name: str, id: str) -> Model:
    offer = upstream.offers.get(name, Offer(name))
    own = dict(offer.quirks)
    if offer.max_tokens is not None:
        own["max_tokens"] = offer.max_tokens
    if offer.prefill is not None:
        own["prefill"] = offer.prefill
    quirks = _merged(f"Model {upstream.name}/{name}", upstream.quirks, own)
    return Model(name, upstream, id, offer.label or name, quirks, offer.prices)


def _quirks(name: str, dialect: str, url: str, own: Mapping[str, Any]) -> Quirks:
    known = _KNOWN.get((dialect, urlsplit(url).hostname or ""), {})
    return _merged(f"Upstream {name}", Quirks(), {**known, **own})


def _merged(whose: str, quirks: Quirks, own: Mapping[str, Any]) -> Quirks:
    """These quirks with a model's or upstream's own over them; headers and query are merged by name."""
    plain = {name: getattr(quirks, name) for name in Quirks.__struct_fields__}
    for name, value in own.items():
        if name not in plain:
            raise ValueError(f"{whose}: there is no quirk called {name!r}.")
        both = isinstance(value, dict) and isinstance(plain[name], dict)
        plain[name] = {**plain[name], **value} if both else value
    try:
        return msgspec.convert(plain, Quirks)
    except msgspec.ValidationError as error:
        raise ValueError(f"{whose}: {error}.") from error


def _checked_url(name: str, url: str) -> str:
    """The address without a slash at its end, if it is one that we can ask and may write down."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        raise ValueError(f"Upstream {name}: its base URL must begin with http:// or https:// and name a host.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"Upstream {name}: its base URL must hold no credentials, query or fragment.")
    try:
        parts.port  # noqa: B018  (reading it checks it)
    except ValueError as error:
        raise ValueError(f"Upstream {name}: the port in its base URL is none.") from error
    if parts.scheme == "http" and not _is_loopback(parts.hostname) and parts.hostname not in _warned:
        _warned.add(parts.hostname)
        logger.warning("Upstream %s is asked by plain http: its key and every word cross the network readable.", name)
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
