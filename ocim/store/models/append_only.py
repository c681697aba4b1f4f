"""Tables that only grow: triggers of the database refuse to change or delete rows."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn, cast

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table

from ocim.core.errors import Conflict

REFUSAL = "Entries of the audit log can be neither changed nor deleted."
_CREATE = {
    "sqlite": (
        "CREATE TRIGGER {name} BEFORE {event} ON %(table)s"
        " BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '{refusal}'; END $$;"
        " CREATE TRIGGER {name} BEFORE {events} ON %(table)s"
        " FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    ),
}
_DROP = {
    "sqlite": "DROP TRIGGER {name}",
    "postgresql": "DROP TRIGGER {name} ON %(table)s; DROP FUNCTION {name}()",
}


class Refused(models.BaseConstraint):
    """A constraint that refuses an event, UPDATE or DELETE, for every row of a table.

    As a constraint it is in the migration that creates the table, whenever that is made anew.
    """

    def __init__(self, *, event: str, name: str) -> None:
        super().__init__(name=name)
        self.event = event

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Return what migrations write down."""
        path, arguments, options = super().deconstruct()
        return path, arguments, {**options, "event": self.event}

    def constraint_sql(
        self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> str:
        """Create the trigger after the table, whose own SQL has no part of it."""
        assert schema_editor  # noqa: S101 - Django's stubs alone let it be None
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""

    def create_sql(
        self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> str:
        """Return the statement that creates the trigger."""
        return self._statement(_CREATE, model, schema_editor)

    def remove_sql(
        self, model: type[models.Model] | None, schema_editor: BaseDatabaseSchemaEditor | None
    ) -> str:
        """Return the statement that drops the trigger."""
        return self._statement(_DROP, model, schema_editor)

    def validate(self, *_: object, **__: object) -> None:
        """Accept every new row."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refused) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.name, self.event))

    def _statement(
        self,
        templates: Mapping[str, str],
        model: type[models.Model] | None,
        editor: BaseDatabaseSchemaEditor | None,
    ) -> str:
        """Return a statement that follows the table when it is renamed."""
        assert model  # noqa: S101 - Django's stubs alone let it be None
        assert editor  # noqa: S101 - the same
        # Emptying a table is another event, which SQLite does not have.
        events = "DELETE OR TRUNCATE" if self.event == "DELETE" else self.event
        text = templates[editor.connection.vendor].format(
            name=self.name, event=self.event, events=events, refusal=REFUSAL
        )
        table = Table(model._meta.db_table, editor.quote_name)
        return cast(str, Statement(text, table=table))


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """A query of rows that can be neither changed nor deleted."""

    def update(self, **_: Any) -> NoReturn:
        """Raise Conflict."""
        raise Conflict(REFUSAL)

    def delete(self) -> NoReturn:
        """Raise Conflict."""
        raise Conflict(REFUSAL)


class AppendOnly(models.Model):
    """A row that can be neither changed nor deleted."""

    objects: ClassVar[Any] = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new row. Raise Conflict for one that is stored already."""
        if self.pk is not None:
            raise Conflict(REFUSAL)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        """Raise Conflict."""
        raise Conflict(REFUSAL)
