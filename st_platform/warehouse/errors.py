"""What can go wrong in the warehouse, as types.

Every error says what happened, where, and what to do; `str()` reads "what (where). fix". Nothing here imports
anything of ours.
"""

from __future__ import annotations


class WarehouseError(Exception):
    """Base of all errors of this floor. `what`, `where` and `fix` are sentences for the person who reads the log."""

    def __init__(self, what: str, where: str, fix: str) -> None:
        super().__init__(f"{what} ({where}). {fix}")
        self.what = what
        self.where = where
        self.fix = fix


class DatabaseUnavailable(WarehouseError):
    """The database cannot be started or reached."""


class MigrationRefused(WarehouseError):
    """The database's history and the migrations in the code do not fit together."""


class TableMismatch(WarehouseError):
    """A resource table has a column whose type is not the record's; only a migration may change it."""


class RowRefused(WarehouseError):
    """Postgres refused one row of a page. `index` is its place in the rows handed in; `column` may be None."""

    def __init__(self, what: str, where: str, fix: str, *, index: int, column: str | None) -> None:
        super().__init__(what, where, fix)
        self.index = index
        self.column = column


class LeaseHeld(WarehouseError):
    """Somebody else is reading the same thing and is alive."""


class FencedOut(WarehouseError):
    """The lease was taken over by another process; nothing of this transaction may be committed."""


class LaneGone(WarehouseError):
    """A lane is not in the ledger any more: another one replaced it."""


class PeriodRefused(WarehouseError):
    """A month cannot be closed or reopened as things stand."""
