"""What is spent on finding customers, and what the ads module says it brought."""

from __future__ import annotations

from datetime import timedelta

from st_platform.servicetitan.records.marketing import Campaign, CampaignCategory, CampaignCost
from st_platform.servicetitan.records.marketing_ads import AdsPerformance, AttributedLead
from st_platform.servicetitan.resource import (
    ANY,
    BY_ID,
    BY_MODIFIED,
    Cadence,
    DateWindow,
    IdsFilter,
    Joined,
    List,
    LoadMode,
    Resource,
    Segment,
    SliceDay,
)

RESOURCES = (
    Resource(
        name="campaigns",
        module="marketing",
        record=Campaign,
        load_mode=LoadMode.TAIL,
        cadence=Cadence.DAILY,
        owner="team:marketing",
        scope="tn.mrk.campaigns:r",
        description="Marketing campaigns with category, source and medium.",
        list=List(
            path="/marketing/v2/tenant/{tenant}/campaigns",
            modified_filter=True,
            all_rows=ANY,
            sort=BY_MODIFIED,
            id_sort=BY_ID,
            ids=IdsFilter.OPTIONAL,
        ),
    ),
    Resource(
        name="campaign_categories",
        module="marketing",
        record=CampaignCategory,
        load_mode=LoadMode.TAIL,
        cadence=Cadence.WEEKLY,
        owner="team:marketing",
        scope="tn.mrk.categories:r",
        description="Groups that campaigns belong to.",
        list=List(path="/marketing/v2/tenant/{tenant}/categories", modified_filter=True, id_sort=BY_ID),
    ),
    Resource(
        name="campaign_costs",
        module="marketing",
        record=CampaignCost,
        load_mode=LoadMode.SNAPSHOT,
        cadence=Cadence.DAILY,
        owner="team:marketing",
        scope="tn.mrk.costs:r",
        description="What each campaign costs per day, month by month.",
        list=List(path="/marketing/v2/tenant/{tenant}/costs", id_sort=BY_ID),
        version=None,
        created=None,
    ),
    Resource(
        name="attributed_leads",
        module="marketing_ads",
        record=AttributedLead,
        load_mode=LoadMode.WINDOW,
        cadence=Cadence.DAILY,
        owner="team:marketing",
        scope="tn.mads.attributedleads:r",
        description="Leads that the ads module traced to their source.",
        window=DateWindow(path="/marketingads/v2/tenant/{tenant}/attributed-leads", look_back=timedelta(days=30)),
        filled={"lead_key": Joined("dateTime", "leadType", "call.id", "booking.id", "leadForm.leadNumber")},
        key=("lead_key",),
        version=None,
        created="date_time",
    ),
    Resource(
        name="marketing_ads_performance",
        module="marketing_ads",
        record=AdsPerformance,
        load_mode=LoadMode.WINDOW,
        cadence=Cadence.DAILY,
        owner="team:marketing",
        scope="tn.mads.performance:r",
        description="Cost, clicks, leads and revenue per day of each campaign, ad group and keyword.",
        window=DateWindow(
            path="/marketingads/v2/tenant/{tenant}/performance",
            slice=timedelta(days=1),
            segments=("performanceSegmentationType", ("Campaign", "AdGroup", "Keyword")),
            look_back=timedelta(days=30),
            history=timedelta(days=400),
        ),
        filled={
            "day": SliceDay(),
            "segmentation": Segment(),
            "segment_key": Joined("campaign.id", "adGroup.id", "keyword.id"),
        },
        key=("day", "segmentation", "segment_key"),
        version=None,
        created=None,
    ),
)
