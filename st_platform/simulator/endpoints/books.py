"""Customers, jobs, money and settings."""

from __future__ import annotations

from st_platform.simulator.endpoints.endpoint import BY_TIME, Endpoint, usual

ENDPOINTS: tuple[Endpoint, ...] = (
    usual("customers", "crm", "tn.crm.customers:r", "customers", sort=BY_TIME),
    usual(
        "locations",
        "crm",
        "tn.crm.locations:r",
        "locations",
        sort=BY_TIME,
    ),
    usual(
        "jobs",
        "jpm",
        "tn.jpm.jobs:r",
        "jobs",
        activity=None,
        list_omits_active=True,
        sort=(*BY_TIME, "Priority"),
    ),
    usual("job_types", "jpm", "tn.jpm.jobtypes:r", "job-types", feed=None),
    usual("invoices", "accounting", "tn.acc.invoices:r", "invoices", activity="activeState"),
    Endpoint(resource="invoice_items", module="accounting", scope="tn.acc.invoiceitems:r", feed="export/invoice-items"),
    usual("payments", "accounting", "tn.acc.payments:r", "payments", activity="activeState"),
    usual("credit_memos", "accounting", "tn.acc.creditmemos:r", "credit-memos", feed=None),
    usual(
        "memberships",
        "memberships",
        "tn.mem.memberships:r",
        "memberships",
    ),
    Endpoint(
        resource="membership_status_changes",
        module="memberships",
        scope="tn.mem.memberships:r",
        feed="export/membership-status-changes",
    ),
    usual(
        "campaigns",
        "marketing",
        "tn.mrk.campaigns:r",
        "campaigns",
        feed=None,
        sort=(*BY_TIME, "Name"),
        loose_sort=True,
    ),
    Endpoint(
        resource="campaign_costs",
        module="marketing",
        scope="tn.mrk.costs:r",
        list="costs",
        sort=("Id", "Date"),
    ),
    usual("business_units", "settings", "tn.stt.businessunits:r", "business-units"),
    usual("technicians", "settings", "tn.stt.technicians:r", "technicians"),
)
