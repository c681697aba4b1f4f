"""The platform's users in its services, from the claims of verified tokens."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model

ATTRIBUTES = {
    "email": "email",
    "given_name": "first_name",
    "family_name": "last_name",
    "name": "full_name",
    "user_id": "lms_user_id",
}


def user_of(claims: Mapping[str, Any], *, staff: bool | None = None) -> Any:
    """Return the user whom the claims name, updated by them; create the user if there is none.

    `staff` grants or revokes staff rights; None leaves them as they are.
    Raise KeyError if the claims name nobody.
    """
    model = get_user_model()
    user, _created = model._default_manager.get_or_create(
        username=claims.get("preferred_username") or claims["username"]
    )
    attributes = {
        attribute: claims[claim]
        for claim, attribute in ATTRIBUTES.items()
        if claims.get(claim) is not None and hasattr(user, attribute)
    }
    if staff is not None:
        attributes["is_staff"] = staff
    changed = {name: value for name, value in attributes.items() if getattr(user, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(user, name, value)
        user.save(update_fields=list(changed))
    return user
