"""The tables of calls, leads, bookings, contacts, estimates, recurring services and the ads module.

The one place that knows, for each of these resources, what counts as a modification. The ads module's performance is
no table: it is summed for the window that is asked for.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.demand.contacts import Contacts
from st_platform.simulator.business.pricebook import PLANS
from st_platform.simulator.business.work import NONE
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows import ads, contacts, estimates, leads, marketing, recurring, telecom
from st_platform.simulator.rows.view import First, View
from st_platform.simulator.table import Table, build_table
from st_platform.simulator.tables.parts import Write, attribute, every_row, idle


def tables(view: View) -> list[Table]:
    """In the order in which they are served."""
    items = _estimate_items(view)
    return [
        _calls(view),
        _call_reasons(view),
        _leads(view),
        _bookings(view),
        _contacts(
            view, "customer_contacts", First.CUSTOMER_CONTACT, view.customer_contacts, contacts.customer_contacts
        ),
        _contacts(
            view, "location_contacts", First.LOCATION_CONTACT, view.location_contacts, contacts.location_contacts
        ),
        _categories(view),
        _attributed_leads(view),
        _estimates(view, items),
        items,
        *_recurring_settings(view),
        _recurring_services(view),
        _recurring_events(view),
    ]


def _calls(view: View) -> Table:
    calls, those = view.demand.calls, view.demand.leads
    made = np.flatnonzero(those.call != NONE)
    return build_table(
        "calls",
        First.CALL,
        calls.created,
        [
            *every_row(calls.ended, calls.excused, calls.known, calls.linked),
            (those.created[made], those.call[made]),
            idle(view, "calls", calls.created, 0.02),
        ],
        partial(telecom.calls, view),
        inactive_at=calls.inactive,
    )


def _call_reasons(view: View) -> Table:
    made = telecom.reasons_made(view)
    return build_table(
        "call_reasons",
        First.CALL_REASON,
        made,
        [idle(view, "call reasons", made, 0.4)],
        partial(telecom.call_reasons, view),
        inactive_at=telecom.reason_ends(view),
    )


def _leads(view: View) -> Table:
    these = view.demand.leads
    return build_table(
        "leads",
        First.LEAD,
        these.created,
        [
            *every_row(these.known, these.converted, these.dismissed, these.chased),
            idle(view, "leads", these.created, 0.1),
        ],
        partial(leads.leads, view),
        inactive_at=these.inactive,
        columns={"campaignId": attribute(these.campaign, First.CAMPAIGN)},
    )


def _bookings(view: View) -> Table:
    these = view.demand.bookings
    return build_table(
        "bookings",
        First.BOOKING,
        these.created,
        [
            *every_row(these.accepted, these.converted, these.dismissed),
            idle(view, "bookings", these.created, 0.1),
        ],
        partial(leads.bookings, view),
        inactive_at=these.inactive,
    )


def _contacts(view: View, resource: str, first_id: int, these: Contacts, write: Write) -> Table:
    return build_table(
        resource,
        first_id,
        these.created,
        [*every_row(these.changed), idle(view, resource, these.created, 0.05)],
        partial(write, view),
        inactive_at=these.inactive,
    )


def _categories(view: View) -> Table:
    made = marketing.category_times(view)
    return build_table(
        "campaign_categories",
        First.CAMPAIGN_CATEGORY,
        made,
        [idle(view, "campaign categories", made, 0.3)],
        partial(marketing.campaign_categories, view),
        inactive_at=marketing.category_ends(view),
    )


def _attributed_leads(view: View) -> Table:
    these = view.ads.leads
    return build_table(
        "attributed_leads",
        First.ATTRIBUTED_LEAD,
        these.time,
        ads.attributed_changes(view),
        partial(ads.attributed_leads, view),
        removed_at=these.withdrawn,
    )


def _estimate_items(view: View) -> Table:
    items, those = view.offers.items, view.offers.estimates
    billed = np.where(items.line == NONE, NEVER, view.business.lines.created[np.maximum(items.line, 0)])
    return build_table(
        "estimate_items",
        First.ESTIMATE_ITEM,
        items.created,
        [*every_row(billed), idle(view, "estimate items", items.created, 0.05)],
        partial(estimates.estimate_items, view),
        inactive_at=those.inactive[items.estimate],
        removed_at=items.removed,
        columns={"estimateId": attribute(items.estimate, First.ESTIMATE)},
    )


def _estimates(view: View, items: Table) -> Table:
    these = view.offers.estimates
    return build_table(
        "estimates",
        First.ESTIMATE,
        these.created,
        [
            *every_row(these.sold, these.dismissed, these.changed),
            _later_changes(view, items),
            idle(view, "estimates", these.created, 0.1),
        ],
        partial(estimates.estimates, view, items.versions),
        inactive_at=these.inactive,
        columns={"jobId": attribute(these.job, First.JOB)},
    )


def _later_changes(view: View, items: Table) -> tuple[Ticks, Ints]:
    """When an item changes after it was made, so does its estimate."""
    log = items.versions
    later = log.times > items.created[log.rows]
    return log.times[later], view.offers.items.estimate[log.rows[later]]


def _recurring_settings(view: View) -> list[Table]:
    trades = len(view.business.profile.trades)
    retired = recurring.retired_at(view)
    count, templates = len(PLANS) + 1, len(recurring.templates_of(view))
    kinds: tuple[tuple[str, int, Ticks, Write], ...] = (
        (
            "membership_types",
            First.MEMBERSHIP_TYPE,
            recurring.setup_times(view, count, recurring.TYPES),
            recurring.membership_types,
        ),
        (
            "recurring_service_types",
            First.RECURRING_SERVICE_TYPE,
            recurring.setup_times(view, trades + 1, recurring.SERVICES),
            recurring.recurring_service_types,
        ),
        (
            "invoice_templates",
            First.INVOICE_TEMPLATE,
            recurring.setup_times(view, templates, recurring.TEMPLATES),
            recurring.invoice_templates,
        ),
    )
    built: list[Table] = []
    for resource, first_id, made, write in kinds:
        ends = np.full(len(made), NEVER, dtype=np.int64)
        ends[-1] = retired
        touched = idle(view, resource, made, 0.5)
        built.append(build_table(resource, first_id, made, [touched], partial(write, view), inactive_at=ends))
    return built


def _recurring_services(view: View) -> Table:
    these = view.recurring.services
    return build_table(
        "recurring_services",
        First.RECURRING_SERVICE,
        these.created,
        [*every_row(these.visited), idle(view, "recurring services", these.created, 0.2)],
        partial(recurring.recurring_services, view),
        inactive_at=recurring.service_ends(view),
        columns={"membershipId": attribute(these.membership, First.MEMBERSHIP)},
    )


def _recurring_events(view: View) -> Table:
    these = view.recurring.events
    return build_table(
        "recurring_service_events",
        First.RECURRING_SERVICE_EVENT,
        these.created,
        [
            *every_row(these.contacted, these.unreachable, these.won, these.dismissed),
            idle(view, "recurring events", these.created, 0.1),
        ],
        partial(recurring.recurring_service_events, view),
        inactive_at=these.inactive,
    )
