"""Memberships and their status changes as the Memberships module writes them."""

from __future__ import annotations

import numpy as np

from st_platform.simulator.business.books.plans import Status, add_months, status_at
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pricebook import PLANS
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import DAY, NEVER, Ticks
from st_platform.simulator.rows.json_text import Texts, booleans, chosen, days, decimals, ids, instants, objects, where
from st_platform.simulator.rows.view import First, View

STATUSES = tuple(status.name.title() for status in Status)
_STATUS = [f'"{name}"' for name in STATUSES]
_NOTES = ["null", '"Card declined"', '"Customer moved away"', '"<b>Save offer refused</b>"']
_EVERY = np.array([{"Monthly": 1, "Quarterly": 3}.get(plan.billing, 12) for plan in PLANS])
_PRICE = np.array([plan.price if plan.billing in ("Annual", "OneTime") else 0 for plan in PLANS])


def memberships(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, members = view.business, view.business.memberships
    plan = members.plan[rows]
    status = status_at(members, rows, at)
    running = status <= Status.SUSPENDED
    closed = (status == Status.CANCELED) & (b.chance.fraction(rows, "closed") < 0.2)
    asked = members.requested[rows] <= at
    sold_on = members.sold_on[rows]
    seller = ids(np.where(sold_on == NONE, NONE, view.technicians(np.maximum(sold_on, 0))), First.TECHNICIAN)
    upkeep = next(i for i, unit in enumerate(b.company.units) if unit.division == "Maintenance")
    renewed = members.renewed[rows] <= at
    months = [str(offered.months or "null") for offered in PLANS]
    billing = chosen([f'"{offered.billing}"' for offered in PLANS], plan)
    follow_up = np.where(members.ends[rows] == NEVER, members.begins[rows] + 365 * DAY, members.ends[rows])
    return objects(
        len(rows),
        id=ids(rows, First.MEMBERSHIP),
        createdOn=instants(members.created[rows]),
        createdById=view.creators(rows, "memberships"),
        modifiedOn=instants(modified),
        followUpOn=days(follow_up),
        cancellationDate=days(np.where(asked, members.cancels[rows], NEVER)),
        from_=days(members.begins[rows]),
        nextScheduledBillDate=days(np.where(running, _next_bill(members.begins[rows], plan, at), NEVER)),
        to=days(members.ends[rows]),
        billingFrequency=billing,
        renewalBillingFrequency=billing,
        status=chosen(_STATUS, status),
        followUpStatus=where(renewed, '"Won"', where(status == Status.EXPIRED, '"Contacted"', '"NotAttempted"')),
        active=booleans((status != Status.DELETED) & ~closed),
        initialDeferredRevenue=decimals(_PRICE[plan]),
        duration=chosen(months, plan),
        renewalDuration=chosen(months, plan),
        businessUnitId=str(upkeep + First.BUSINESS_UNIT),
        customerId=ids(members.customer[rows], First.CUSTOMER),
        membershipTypeId=chosen([str(offered.id) for offered in PLANS], plan),
        activatedById=seller,
        activatedFromId=ids(np.where(sold_on == NONE, NONE, b.invoice_of_job[sold_on]), First.INVOICE),
        billingTemplateId=chosen([str(6000 + offered.id) for offered in PLANS], plan),
        cancellationBalanceInvoiceId="null",
        cancellationInvoiceId="null",
        followUpCustomStatusId="null",
        locationId=ids(members.location[rows], First.LOCATION),
        paymentMethodId=where(b.chance.fraction(rows, "card on file") < 0.7, "881"),
        paymentTypeId="901",
        recurringLocationId=ids(members.location[rows], First.LOCATION),
        renewalMembershipTaskId=chosen([str(offered.id + 50) for offered in PLANS], plan),
        renewedById=ids(np.where(renewed, members.successor[rows], NONE), First.MEMBERSHIP),
        soldById=seller,
        customerPo="null",
        importId="null",
        memo=where(asked, '"Asked to cancel by phone"'),
        customFields="[]",
    )


def membership_status_changes(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    changes = view.business.status_changes
    new = changes.new[rows]
    note = np.where(new == Status.SUSPENDED, 1, np.where(new == Status.CANCELED, 2 + rows % 2, 0))
    expired = new == Status.EXPIRED
    return objects(
        len(rows),
        id=ids(rows, First.STATUS_CHANGE),
        oldStatus=chosen(_STATUS, changes.old[rows]),
        newStatus=chosen(_STATUS, new),
        note=chosen(_NOTES, note),
        createdOn=instants(changes.time[rows]),
        createdById=where(expired, "null", [str(n) for n in view.creators(rows, "status")]),
        membershipId=ids(changes.membership[rows], First.MEMBERSHIP),
    )


def next_bills(view: View) -> list[tuple[Ticks, Ints]]:
    """When each membership's next billing date moves on: on every date that was the next one, while it runs."""
    members = view.business.memberships
    every = np.arange(len(members))
    moves: list[tuple[Ticks, Ints]] = []
    for instalment in range(1, 48):
        day = add_months(members.begins, _EVERY[members.plan] * instalment)
        due = (day < members.over) & (day < members.ends) & (day < view.business.company.end)
        if not due.any():
            break
        moves.append((day[due], every[due]))
    return moves


def _next_bill(begins: Ticks, plan: Ints, at: int) -> Ticks:
    """The first billing date after `at`."""
    every = _EVERY[plan]
    passed = np.maximum(0, (at - begins) // (DAY * 31) // every)
    for _ in range(4):
        passed = np.where(add_months(begins, every * passed) <= at, passed + 1, passed)
    return add_months(begins, every * passed)
