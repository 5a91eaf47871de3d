"""The ads module's leads, row by row, and its performance, which is summed over whatever window is asked for.

Some statuses are numbers instead of names, as they are met in practice.
"""

from __future__ import annotations

import json
from enum import IntEnum

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.demand.ads import ATTRIBUTION_WINDOW, Keyword, LeadType
from st_platform.simulator.business.demand.enquiries import CallType
from st_platform.simulator.business.demand.switchboard import CALL_REASONS
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, chosen, ids, instants, objects, where
from st_platform.simulator.rows.telecom import call_types, durations, telephone, tracking_number
from st_platform.simulator.rows.view import First, View

_UTM = {"Google": "google", "Microsoft": "bing", "Meta": "facebook"}
_CALL_TYPES = ['"Abandoned"', '"Unbooked"', '"Excused"', '"Booked"', '"NotLead"', '""']
_NO_CALL = '{"duration":"","id":null,"type":"","source":"","callerNumber":"","trackingNumber":"","excusedReason":""}'
_NO_FORM = '{"leadNumber":null,"leadStatus":"","notes":""}'
_NUMBERED = "Microsoft"
"""The source whose statuses come as numbers."""


class Segmentation(IntEnum):
    CAMPAIGN = 1
    AD_GROUP = 2
    KEYWORD = 3


def attributed_leads(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    these = view.ads.leads
    kind = these.type[rows]
    job = np.where(these.linked[rows] <= at, these.job[rows], NONE)
    customer = np.where(these.known[rows] <= at, these.customer[rows], NONE)
    names = view.names.customers(np.maximum(customer, 0))
    jobs = [f'{{"id":{n},"name":"{n}"}}' for n in (job + First.JOB).tolist()]
    customers = [
        f'{{"id":{n},"name":{name}}}' for n, name in zip((customer + First.CUSTOMER).tolist(), names, strict=True)
    ]
    row = these.row[rows]
    booked = np.where(kind == LeadType.WEB_BOOKING, row, NONE)
    return objects(
        len(rows),
        dateTime=instants(these.time[rows]),
        leadType=kind.tolist(),
        attribution=_attributions(view, rows),
        job=where(job != NONE, jobs, '{"id":null,"name":""}'),
        customer=where(customer != NONE, customers, '{"id":null,"name":""}'),
        call=where(kind == LeadType.CALL, _calls(view, np.where(kind == LeadType.CALL, row, 0), at), _NO_CALL),
        leadForm=where(
            kind == LeadType.WEB_LEAD_FORM,
            _forms(view, np.where(kind == LeadType.WEB_LEAD_FORM, row, 0), at),
            _NO_FORM,
        ),
        booking=[f'{{"id":{one}}}' for one in ids(np.append(booked, NONE), First.BOOKING)[:-1]],
    )


def attributed_changes(view: View) -> list[tuple[Ticks, Ints]]:
    """When rows change: a call ends, a form is settled or a job is found, for as long as the module looks."""
    these = view.ads.leads
    every = np.arange(len(these))
    calls, forms = view.demand.calls, view.demand.leads
    ended = np.where(these.type == LeadType.CALL, _of(calls.ended, these.row), NEVER)
    excused = np.where(these.type == LeadType.CALL, _of(calls.excused, these.row), NEVER)
    settled = _of(np.minimum(forms.converted, forms.dismissed), these.row)
    settled = np.where(these.type == LeadType.WEB_LEAD_FORM, settled, NEVER)
    settled = np.where(settled <= these.time + ATTRIBUTION_WINDOW, settled, NEVER)
    return [
        (ended, every),
        (excused, every),
        (these.linked, every),
        (np.where(these.known > these.time, these.known, NEVER), every),
        (settled, every),
    ]


def performance(view: View, segmentation: Segmentation, start: int, end: int, at: int) -> Texts:
    """One row per segment that did anything in [start, end), sums as an instant knows them."""
    ads = view.ads
    first, last = min(start, at), min(end, at)
    spent, clicks, shown, won = (
        ads.until(running, last) - ads.until(running, first)
        for running in (ads.cost, ads.clicks, ads.impressions, ads.conversions)
    )
    leads = _lead_sums(view, start, end, at)
    figures = np.stack([spent, clicks, shown, won, *leads])
    segments: dict[tuple[int, int, int], Ints] = {}
    for number, word in enumerate(ads.keywords):
        group = word.group if segmentation >= Segmentation.AD_GROUP else NONE
        key = (word.campaign, group, word.number if segmentation == Segmentation.KEYWORD else NONE)
        segments[key] = segments.get(key, np.zeros(len(figures), dtype=np.int64)) + figures[:, number]
    words = {(word.campaign, word.group, word.number): word for word in ads.keywords}
    return [
        _segment(view, words, key, [int(figure) for figure in sums], at) for key, sums in segments.items() if sums.any()
    ]


def _lead_sums(view: View, start: int, end: int, at: int) -> list[Ints]:
    """Per keyword: leads, calls, online bookings, manual bookings, booked, ran, sold jobs and revenue in cents."""
    these, count = view.ads.leads, len(view.ads.keywords)
    low, high = np.searchsorted(these.time, [start, min(end, at + 1)])
    rows = np.arange(low, max(low, high))
    rows = rows[these.withdrawn[rows] > at]
    kind, ran = these.type[rows], these.ran[rows] <= at

    def total(amounts: np.ndarray) -> Ints:
        sums = np.zeros(count, dtype=np.int64)
        np.add.at(sums, these.keyword[rows], amounts.astype(np.int64))
        return sums

    return [
        total(np.ones(len(rows))),
        total(kind == LeadType.CALL),
        total(np.isin(kind, [LeadType.WEB_BOOKING, LeadType.WEB_LEAD_FORM])),
        total(kind == LeadType.MANUAL_JOB),
        total(these.linked[rows] <= at),
        total(ran),
        total(ran & (these.revenue[rows] > 0)),
        total(np.where(ran, these.revenue[rows], 0)),
    ]


def _segment(
    view: View, words: dict[tuple[int, int, int], Keyword], key: tuple[int, int, int], sums: list[int], at: int
) -> str:
    company = view.business.company
    campaign, group, number = key
    one = company.campaigns[campaign]
    begins, ends = company.campaign_times()
    state = _status(one.source, ends[campaign] > at)
    word = words[(campaign, max(group, 0), max(number, 0))]
    spent, clicks, shown, won, leads, calls, online, manual, booked, ran, sold, revenue = sums
    launched = str(np.datetime64(int(begins[campaign]) // 864_000_000_000, "D"))
    members = {
        "campaign": {
            "id": campaign + First.CAMPAIGN,
            "externalId": 9_000_000 + campaign,
            "name": one.name,
            "category": one.category,
            "launchDate": launched,
            "status": state,
        },
        "adGroup": _part(group, str(100_000 + campaign * 100 + group), word.group_name, state),
        "keyword": _part(number, str(7_000_000 + campaign * 1000 + group * 100 + number), word.name, state),
    }
    digital = (
        f'"impressionShare":{_ratio(shown, shown * 2 + 40)},"impressions":{shown},"clicks":{clicks},'
        f'"averageCPC":{_ratio(spent, clicks * 100) if clicks else "0.0"},"conversions":{won},'
        f'"allConversions":{won}.0,"cost":{_amount(spent)},"clickRate":{_ratio(clicks, shown)},'
        f'"costPerConversion":{_ratio(spent, won * 100)},"conversionRate":{_ratio(won, clicks)}'
    )
    asked = (
        f'"leads":{leads},"leadCalls":{calls},"onlineBooking":{online},"manualBooking":{manual},'
        f'"bookedJobs":{booked},"ranJobs":{ran},"soldJobs":{sold},"revenue":{_amount(revenue)},'
        f'"potentialRevenue":{_amount(revenue + 35_000 * (booked - ran))},"bookingRate":{_ratio(booked, leads)},'
        f'"avgTicket":{_ratio(revenue, sold * 100)}'
    )
    head = json.dumps(members, ensure_ascii=False, separators=(",", ":"))[:-1]
    back = _ratio(revenue - spent, spent)
    return f'{head},"digitalStats":{{{digital}}},"leadStats":{{{asked}}},"returnOnInvestment":{back}}}'


def _part(number: int, identity: str, name: str, state: str | int) -> dict[str, object]:
    """An ad group or keyword, empty where the figures are not that fine."""
    if number == NONE:
        return {"id": "", "name": "", "status": None}
    return {"id": identity, "name": name, "status": state}


def _status(source: str, live: bool) -> str | int:
    if source == _NUMBERED:
        return 1 if live else 2
    return "Live" if live else "Stopped"


def _amount(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _ratio(above: int, below: int) -> str:
    """A quotient with four decimals, null where there is nothing to divide by."""
    if below == 0:
        return "null"
    scaled = (abs(above) * 20_000 + below) // (2 * below)
    return f"{'-' if above < 0 and scaled else ''}{scaled // 10_000}.{scaled % 10_000:04d}"


def _attributions(view: View, rows: Ints) -> Texts:
    these, company = view.ads.leads, view.business.company
    chance = view.business.chance
    manual = these.type[rows] == LeadType.MANUAL_JOB
    clicked = (chance.fraction(rows, "clicked") < 0.8) & ~manual
    tokens = chance.among(rows, "click", 2**52).tolist()
    overwritten = chance.fraction(rows, "overwritten") < 0.02
    texts: Texts = []
    for number, original, has, token, over, kind, row in zip(
        these.keyword[rows].tolist(),
        these.original[rows].tolist(),
        clicked.tolist(),
        tokens,
        overwritten.tolist(),
        these.type[rows].tolist(),
        these.row[rows].tolist(),
        strict=True,
    ):
        word = view.ads.keywords[number]
        campaign = company.campaigns[word.campaign]
        source = _UTM.get(campaign.source, "")
        google = source == "google"
        texts.append(
            _ATTRIBUTION
            % (
                source if has else "",
                campaign.medium.lower() if has else "",
                json.dumps(campaign.name.lower().replace(" ", "-") if has else ""),
                f"https://{view.business.profile.name}.example/offers" if has else "",
                f"https://www.{source}.example/" if has else "",
                f"{token:013x}" if has else "",
                f"g{token:x}" if has and google and token % 5 == 0 else "",
                f"w{token:x}" if has and google and token % 7 == 0 else "",
                word.campaign + First.CAMPAIGN,
                json.dumps(company.campaigns[original].name),
                '"Call"' if over and kind == LeadType.CALL else "null",
                row + First.CALL if over and kind == LeadType.CALL else "null",
                100_000 + word.campaign * 100 + word.group,
                word.group_name,
                7_000_000 + word.campaign * 1000 + word.group * 100 + word.number,
                word.name,
            )
        )
    return texts


_ATTRIBUTION = (
    '{"utmSource":"%s","utmMedium":"%s","utmCampaign":%s,"landingPageUrl":"%s","referrerUrl":"%s","clickId":"%s",'
    '"gbraid":"%s","wbraid":"%s","stCampaignId":%s,"originalCampaign":%s,"attributionOverwriteType":%s,'
    '"attributionOverwriteId":%s,"overwrittenBookingJobId":null,"adGroupId":"%s","adGroupName":"%s","keywordId":"%s",'
    '"keywordName":"%s"}'
)


def _calls(view: View, rows: Ints, at: int) -> Texts:
    calls = view.demand.calls
    if not len(calls):
        return [_NO_CALL] * len(rows)
    kind = call_types(view, rows, at)
    no_lead = np.isin(kind, [CallType.EXCUSED, CallType.NOT_LEAD])
    reasons = [json.dumps(name) for name, _ in CALL_REASONS]
    return [
        f'{{"duration":"{duration}","id":{number},"type":{name},"source":"Tracking","callerNumber":"{caller}",'
        f'"trackingNumber":"{line}","excusedReason":{reason}}}'
        for duration, number, name, caller, line, reason in zip(
            durations(view, rows, at),
            (rows + First.CALL).tolist(),
            chosen(_CALL_TYPES, kind),
            telephone(view, calls.caller[rows]),
            tracking_number(view, calls.campaign[rows]),
            chosen([*reasons, '""'], np.where(no_lead, calls.reason[rows], NONE)),
            strict=True,
        )
    ]


def _forms(view: View, rows: Ints, at: int) -> Texts:
    leads = view.demand.leads
    if not len(leads):
        return [_NO_FORM] * len(rows)
    seen = np.minimum(at, leads.created[rows] + ATTRIBUTION_WINDOW)
    status = np.where(leads.converted[rows] <= seen, 2, np.where(leads.dismissed[rows] <= seen, 1, 0))
    return [
        f'{{"leadNumber":{number},"leadStatus":"{("Open", "Dismissed", "Converted")[one]}","notes":""}}'
        for number, one in zip((rows + First.LEAD).tolist(), status.tolist(), strict=True)
    ]


def _of(times: Ticks, rows: Ints) -> Ticks:
    """The times of rows that may belong to another kind; those past the end say nothing."""
    if not len(times):
        return np.full(len(rows), NEVER, dtype=np.int64)
    return times[np.minimum(rows, len(times) - 1)]
