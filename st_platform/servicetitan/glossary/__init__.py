"""What every column means, in words, so that tables, assets, dbt and the data dictionary say the same.

The words are data beside this file: `shared.toml` for what a field name means wherever it appears, one file per API
module for what it means there. They are read when first asked for. Knows the catalog and nothing of where the words
end up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from st_platform.servicetitan.records import Column
from st_platform.servicetitan.resource import Resource

__all__ = ["Glossary", "NoDescription", "describe", "describe_system", "glossary"]

_FOLDER = Path(__file__).parent
_SHARED = _FOLDER / "shared.toml"
_NOUN = "{one}"


class NoDescription(LookupError):
    """A column that no word has been written about."""


@dataclass(frozen=True)
class Glossary:
    """All words. `one` is what a row of a resource is called; `{one}` in a description stands for it.

    A column's description is the first of: what its resource's own table says, what its deletion flag means, what the
    name means everywhere.
    """

    one: Mapping[str, str]
    by_resource: Mapping[str, Mapping[str, str]]
    by_deletion_flag: Mapping[str, str]
    by_name: Mapping[str, str]
    system: Mapping[str, str]

    def describe(self, resource: Resource, column: Column) -> str:
        """A sentence or two about the column.

        Raises:
            NoDescription: nobody wrote one; the message says where it goes.
        """
        text = self.by_resource.get(resource.name, {}).get(column.name)
        if text is None and resource.deleted_when == (column.name, False):
            text = self.by_deletion_flag.get(column.name)
        text = text or self.by_name.get(column.name)
        if text is None or resource.name not in self.one:
            raise NoDescription(
                f"{resource.name}.{column.name} has no description; write one under [{resource.name}] in"
                f" {_FOLDER.name}/{resource.module}.toml (and what a row is called under [one] in {_SHARED.name})"
            )
        return text.replace(_NOUN, self.one[resource.name])


@cache
def glossary() -> Glossary:
    """The words as they are on disk, read once."""
    shared = tomllib.loads(_SHARED.read_text())
    by_resource: dict[str, dict[str, str]] = {}
    for file in sorted(_FOLDER.glob("*.toml")):
        if file != _SHARED:
            by_resource |= tomllib.loads(file.read_text())
    return Glossary(shared["one"], by_resource, shared["deletion_flags"], shared["columns"], shared["system"])


def describe(resource: Resource, column: Column) -> str:
    """What `column` of `resource` holds: whose it is, its unit, what it refers to and what to beware of.

    Raises:
        NoDescription: nobody wrote it down yet.
    """
    return glossary().describe(resource, column)


def describe_system(column: str) -> str:
    """What a column means that every resource's table has and no record, such as `_fetched_at` or `tenant_id`.

    Raises:
        NoDescription: the loader does not know such a column.
    """
    try:
        return glossary().system[column]
    except KeyError:
        raise NoDescription(f"no table has a column {column!r} of the loader's; see [system] in {_SHARED}") from None
