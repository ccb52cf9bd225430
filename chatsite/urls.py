"""Every address of the product."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from chatsite import health, metrics

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("manifest.webmanifest", health.manifest, name="manifest"),
    path("session", health.session, name="session"),
    path("csp-report", health.csp_report, name="csp-report"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("account/", include("chatsite.accounts.urls")),
    path("review/", include("chatsite.review.urls")),
    path("", include("chatsite.conversations.urls")),
]

handler400 = "chatsite.trouble.bad_request"
handler403 = "chatsite.trouble.permission_denied"
handler404 = "chatsite.trouble.not_found"
handler500 = "chatsite.trouble.server_error"
