"""Currencies: validation of their codes, and the variables of LMS and shop for each."""

from datetime import date
from functools import cache, lru_cache
from typing import Any

from babel.core import get_global
from babel.numbers import get_currency_symbol, get_territory_currencies, list_currencies


@cache
def codes() -> frozenset[str]:
    """Return the codes of ISO 4217, in capitals."""
    return frozenset(list_currencies())


def fault(code: str, *, on: date) -> str:
    """Return why the code is not a currency in use on that day; empty if it is."""
    tender = _tender(on)
    if code in tender:
        return ""
    if code.strip().upper() in tender:
        return f"{code!r} is not a currency. Did you mean {code.strip().upper()!r}?"
    if code not in codes():
        return f"{code!r} is not a currency. Write a code of ISO 4217, such as GBP."
    successors = sorted(
        {
            new
            for place in _places()
            if code in get_territory_currencies(place, start_date=date.min, end_date=on)
            for new in get_territory_currencies(place, start_date=on)
        }
    )
    hint = f" It was replaced by {', '.join(successors)}." if successors else ""
    return f"{code!r} is not legal tender on {on}.{hint}"


@lru_cache(maxsize=4)
def _tender(on: date) -> frozenset[str]:
    return frozenset(
        code for place in _places() for code in get_territory_currencies(place, start_date=on)
    )


def _places() -> list[str]:
    return list(get_global("territory_currencies"))


def variables(code: str) -> dict[str, Any]:
    """Return the variables of ecommerce and LMS that make it the currency of new courses."""
    return {"ECOMMERCE_OSCAR_DEFAULT_CURRENCY": code} | of_lms(code)


def of_lms(code: str) -> dict[str, Any]:
    """Return the variables of the LMS among them.

    `COURSE_MODE_DEFAULTS` repeats upstream's whole default, since a setting replaces it.
    """
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
