import pytest

from ocim.core.migrations import Migration, read_migrations

PLAN = """Operations to perform:
  Apply all migrations: student
Planned operations:
student.0004_city
    Create model City
    Add field name to city
    Raw Python operation -> Fill in what is known.
student.0005_profile
    Remove field town from UserProfile
    Alter field country on userprofile
    Change Meta options on userprofile
course_modes.0003_merge
"""
LOG = """Operations to perform:
  Apply all migrations: student
Running pre-migrate handlers for application student
Running migrations:
  Applying student.0004_city...a word of its own OK (0.031s)
  Applying student.0005_profile... OK (1.250s)
"""


def of(*operations: str) -> Migration:
    plan = "\n    ".join(["shop.0002_x", *operations])
    return read_migrations("ecommerce", plan, "")[-1]


def test_what_is_planned_is_told_in_its_order_with_the_time_that_it_took() -> None:
    assert read_migrations("edxapp", PLAN, LOG) == [
        Migration("edxapp", "student.0004_city", 0.031),
        Migration(
            "edxapp", "student.0005_profile", 1.25,
            drops=("student.UserProfile.town",), locks=("student.userprofile",),
        ),
        Migration("edxapp", "course_modes.0003_merge", None),
    ]  # fmt: skip


def test_without_a_plan_it_is_told_what_was_applied() -> None:
    names = [migration.name for migration in read_migrations("edxapp", "", LOG)]
    assert names == ["student.0004_city", "student.0005_profile"]


def test_nothing_planned_is_no_migration() -> None:
    plan = "Planned operations:\n  No planned migration operations.\n"
    assert read_migrations("edxapp", plan, "  No migrations to apply.\n") == []


@pytest.mark.parametrize(
    "operation, gone",
    [
        ("Delete model Basket", "shop.Basket"),
        ("Remove field price from basket", "shop.basket.price"),
        ("Rename field price on basket to amount", "shop.basket.price"),
        ("Rename model Basket to Cart", "shop.Basket"),
        ("Rename table for basket to shop_cart", "shop.basket"),
    ],
)
def test_what_the_running_release_does_not_find_any_more_is_dropped(
    operation: str, gone: str
) -> None:
    assert of(operation).drops == (gone,)


@pytest.mark.parametrize(
    "operation",
    [
        "Add field amount to basket",
        "Alter field price on basket",
        "Alter unique_together for basket (1 constraint(s))",
        "Set order_with_respect_to on basket to shop",
        "Create index price_index on field(s) price, model of model basket",
        "Rename index old on basket to new",
        "Remove index price_index from basket",
        "Create constraint positive on model basket",
        "Remove constraint positive from model basket",
    ],
)
def test_what_changes_a_table_that_is_in_use_locks_it(operation: str) -> None:
    result = of(operation)
    assert (result.drops, result.locks) == ((), ("shop.basket",))


@pytest.mark.parametrize(
    "operation",
    ["Raw SQL operation -> ['ALTER TABLE x …", "Custom state/database change combination"],
)
def test_what_does_not_say_what_it_touches_has_to_be_looked_at(operation: str) -> None:
    assert of(operation).unclear == (operation,)


@pytest.mark.parametrize("operation", ["Raw Python operation", "Create model Basket"])
def test_everything_else_is_no_danger(operation: str) -> None:
    result = of(operation)
    assert (result.drops, result.locks, result.unclear) == ((), (), ())


def test_what_only_the_new_release_knows_is_nobodys_loss() -> None:
    plan = "shop.0001_x\n    Create model Cart\nshop.0002_y\n    Remove field x from cart\n"
    assert [migration.drops for migration in read_migrations("ecommerce", plan, "")] == [(), ()]
