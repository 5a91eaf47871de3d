"""Membership types, recurring services, their events and types, and invoice templates as the Memberships module
writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pricebook import PLANS, SKU_BY_CODE, SKU_IDS, Kind
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, HOUR, NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, days, ids, instants, objects, quoted, where
from st_platform.simulator.rows.view import First, View

_STATUSES = ['"NotAttempted"', '"Unreachable"', '"Contacted"', '"Won"', '"Dismissed"']
TEMPLATES, SERVICES, TYPES = range(3)
_RETIRED = "Loyalty Club (until 2021)"
_MONTHS = (("March", "April", "May"), ("September", "October", "November"))


@dataclass(frozen=True)
class Template:
    """An invoice template of the settings: one line at a price in cents."""

    name: str
    sku: int
    price: int


def templates_of(view: View) -> tuple[Template, ...]:
    """One per membership type, in the same order, then one per trade for its visits; the last is that of the retired
    membership type."""
    billing = [
        Template(
            f"{plan.name} billing",
            SKU_BY_CODE["MB-SALE" if plan.billing in ("Annual", "OneTime") else "MB-FEE"],
            plan.price,
        )
        for plan in PLANS
    ]
    visits = [
        Template(f"{trade.name} member visit", SKU_BY_CODE["PM-MEMBER"], 0) for trade in view.business.profile.trades
    ]
    return (*billing, *visits, Template("Loyalty Club billing", SKU_BY_CODE["MB-FEE"], 1200))


def setup_times(view: View, count: int, step: int) -> Ticks:
    """When settings of memberships were made, before the first business: `TEMPLATES`, then the `SERVICES` that use
    them, then the `TYPES` that promise these."""
    return view.business.company.opened - 29 * DAY + step * HOUR + np.arange(count) * 51_234_567


def retired_at(view: View) -> int:
    """When the last membership type and the last type of recurring service were given up."""
    return view.business.company.opened + 12 * DAY


def membership_types(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    texts: Texts = []
    retired = len(templates_of(view)) - 1
    for row in rows.tolist():
        plan = PLANS[row] if row < len(PLANS) else None
        price = 0 if plan is None else plan.price
        spread = plan is not None and plan.billing in ("Monthly", "Quarterly")
        term = None if plan is None else plan.months
        services = [
            f'{{"membershipTypeId":{row + First.MEMBERSHIP_TYPE},"recurringServiceTypeId":'
            f'{number + First.RECURRING_SERVICE_TYPE},"offset":{2 + 6 * number},"offsetType":"Months","allocation":'
            f"{_money(0 if spread else price // 2)}}}"
            for number in range(len(view.business.profile.trades))
        ]
        billing = (
            f'{{"duration":{term or "null"},"billingFrequency":"{plan.billing if plan else "Annual"}","salePrice":'
            f'{_money(0 if spread else price)},"billingPrice":{_money(price)},"renewalPrice":{_money(price)}}}'
        )
        members = {
            "id": row + First.MEMBERSHIP_TYPE,
            "billingTemplateId": (row if plan else retired) + First.INVOICE_TEMPLATE,
            "durationBilling": f"[{billing}]",
            "discounts": '[{"targetId":0,"discount":10.0}]' if row % 2 else "[]",
            "recurringServices": f"[{','.join(services)}]" if plan else "[]",
            "name": json.dumps(plan.name if plan else _RETIRED),
            "displayName": json.dumps(plan.name) if plan else "null",
            "recognition": '"PointOfSale"' if spread else '"Deferred"',
        }
        texts.append(_MEMBERSHIP_TYPE % members)
    made = instants(setup_times(view, len(PLANS) + 1, TYPES)[rows])
    active = booleans(np.where(rows == len(PLANS), retired_at(view), NEVER) > at)
    return [
        text.replace("@made", when).replace("@modified", changed).replace("@active", state)
        for text, when, changed, state in zip(texts, made, instants(modified), active, strict=True)
    ]


_MEMBERSHIP_TYPE = (
    '{"id":%(id)s,"createdOn":@made,"createdById":301,"modifiedOn":@modified,"importId":null,'
    '"billingTemplateId":%(billingTemplateId)s,"discount":10.0,"durationBilling":%(durationBilling)s,'
    '"discounts":%(discounts)s,"recurringServices":%(recurringServices)s,"tagTypeIds":[],"name":%(name)s,'
    '"displayName":%(displayName)s,"active":@active,"discountMode":"Basic","locationTarget":"SingleLocation",'
    '"revenueRecognitionMode":%(recognition)s,"autoCalculateInvoiceTemplates":false,'
    '"useMembershipPricingTable":false,"showMembershipSavings":true}'
)


def recurring_service_types(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    trades = view.business.profile.trades
    retired = rows == len(trades)
    trade = np.minimum(rows, len(trades) - 1)
    kinds = [_upkeep(view, number) for number in trade.tolist()]
    names = [
        f"{trades[n].name} tune-up" if not old else "Water softener check"
        for n, old in zip(trade, retired, strict=True)
    ]
    return objects(
        len(rows),
        id=ids(rows, First.RECURRING_SERVICE_TYPE),
        createdOn=instants(setup_times(view, len(trades) + 1, SERVICES)[rows]),
        createdById="301",
        modifiedOn=instants(modified),
        active=booleans(np.where(retired, retired_at(view), NEVER) > at),
        recurrenceType='"Seasonal"',
        recurrenceInterval="6",
        recurrenceMonths=_recurrence_months(),
        durationType=where(retired, '"NumberOfVisits"', '"Continuous"'),
        durationLength=where(retired, "2", "0"),
        invoiceTemplateId=[str(len(PLANS) + number + First.INVOICE_TEMPLATE) for number in trade.tolist()],
        businessUnitId=[str(unit + First.BUSINESS_UNIT) for _, unit in kinds],
        jobTypeId=[str(kind + First.JOB_TYPE) for kind, _ in kinds],
        priority='"Low"',
        campaignId=str(First.CAMPAIGN),
        jobSummary='"Member visit"',
        name=quoted(names),
        importId="null",
    )


def recurring_services(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, these = view.business, view.recurring.services
    members, trades = b.memberships, b.profile.trades
    member, trade = these.membership[rows], these.trade[rows]
    term = members.ends[member]
    price = np.array([plan.price // 2 if plan.billing in ("Annual", "OneTime") else 0 for plan in PLANS])
    kinds = [_upkeep(view, number) for number in range(len(trades))]
    template = [str(len(PLANS) + number + First.INVOICE_TEMPLATE) for number in range(len(trades))]
    sold_on = members.sold_on[member]
    bounded = term != NEVER
    return objects(
        len(rows),
        id=ids(rows, First.RECURRING_SERVICE),
        name=chosen([json.dumps(f"{one.name} tune-up") for one in trades], trade),
        active=booleans(_ended(view, rows) > at),
        createdOn=instants(these.created[rows]),
        createdById=view.creators(member, "memberships"),
        modifiedOn=instants(modified),
        importId="null",
        membershipId=ids(member, First.MEMBERSHIP),
        locationId=ids(members.location[member], First.LOCATION),
        recurringServiceTypeId=ids(trade, First.RECURRING_SERVICE_TYPE),
        durationType=where(bounded, '"NumberOfVisits"', '"Continuous"'),
        durationLength=where(bounded, "2", "0"),
        from_=days(members.begins[member]),
        to=days(term),
        memo="null",
        invoiceTemplateId=chosen(template, trade),
        invoiceTemplateForFollowingYearsId="null",
        firstVisitComplete=booleans(these.visited[rows] <= at),
        activatedFromId=ids(np.where(sold_on == NONE, NONE, b.invoice_of_job[sold_on]), First.INVOICE),
        allocation=[_money(int(cents)) for cents in price[members.plan[member]].tolist()],
        businessUnitId=chosen([str(unit + First.BUSINESS_UNIT) for _, unit in kinds], trade),
        jobTypeId=chosen([str(kind + First.JOB_TYPE) for kind, _ in kinds], trade),
        campaignId=str(First.CAMPAIGN),
        priority='"Low"',
        jobSummary='"<p>Member visit</p>"',
        recurrenceType='"Seasonal"',
        recurrenceInterval="6",
        recurrenceMonths=_recurrence_months(),
        recurrenceDaysOfWeek='["Tuesday","Thursday"]',
        recurrenceWeek='"None"',
        recurrenceDayOfNthWeek="null",
        recurrenceDaysOfMonth="[]",
        jobStartTime='"09:00:00"',
        estimatedPayrollCost="null",
        preferredTechnicianIds="[]",
        tagTypeIds="[]",
    )


def service_ends(view: View) -> Ticks:
    """When each recurring service is switched off: some days after its membership is over."""
    return _ended(view, np.arange(len(view.recurring.services)))


def _ended(view: View, rows: Ints) -> Ticks:
    over = view.recurring.services.over[rows]
    later = np.where(over == NEVER, 0, over) + view.business.chance.among(rows, "service off", 3 * DAY)
    return np.where(over == NEVER, NEVER, np.maximum(later, view.recurring.services.created[rows]))


def recurring_service_events(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    these, trades = view.recurring.events, view.business.profile.trades
    status = np.zeros(len(rows), dtype=np.int64)
    for moment, value in ((these.unreachable, 1), (these.contacted, 2), (these.won, 3), (these.dismissed, 4)):
        status[moment[rows] <= at] = value
    plan = view.business.memberships.plan[these.membership[rows]]
    trade = view.recurring.services.trade[these.service[rows]]
    return objects(
        len(rows),
        id=ids(rows, First.RECURRING_SERVICE_EVENT),
        locationRecurringServiceId=ids(these.service[rows], First.RECURRING_SERVICE),
        locationRecurringServiceName=chosen([json.dumps(f"{one.name} tune-up") for one in trades], trade),
        membershipId=ids(these.membership[rows], First.MEMBERSHIP),
        membershipName=chosen([json.dumps(one.name) for one in PLANS], plan),
        status=chosen(_STATUSES, status),
        date=days(these.date[rows]),
        createdOn=instants(these.created[rows]),
        jobId=ids(np.where(these.won[rows] <= at, these.job[rows], NONE), First.JOB),
        createdById="null",
        modifiedOn=instants(modified),
        active=booleans(these.inactive[rows] > at),
    )


def invoice_templates(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    templates = templates_of(view)
    those = [templates[row] for row in rows.tolist()]
    items = [
        f'{{"id":{row + 40_001},"skuId":{SKU_IDS[one.sku]},"skuType":"Service","quantity":1.0,"unitPrice":'
        f'{_money(one.price)},"isAddOn":false,"importId":null,"workflowActionItemId":null,'
        f'"description":{json.dumps(f"<p>{one.name}</p>")},"cost":0.0,"hours":0.0}}'
        for row, one in zip(rows.tolist(), those, strict=True)
    ]
    return objects(
        len(rows),
        id=ids(rows, First.INVOICE_TEMPLATE),
        name=quoted(one.name for one in those),
        createdOn=instants(setup_times(view, len(templates), TEMPLATES)[rows]),
        createdById="301",
        modifiedOn=instants(modified),
        active=booleans(np.where(rows == len(templates) - 1, retired_at(view), NEVER) > at),
        total=[_money(one.price) for one in those],
        isSettingsTemplate="true",
        importId="null",
        items=[f"[{item}]" for item in items],
    )


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _recurrence_months() -> str:
    return json.dumps([month for season in _MONTHS for month in season])


def _upkeep(view: View, trade: int) -> tuple[int, int]:
    """(job type, business unit) of maintenance of a trade, as rows."""
    kinds = view.business.company.job_kinds
    return next((i, kind.unit) for i, kind in enumerate(kinds) if kind.kind == Kind.MAINTENANCE and kind.trade == trade)
