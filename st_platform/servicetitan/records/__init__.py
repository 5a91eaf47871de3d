"""The canonical model: one msgspec Struct per ServiceTitan resource, one file per API module."""

from st_platform.servicetitan.records.base import Column, Record, columns_of, floor_instant

__all__ = ["Column", "Record", "columns_of", "floor_instant"]
