from decimal import Decimal

from babel.numbers import format_currency
from django import template

register = template.Library()


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """`£10.00`: an amount as people write it; whole yen, as yen have no smaller unit."""
    return str(format_currency(amount, currency, locale="en"))
