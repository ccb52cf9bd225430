"""Settings, all from the environment; nonsense is refused at start, and README has a line for each."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
environment_at_start = dict(os.environ)
"""Before the file: a process that is started anew with it reads the file anew. No setting, so no page shows it."""
env = environ.Env()
env.smart_cast = False
env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))


def _number(name: str, default: float, low: float, high: float) -> float:
    """A number from the environment, refused outside low..high."""
    try:
        value = float(env.str(name, default=str(default)))
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number from {low:g} to {high:g}.") from None
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must be a number from {low:g} to {high:g}, not {value:g}.")
    return value


def _choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of a few words from the environment."""
    value = str(env.str(name, default=default)).strip().lower()
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def _secret_key() -> str:
    """SECRET_KEY, or what stands in var/secret_key, which `dev.py` makes once."""
    key = str(env.str("SECRET_KEY", default=""))
    file = VAR_DIR / "secret_key"
    if not key and file.is_file():
        key = file.read_text().strip()
    if len(key) < 32:
        raise ImproperlyConfigured("Set SECRET_KEY to 50 random characters, or let `python3 dev.py run` make one.")
    return key


def _origin() -> str | None:
    """PUBLIC_ORIGIN as scheme://host[:port], or None where only loopback is served."""
    raw = str(env.str("PUBLIC_ORIGIN", default="")).strip().rstrip("/").lower()
    if not raw:
        return None
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise ImproperlyConfigured("PUBLIC_ORIGIN must look like https://chat.example.org, without a path.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not ALLOW_HTTP:
        raise ImproperlyConfigured("PUBLIC_ORIGIN is plain http beyond this machine: use https, or set ALLOW_HTTP=1.")
    # A browser never names the port that its scheme has anyway.
    return raw.removesuffix(":443" if parts.scheme == "https" else ":80")


# What this place is, and how safe it can be
LOOPBACK = ("localhost", "127.0.0.1", "::1")
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SITE_NAME = env.str("SITE_NAME", default="Chatsite")
ORGANISATION = env.str("ORGANISATION", default="")
ALLOW_HTTP = env.bool("ALLOW_HTTP", default=False)
PORT = int(_number("PORT", 8000, 0, 65535))
PUBLIC_ORIGIN = _origin()
SECURE = PUBLIC_ORIGIN is not None and PUBLIC_ORIGIN.startswith("https:")
OPEN_HTTP = PUBLIC_ORIGIN is not None and not SECURE and urlsplit(PUBLIC_ORIGIN).hostname not in LOOPBACK
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[]) or (
    [str(urlsplit(PUBLIC_ORIGIN).hostname)] if PUBLIC_ORIGIN else ["localhost", "127.0.0.1", "[::1]"]
)
if "*" in ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured("ALLOWED_HOSTS=* lets any site speak in your name; list the host names.")
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN] if PUBLIC_ORIGIN else []
USE_X_FORWARDED_HOST = False
TRUSTED_PROXIES = int(_number("TRUSTED_PROXIES", 0, 0, 10))
if env.bool("BEHIND_TLS_PROXY", default=SECURE):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Applications
INSTALLED_APPS = [
    "chatsite.server",  # before staticfiles, which has a `runserver` too
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "channels",
    "streaming",
    "chatsite.audit",
    "chatsite.accounts",
    "chatsite.conversations",
    "chatsite.review",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "chatsite.middleware.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "chatsite.accounts.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chatsite.accounts.context.site",
            ]
        },
    }
]

# Stores
_SQLITE: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;"
        f"PRAGMA synchronous={'FULL' if env.bool('SQLITE_FULL_SYNC', default=False) else 'NORMAL'};"
        "PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=27103364;PRAGMA cache_size=2000;PRAGMA secure_delete=ON"
    ),
}
DATABASE_CONNECTIONS = int(_number("DATABASE_CONNECTIONS", 8, 2, 200))
DATABASES: dict[str, Any] = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = _SQLITE
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    # Tests create and drop databases, which a pool's idle connections would hold open.
    _POOL = {"min_size": 1, "max_size": DATABASE_CONNECTIONS + 8, "timeout": 10, "max_lifetime": 1800}
    _ASKED: dict[str, Any] = DATABASES["default"].get("OPTIONS", {})  # such as ?sslmode=require
    DATABASES["default"]["OPTIONS"] = _ASKED if "pytest" in sys.modules else {**_ASKED, "pool": _POOL}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The database's own cache, so that sign-in limits survive restarts and hold over workers without Redis.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
REDIS_URL = env.str("REDIS_URL", default="")
# One member in each process, which stays for good; and another site on the same Redis has hints of its own.
_LAYER: tuple[str, dict[str, Any]] = (
    (
        "channels_redis.pubsub.RedisPubSubChannelLayer",
        {"hosts": [REDIS_URL], "prefix": f"chatsite{urlsplit(REDIS_URL).path}"},
    )
    if REDIS_URL
    else ("channels.layers.InMemoryChannelLayer", {"capacity": 10_000, "expiry": 10**9, "group_expiry": 10**9})
)
CHANNEL_LAYERS = {"default": {"BACKEND": _LAYER[0], "CONFIG": _LAYER[1]}}

# Models that can be asked: `streaming.upstreams` reads these
UPSTREAMS = env.str("UPSTREAMS", default="")
UPSTREAM_ENVIRONMENT = {
    name: env.str(name, default="")
    for name in (
        "UPSTREAM_API_KEY",
        "UPSTREAM_OPENAI_BASE_URL",
        "UPSTREAM_OPENAI_MODELS",
        "UPSTREAM_OPENAI_API_KEY",
        "UPSTREAM_ANTHROPIC_BASE_URL",
        "UPSTREAM_ANTHROPIC_MODELS",
        "UPSTREAM_ANTHROPIC_API_KEY",
    )
}

# Limits of a run, in seconds, and of what is taken in
CONNECT_SECONDS = _number("CONNECT_SECONDS", 10, 0.1, 300)
FIRST_EVENT_SECONDS = _number("FIRST_EVENT_SECONDS", 300, 0.1, 3600)
SILENCE_SECONDS = _number("SILENCE_SECONDS", 300, 0.1, 3600)
PROGRESS_SECONDS = _number("PROGRESS_SECONDS", 900, 0.1, 7200)
TOTAL_SECONDS = _number("TOTAL_SECONDS", 1800, 0.1, 86400)
RECORD_SECONDS = _number("RECORD_SECONDS", 0.5, 0.05, 60)
LEASE_SECONDS = _number("LEASE_SECONDS", 30, 1, 600)
DRAIN_SECONDS = _number("DRAIN_SECONDS", 30, 0, 3600)
KEEP_DELETED_DAYS = _number("KEEP_DELETED_DAYS", 0, 0, 3650)
MAX_MESSAGE_CHARACTERS = int(_number("MAX_MESSAGE_CHARACTERS", 32_000, 100, 1_000_000))
MAX_BODY_BYTES = int(_number("MAX_BODY_BYTES", 1_048_576, 65_536, 1_073_741_824))
MAX_FRAME_BYTES = 65_536
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

# People
SIGNUP = _choice("SIGNUP", "closed", ("closed", "open"))
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["chatsite.accounts.hashers.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "chatsite.accounts.passwords.ContextValidator"},
    {"NAME": "chatsite.accounts.passwords.CommonValidator"},
]
PASSWORD_RESET_TIMEOUT = 1800
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="chat@localhost")
EMAIL_VERIFICATION = env.bool("EMAIL_VERIFICATION", default=bool(EMAIL_URL))
ACCOUNT_ADAPTER = "chatsite.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "chatsite.accounts.forms.LoginForm",
    "signup": "chatsite.accounts.forms.SignupForm",
    "change_password": "chatsite.accounts.forms.ChangePasswordForm",
}
ACCOUNT_MAX_EMAIL_ADDRESSES = 1
# An address pauses for five minutes after five wrong passwords: `adapter.TRIES` counts down to it.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/300s/key"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_VERIFICATION else "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

# Sessions and cookies: the names say how safe they are
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(_number("SESSION_DAYS", 14, 0.01, 365) * 86_400)
CSRF_FAILURE_VIEW = "chatsite.health.csrf_failure"
SECURE_SSL_REDIRECT = False  # The proxy in front redirects; /healthz must answer plain http behind it.
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W021"]  # redirect is the proxy's; preload is the operator's choice

# Words, time and files
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [d for d in (BASE_DIR / "static" / "dist", BASE_DIR / "static" / "img") if d.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or "pytest" in sys.modules
        else "servestatic.storage.CompressedManifestStaticFilesStorage"
    },
}

# For machines
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN must have 16 characters or more: whoever guesses it reads the numbers.")

# Logs: one line each, no content, no addresses with queries
LOG_LEVEL = _choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")).upper()
LOG_FORMAT = _choice("LOG_FORMAT", "line", ("line", "json"))
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "chatsite.logs.Line"}, "json": {"()": "chatsite.logs.Json"}},
    "handlers": {"stderr": {"()": "chatsite.logs.handler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": "WARNING", "handlers": [], "propagate": True},
        "django.request": {"level": "ERROR", "propagate": True},
        "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
        **{name: {"level": "WARNING"} for name in ("daphne", "httpx", "httpcore", "aiohttp", "asyncio")},
        "channels_redis": {"level": "CRITICAL"},  # while Redis is away: `streaming.logs` says it once
    },
}
