"""Where the records deliberately differ from ServiceTitan's official documents, and why.

The comparison fails for a difference that is not here, and for an entry that is no longer one.
"""

from __future__ import annotations

from collections.abc import Mapping

_AMOUNTS = {
    "invoices: {field} is numeric, and the feed sends text": "discountTotal subTotal salesTax total balance",
    "invoices: {field} is numeric, and the list sends text": "discountTotal subTotal salesTax total balance",
    "invoice_items: {field} is numeric, and the feed sends text": "quantity cost totalCost price total memberPrice",
    "payments: {field} is numeric, and the feed sends text": "total unappliedAmount",
    "payments: {field} is numeric, and the list sends text": "total unappliedAmount",
    "inventory_bills: {field} is numeric, and the feed sends text": "billAmount taxAmount shippingAmount otherAmount",
    "inventory_bills: {field} is numeric, and the list sends text": "billAmount taxAmount shippingAmount otherAmount",
    "ap_bills: {field} is numeric, and the list sends text": (
        "billAmount vendorInvoiceTotal taxAmount shippingAmount otherAmount"
    ),
}

DELIBERATE: Mapping[str, tuple[str, ...]] = {
    "Accounting sends amounts as strings without saying so in a format; they are kept as the numbers they are.": tuple(
        pattern.format(field=field) for pattern, fields in _AMOUNTS.items() for field in fields.split()
    ),
    "Only the feed, which is read, shows a deletion; a list row never empties a column that it does not have.": (
        "customer_contacts: the list does not send active",
        "location_contacts: the list does not send active",
        "leads: the list does not send active",
        "bookings: the list does not send active",
        "jobs: the list does not send active",
        "projects: the list does not send active",
        "inventory_bills: the list does not send active",
        "recurring_service_events: the list does not send active",
        "gross_pay_items: the list does not send active",
        "job_splits: the list does not send active",
    ),
    "The API sends nothing to tell these rows apart; the reader fills the column from what it asked and got.": (
        "attributed_leads: the window does not send leadKey",
        "marketing_ads_performance: the window does not send day",
        "marketing_ads_performance: the window does not send segmentation",
        "marketing_ads_performance: the window does not send segmentKey",
    ),
    "The list prices services on request and says so in two fields; the feed, which is read, has neither.": (
        "pricebook_services: the record lacks calculatedPrice, which the list sends",
        "pricebook_services: the record lacks useStaticPrices, which the list sends",
    ),
    "A rating is averaged and compared, which a float does not do exactly.": (
        "technician_ratings: rating is numeric, and the feed sends double precision",
        "technician_ratings: rating is numeric, and the list sends double precision",
    ),
    "The kind of a lead is one of four small numbers, whatever integers without a format may be.": (
        "attributed_leads: leadType is integer, and the window sends bigint",
    ),
}


def meant_for(resource: str) -> set[str]:
    """The deliberate differences of one resource."""
    return {each for differences in DELIBERATE.values() for each in differences if each.startswith(f"{resource}: ")}
