"""The platform's users, as its services know them: by what a verified token says."""

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
    """The user that the claims name, made where there is none, with what they say of it.

    `staff` says whether it has staff rights; None leaves those as they are.
    Raises KeyError where the claims name nobody.
    """
    model = get_user_model()
    user, _created = model._default_manager.get_or_create(
        username=claims.get("preferred_username") or claims["username"]
    )
    told = {
        attribute: claims[claim]
        for claim, attribute in ATTRIBUTES.items()
        if claims.get(claim) is not None and hasattr(user, attribute)
    }
    if staff is not None:
        told["is_staff"] = staff
    changed = {name: value for name, value in told.items() if getattr(user, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(user, name, value)
        user.save(update_fields=list(changed))
    return user
