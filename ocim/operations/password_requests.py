"""Links to set a password, which people ask for and get by mail."""

from collections.abc import Collection
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_encode

from ocim.core.actions import Action, MailPasswordLink
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict
from ocim.core.mail import Mail
from ocim.operations import audit
from ocim.operations.access import grants_of
from ocim.operations.context import Context
from ocim.store.models import PasswordRequest

LASTS = timedelta(hours=1)
"""Time for which a mailed link works, and in which requests are counted."""
PER_ADDRESS = 3
"""Maximum number of mails to an address in that time; more requests send none."""
PER_HOST = 10
"""Maximum number of requests from a network address in that time."""
TEXT = """Somebody, probably you, asked for a link to set the password of your account {name}:

{link}

It works once, until an hour after it was asked for. If you did not ask, you need not do anything.
"""


class LinkTokens(PasswordResetTokenGenerator):
    """Tokens of an administrator's links, which end when the account's roles change.

    Otherwise a link would outlive the right to make it: an admin of an organization could keep one
    until the account is given a role for the whole fleet.
    """

    key_salt = "ocim.operations.password_requests.link"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        """Return the state of the account that the token is for."""
        grants = sorted(map(str, grants_of(user)))
        return f"{super()._make_hash_value(user, timestamp)}{grants}"


class MailedTokens(PasswordResetTokenGenerator):
    """Tokens of mailed links: those of an administrator last longer and are other ones."""

    key_salt = "ocim.operations.password_requests"

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Return True if the token is the account's, unused, and at most an hour old."""
        if not user or not token or not super().check_token(user, token):
            return False
        age = self._num_seconds(self._now()) - base36_to_int(token.partition("-")[0])
        return bool(age <= LASTS.total_seconds())


link_tokens = LinkTokens()
mailed_tokens = MailedTokens()


def request(*, address: str, host: str, context: Context) -> Collection[Action]:
    """Return what sends the link, whether or not the address is somebody's.

    A worker looks for it, so the time that this takes tells nothing either. Raise Conflict if too
    many requests came from the host.
    """
    now = context.now()
    PasswordRequest.objects.filter(created__lte=now - LASTS).delete()
    if PasswordRequest.objects.filter(host=host).count() >= PER_HOST:
        raise Conflict(
            f"There were {PER_HOST} requests from your network address within an hour.",
            remedy="Wait an hour, or ask an administrator for a link.",
        )
    digest = sha256(address.strip().casefold().encode()).hexdigest()
    earlier = PasswordRequest.objects.filter(address_hash=digest).count()
    PasswordRequest.objects.create(address_hash=digest, host=host, created=now)
    return [MailPasswordLink(address.strip())] if earlier < PER_ADDRESS else []


def mail(*, address: str, pages: str, context: Context) -> None:
    """Send a link to each enabled account with the address, unless it signs in at a provider.

    The link leads to `pages`, the URL of Ocim's own pages: what a browser calls them may be forged.
    """
    if not (relay := context.policy.mail):
        return
    users = User.objects.filter(email__iexact=address, is_active=True, external_identity=None)
    for user in users.exclude(email=""):
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        path = reverse("reset-password", args=[uid, mailed_tokens.make_token(user)])
        text = TEXT.format(name=user, link=f"{pages}{path}")
        message = Mail(context.policy.mail_sender, user.email, "Set your password of Ocim", text)
        context.adapters.mail.send(relay, message)
        audit.record(AuditAction.USER_MAIL_PASSWORD_LINK, user)
