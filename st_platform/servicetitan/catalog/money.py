"""What is billed, paid and owed: invoices, payments, credit, bills and the chart of accounts."""

from __future__ import annotations

from st_platform.servicetitan.records.accounting import (
    ApBill,
    CreditMemo,
    GlAccount,
    InventoryBill,
    Invoice,
    InvoiceItem,
    Payment,
)
from st_platform.servicetitan.resource import ALL, ANY, Cadence, Feed, IdsFilter, List, LoadMode, Resource

RESOURCES = (
    Resource(
        name="invoices",
        module="accounting",
        record=Invoice,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:finance",
        scope="tn.acc.invoices:r",
        description="Invoices and their adjustments, with totals, balance and what they bill for.",
        feed=Feed(path="/accounting/v2/tenant/{tenant}/export/invoices"),
        list=List(
            path="/accounting/v2/tenant/{tenant}/invoices", modified_filter=True, all_rows=ALL, ids=IdsFilter.OPTIONAL
        ),
    ),
    Resource(
        name="invoice_items",
        module="accounting",
        record=InvoiceItem,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:finance",
        scope="tn.acc.invoiceitems:r",
        description="Invoice lines with price, cost and general ledger account: the grain of revenue.",
        feed=Feed(path="/accounting/v2/tenant/{tenant}/export/invoice-items"),
        deleted_when=("active", False),
    ),
    Resource(
        name="payments",
        module="accounting",
        record=Payment,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOT,
        owner="team:finance",
        scope="tn.acc.payments:r",
        description="Payments and refunds, with what they were applied to.",
        feed=Feed(path="/accounting/v2/tenant/{tenant}/export/payments"),
        list=List(
            path="/accounting/v2/tenant/{tenant}/payments", modified_filter=True, all_rows=ALL, ids=IdsFilter.OPTIONAL
        ),
    ),
    Resource(
        name="credit_memos",
        module="accounting",
        record=CreditMemo,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOURLY,
        owner="team:finance",
        scope="tn.acc.creditmemos:r",
        description="Credit memos and the invoices they were applied to.",
        list=List(
            path="/accounting/v2/tenant/{tenant}/credit-memos",
            modified_filter=True,
            all_rows=ANY,
            ids=IdsFilter.OPTIONAL,
        ),
    ),
    Resource(
        name="inventory_bills",
        module="accounting",
        record=InventoryBill,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOURLY,
        owner="team:finance",
        scope="tn.acc.inventorybills:r",
        description="Vendors' bills for goods, with their lines.",
        feed=Feed(path="/accounting/v2/tenant/{tenant}/export/inventory-bills"),
        list=List(
            path="/accounting/v2/tenant/{tenant}/inventory-bills/paginated",
            modified_filter=True,
            ids=IdsFilter.OPTIONAL,
        ),
        deleted_when=("active", False),
    ),
    Resource(
        name="ap_bills",
        module="accounting",
        record=ApBill,
        load_mode=LoadMode.DATED,
        cadence=Cadence.HOURLY,
        owner="team:finance",
        scope="tn.acc.apbills:r",
        description="Accounts payable bills of any origin.",
        list=List(
            path="/accounting/v2/tenant/{tenant}/ap-bills",
            each=("billType", ("Procurement", "ApBill")),
            modified_filter=True,
            ids=IdsFilter.OPTIONAL,
        ),
    ),
    Resource(
        name="gl_accounts",
        module="accounting",
        record=GlAccount,
        load_mode=LoadMode.TAIL,
        cadence=Cadence.DAILY,
        owner="team:finance",
        scope="tn.acc.glaccounts:r",
        description="General ledger accounts.",
        list=List(
            path="/accounting/v2/tenant/{tenant}/gl-accounts",
            modified_filter=True,
            all_rows=ANY,
            ids=IdsFilter.OPTIONAL,
        ),
    ),
)
