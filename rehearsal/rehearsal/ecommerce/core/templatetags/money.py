from decimal import Decimal

from babel.numbers import format_currency
from django import template

register = template.Library()


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """Format an amount, like `£10.00`; whole yen, as yen have no smaller unit."""
    return str(format_currency(amount, currency, locale="en"))
