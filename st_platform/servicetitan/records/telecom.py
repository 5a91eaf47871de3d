"""Records of the Telecom module, field for field as the API documents them."""

from __future__ import annotations

from st_platform.servicetitan.records.base import Instant, Int64, Json, Record


class Call(Record):
    """One call, as the export feed tells it. The call lists have other rows with other ids."""

    id: Int64
    duration: str | None = None
    from_: str | None = None
    to: str | None = None
    direction: str | None = None
    status: str | None = None
    type: str | None = None
    recording_url: str | None = None
    voice_mail_path: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    reason: Json = Json()
    customer: Json = Json()
    location: Json = Json()
    campaign: Json = Json()
    job: Json = Json()
    agent: Json = Json()
    created_by: Json = Json()
    excuse_memo: str | None = None
    tag: str | None = None
    active: bool | None = None
    lead: Json = Json()
