"""A currency: by its code everything that LMS and shop have to be told of it."""

from datetime import date
from functools import cache, lru_cache
from typing import Any

from babel.core import get_global
from babel.numbers import get_currency_symbol, get_territory_currencies, list_currencies


@cache
def codes() -> frozenset[str]:
    """Those of ISO 4217, in capitals."""
    return frozenset(list_currencies())


def fault(code: str, *, on: date) -> str:
    """Say why nobody pays with the currency on that day; nothing where somebody does."""
    tender = _tender(on)
    if code in tender:
        return ""
    if code.strip().upper() in tender:
        return f"{code!r} is no currency: write {code.strip().upper()}."
    if code not in codes():
        return f"{code!r} is no currency; GBP is one."
    successors = sorted(
        {
            new
            for place in _places()
            if code in get_territory_currencies(place, start_date=date.min, end_date=on)
            for new in get_territory_currencies(place, start_date=on)
        }
    )
    now = f" Where it was, people pay with {', '.join(successors)}." if successors else ""
    return f"{code!r} is not legal tender on {on}.{now}"


@lru_cache(maxsize=4)
def _tender(on: date) -> frozenset[str]:
    return frozenset(
        code for place in _places() for code in get_territory_currencies(place, start_date=on)
    )


def _places() -> list[str]:
    return list(get_global("territory_currencies"))


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
