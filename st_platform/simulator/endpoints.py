"""The API's endpoints as data: where each resource is served, under which scope and with which filters.

Written from the official documents, apart from the platform's own catalog on purpose: a mistake in one of the two
then shows as a disagreement instead of hiding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One resource. Paths are relative to `/{module}/v2/tenant/{tenant}/`; None where the API has none.

    `activity` is the name of the parameter that chooses active and inactive rows; its default hides inactive ones.
    `filters` maps further query parameters to the column and JSON field that they compare.
    """

    resource: str
    module: str
    scope: str
    feed: str | None = None
    list: str | None = None
    activity: str | None = None
    modified_filter: bool = False
    created_filter: bool = False
    ids_filter: bool = False
    sort: tuple[str, ...] = ()
    loose_sort: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)


def _usual(resource: str, module: str, scope: str, path: str, **more: object) -> Endpoint:
    settings: dict[str, object] = {
        "list": path,
        "feed": f"export/{path}",
        "activity": "active",
        "modified_filter": True,
        "created_filter": True,
        "ids_filter": True,
    }
    return Endpoint(resource=resource, module=module, scope=scope, **(settings | more))  # type: ignore[arg-type]


_BY_TIME = ("Id", "ModifiedOn", "CreatedOn")

ENDPOINTS: tuple[Endpoint, ...] = (
    _usual("customers", "crm", "tn.crm.customers:r", "customers", sort=_BY_TIME),
    _usual(
        "locations",
        "crm",
        "tn.crm.locations:r",
        "locations",
        sort=_BY_TIME,
        filters={"customerId": "customerId"},
    ),
    _usual(
        "jobs",
        "jpm",
        "tn.jpm.jobs:r",
        "jobs",
        activity=None,
        sort=_BY_TIME,
        filters={
            "customerId": "customerId",
            "locationId": "locationId",
            "jobStatus": "jobStatus",
            "jobTypeId": "jobTypeId",
            "campaignId": "campaignId",
            "businessUnitId": "businessUnitId",
        },
    ),
    _usual("job_types", "jpm", "tn.jpm.jobtypes:r", "job-types", feed=None),
    _usual("invoices", "accounting", "tn.acc.invoices:r", "invoices", activity="activeState"),
    Endpoint(resource="invoice_items", module="accounting", scope="tn.acc.invoiceitems:r", feed="export/invoice-items"),
    _usual("payments", "accounting", "tn.acc.payments:r", "payments", activity="activeState"),
    _usual("credit_memos", "accounting", "tn.acc.creditmemos:r", "credit-memos", feed=None),
    _usual(
        "memberships",
        "memberships",
        "tn.mem.memberships:r",
        "memberships",
        filters={"customerIds": "customerId", "status": "status"},
    ),
    Endpoint(
        resource="membership_status_changes",
        module="memberships",
        scope="tn.mem.memberships:r",
        feed="export/membership-status-changes",
    ),
    _usual(
        "campaigns",
        "marketing",
        "tn.mrk.campaigns:r",
        "campaigns",
        feed=None,
        sort=(*_BY_TIME, "Name"),
        loose_sort=True,
    ),
    Endpoint(
        resource="campaign_costs",
        module="marketing",
        scope="tn.mrk.costs:r",
        list="costs",
        sort=("Id",),
        filters={"year": "year", "month": "month", "campaignId": "campaignId"},
    ),
    _usual("business_units", "settings", "tn.stt.businessunits:r", "business-units"),
    _usual("technicians", "settings", "tn.stt.technicians:r", "technicians"),
)

SCOPES: tuple[str, ...] = tuple(dict.fromkeys(endpoint.scope for endpoint in ENDPOINTS))
BY_RESOURCE: Mapping[str, Endpoint] = {endpoint.resource: endpoint for endpoint in ENDPOINTS}
