"""Records of the Marketing module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int32, Int64, Json, Record


class CampaignCost(Record):
    """Daily cost of a campaign in one month. The API has no date filter here: always read whole."""

    id: Int64
    year: Int32 | None = None
    month: Int32 | None = None
    daily_cost: Decimal | None = None
    campaign_id: Int64 | None = None


class Campaign(Record):
    """A marketing campaign that calls, leads and jobs are credited to."""

    id: Int64
    name: str | None = None
    modified_on: Instant | None = None
    created_on: Instant | None = None
    active: bool | None = None
    is_default_campaign: bool | None = None
    category: Json = Json()
    source: str | None = None
    other_source: str | None = None
    business_unit: str | None = None
    medium: str | None = None
    other_medium: str | None = None
    campaign_phone_numbers: Json = Json()


class CampaignCategory(Record):
    """A group of campaigns."""

    id: Int64
    name: str | None = None
    active: bool | None = None
    type: str | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
