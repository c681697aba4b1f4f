"""A currency: by its code everything that LMS and shop have to be told of it."""

from functools import cache
from typing import Any

from babel.numbers import get_currency_symbol, list_currencies


@cache
def codes() -> frozenset[str]:
    """Those of ISO 4217, in capitals."""
    return frozenset(list_currencies())


def variables(code: str) -> dict[str, Any]:
    """What makes a course be sold for it: at the shop, and at the LMS where nobody set a mode.

    `COURSE_MODE_DEFAULTS` is all that the setting has upstream, as a setting replaces the default.
    """
    return {"ECOMMERCE_OSCAR_DEFAULT_CURRENCY": code} | of_lms(code)


def of_lms(code: str) -> dict[str, Any]:
    """The LMS's part of them."""
    lower = code.lower()
    return {
        "EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY": [lower, get_currency_symbol(code, locale="en")],
        "EDXAPP_LMS_ENV_EXTRA": {
            "COURSE_MODE_DEFAULTS": {
                "bulk_sku": None,
                "currency": lower,
                "description": None,
                "expiration_datetime": None,
                "min_price": 0,
                "name": "Honor",
                "sku": None,
                "slug": "honor",
                "suggested_prices": "",
            }
        },
    }
