"""Records of the Marketing Ads module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import CalendarDate, Instant, Int32, Json, Record


class AttributedLead(Record):
    """One lead that the ads module traced to its source. It has no id; `lead_key` is composed of what identifies it."""

    lead_key: str = ""
    date_time: Instant | None = None
    lead_type: Int32 | None = None
    attribution: Json = Json()
    job: Json = Json()
    customer: Json = Json()
    call: Json = Json()
    lead_form: Json = Json()
    booking: Json = Json()


class AdsPerformance(Record):
    """What a campaign, ad group or keyword cost and brought on one day.

    The API sums over the window that is asked for.
    """

    day: CalendarDate = ""
    segmentation: str = ""
    segment_key: str = ""
    campaign: Json = Json()
    ad_group: Json = Json()
    keyword: Json = Json()
    digital_stats: Json = Json()
    lead_stats: Json = Json()
    return_on_investment: Decimal | None = None
