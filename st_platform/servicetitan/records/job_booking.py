"""Records of the Job Booking module, field for field as the API documents them."""

from __future__ import annotations

from st_platform.servicetitan.records.base import Instant, Int64, Record


class CallReason(Record):
    """A reason that can be given for a call that was not booked."""

    id: Int64
    name: str | None = None
    is_lead: bool | None = None
    active: bool | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
