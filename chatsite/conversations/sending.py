"""Sending, and asking for another reply: each one transaction, and idempotent by the sender's client id.

Nothing here talks to a model. What is returned says which run is to be started, by whoever called, after the commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import Http404

from chatsite.accounts.models import User
from streaming.errors import ModelNotFound
from streaming.prompts import Prompt
from streaming.upstreams import Catalogue, Model

from .models import Conversation, Message, Run, State
from .problems import Busy, Problem, Repeated, UnknownModel
from .prompting import prompt_for
from .titles import title_of


@dataclass(frozen=True)
class Sent:
    """What a person said and the reply to it. With a model and a prompt the reply's run has yet to be started."""

    message: Message
    reply: Message
    model: Model | None = None
    prompt: Prompt | None = None

    @property
    def new(self) -> bool:
        """Whether it was stored just now, or is what the same client id made before."""
        return self.model is not None


@dataclass(frozen=True)
class Sender:
    """Who sends, under which id of theirs, to which model; and the worker that will hold the run."""

    user: User
    client_id: UUID
    model: str
    catalogue: Catalogue
    worker: str

    def send(self, text: str, uid: UUID | None = None, parent: UUID | None = None) -> Sent:
        """Store what the person says and begin the reply; without `uid` in a conversation of its own."""
        return self._once(lambda: self._send(text, uid, parent), lambda before: self._sent(before, text, uid))

    def ask_again(self, uid: UUID) -> Sent:
        """Begin another reply to what the person said as message `uid`; the ones before it stay (I-11)."""
        return self._once(lambda: self._ask_again(uid), lambda before: self._asked_again(before, uid))

    def check_model(self, message: Message) -> None:
        """Raise `UnknownModel` if nobody is there to answer this message again."""
        self._model(self.model or _used(message))

    def go_on(self, uid: UUID) -> Sent:
        """Begin another reply that goes on where the reply `uid` was cut, which stays as it is (I-11)."""
        return self._once(lambda: self._go_on(uid), lambda before: self._gone_on(before, uid))

    def _once(self, act: Callable[[], Sent], repeat: Callable[[Message], Sent]) -> Sent:
        """Do it, unless this client id has done it: then what came of it, whoever was first (I-2)."""
        try:
            with transaction.atomic():
                before = Message.objects.sent_as(self.user, self.client_id)
                return repeat(before) if before else act()
        except (IntegrityError, Busy):
            # A twin of this request was first, or another reply of the conversation: the constraints decide (I-3).
            before = Message.objects.sent_as(self.user, self.client_id)
            if before is None:
                raise Busy from None
            return repeat(before)

    def _send(self, text: str, uid: UUID | None, parent: UUID | None) -> Sent:
        model = self._model(self.model)
        if uid is None:
            conversation = Conversation.objects.create(owner=self.user, title=title_of(text))
            message = conversation.say(self.user, text, self.client_id, None)
        else:
            conversation = _free(self.user, uid)
            message = conversation.say(self.user, text, self.client_id, _parent(conversation, parent))
        return self._begun(message, conversation.begin_reply(message, model, self.worker), model)

    def _ask_again(self, uid: UUID) -> Sent:
        message = Message.objects.owned_by(self.user).said_by_people().filter(uid=uid).first()
        if message is None:
            raise Http404
        conversation = _free(self.user, message.conversation.uid)
        model = self._model(self.model or _used(message))
        reply = conversation.begin_reply(message, model, self.worker, author=self.user, client_id=self.client_id)
        return self._begun(message, reply, model)

    def _go_on(self, uid: UUID) -> Sent:
        cut = Message.objects.owned_by(self.user).replies().filter(uid=uid).first()
        if cut is None or cut.parent is None:
            raise Http404
        conversation = _free(self.user, cut.conversation.uid)
        if not cut.continuable:
            raise Problem
        model = self._model(self.model) if self.model else self._same(cut)
        reply = conversation.begin_reply(
            cut.parent, model, self.worker, author=self.user, client_id=self.client_id, continues=cut
        )
        cut.parent.conversation = conversation
        return Sent(cut.parent, reply, model, prompt_for(cut.parent, model, reply.run, cut.text))

    def _gone_on(self, before: Message, uid: UUID) -> Sent:
        if before.continues is None or before.continues.uid != uid:
            raise Repeated
        return self._asked(before)

    def _same(self, cut: Message) -> Model:
        """The model that wrote this, if it is still on offer."""
        try:
            return self.catalogue.find(_name(getattr(cut, "run", None)))
        except ModelNotFound:
            return self._model("")

    def _begun(self, message: Message, reply: Message, model: Model) -> Sent:
        if self.user.model != model.id:
            User.objects.filter(pk=self.user.pk).update(model=model.id)
        return Sent(message, reply, model, prompt_for(message, model, reply.run))

    def _sent(self, before: Message, text: str, uid: UUID | None) -> Sent:
        reply = before.replies.select_related("run").order_by("id").first()
        if before.conversation.deleted_at:
            raise Http404
        if reply is None or before.text != text or uid not in (None, before.conversation.uid):
            raise Repeated
        return Sent(before, reply)

    def _asked_again(self, before: Message, uid: UUID) -> Sent:
        if before.parent is None or before.parent.uid != uid or before.continues_id:
            raise Repeated
        return self._asked(before)

    def _asked(self, before: Message) -> Sent:
        if before.conversation.deleted_at:
            raise Http404
        if before.parent is None or not before.is_reply:
            raise Repeated
        before.parent.conversation = before.conversation
        return Sent(before.parent, before)

    def _model(self, id: str) -> Model:
        """The model that is on offer now under this id (S-09); without one the last choice, if it still is."""
        try:
            return self.catalogue.find(id or self.user.model or self.catalogue.default.id)
        except ModelNotFound:
            if id:
                raise UnknownModel from None
            return self.catalogue.default


def _free(user: User, uid: UUID) -> Conversation:
    """This person's conversation, held until the end of the transaction, in which nothing is being written."""
    conversation = Conversation.objects.owned_by(user).select_for_update().filter(uid=uid).first()
    if conversation is None:
        raise Http404
    if conversation.messages.filter(state=State.STREAMING).exists():
        raise Busy
    return conversation


def _parent(conversation: Conversation, uid: UUID | None) -> Message | None:
    """What is followed: the reply of this id, by default the newest message."""
    if uid is None:
        return conversation.newest
    parent = conversation.messages.filter(uid=uid).first()
    if parent is None:
        raise Http404
    if not parent.is_reply:
        raise Problem
    return parent


def _used(message: Message) -> str:
    """The model that answered this message last, under its full name."""
    reply = message.replies.select_related("run").order_by("-id").first()
    return _name(getattr(reply, "run", None))


def _name(run: Run | None) -> str:
    return f"{run.upstream}/{run.model}" if run else ""
