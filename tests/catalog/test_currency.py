from datetime import date

import pytest

from ocim.catalog.shop import currency

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize("code", ["GBP", "EUR", "USD", "CHF", "XOF", "XPF"])
def test_money_that_people_pay_with_is_taken(code: str) -> None:
    assert currency.fault(code, on=TODAY) == ""


@pytest.mark.parametrize(
    "code, fault",
    [
        ("DEM", "'DEM' is not legal tender on 2026-11-27. It was replaced by EUR."),
        ("HRK", "'HRK' is not legal tender on 2026-11-27. It was replaced by EUR."),
        ("XXX", "'XXX' is not legal tender on 2026-11-27."),
        ("XAU", "'XAU' is not legal tender on 2026-11-27."),
        ("XTS", "'XTS' is not legal tender on 2026-11-27."),
        ("gbp", "'gbp' is not a currency. Did you mean 'GBP'?"),
        ("EURO", "'EURO' is not a currency. Write a code of ISO 4217, such as GBP."),
    ],
)
def test_what_nobody_pays_with_is_refused(code: str, fault: str) -> None:
    assert currency.fault(code, on=TODAY) == fault


def test_money_of_the_past_was_money_then() -> None:
    assert currency.fault("HRK", on=date(2020, 1, 1)) == ""
