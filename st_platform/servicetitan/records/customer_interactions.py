"""Records of the Customer Interactions module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int64, Record


class TechnicianRating(Record):
    """What a customer gave a technician for a job. Keyed by the two."""

    technician_id: Int64
    job_id: Int64
    rating: Decimal | None = None
    active: bool | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
