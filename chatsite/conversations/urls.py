"""The addresses of conversations."""

from __future__ import annotations

from django.urls import path

from .views import conversations, exports, messages, pages, polling

app_name = "conversations"
urlpatterns = [
    path("", pages.new, name="new"),
    path("conversations/", pages.listing, name="listing"),
    path("c/", messages.create, name="create"),
    path("c/<uuid:uid>/", pages.page, name="page"),
    path("c/<uuid:uid>/messages/", messages.send, name="messages"),
    path("c/<uuid:uid>/title/", conversations.title, name="title"),
    path("c/<uuid:uid>/deletion/", conversations.deletion, name="deletion"),
    path("c/<uuid:uid>/restoration/", conversations.restoration, name="restoration"),
    path("c/<uuid:uid>/export/", exports.page, name="export"),
    path("exports/<uuid:uid>.md", exports.markdown, name="markdown"),
    path("exports/<uuid:uid>.json", exports.json, name="json"),
    path("m/<uuid:uid>/", pages.message, name="message"),
    path("m/<uuid:uid>/events/", polling.events, name="events"),
    path("m/<uuid:uid>/replies/", messages.replies, name="replies"),
    path("m/<uuid:uid>/continuations/", messages.continuations, name="continuations"),
    path("m/<uuid:uid>/stop/", messages.stop, name="stop"),
]
