"""The query parameters that compare with a row's own field, list by list, from the official documents.

Left out: parameters that look at other rows (the technicians of a job's appointments, the jobs of a project) and at
other applications' data; like all unknown parameters they are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping

from st_platform.simulator.endpoints.endpoint import Compare, Filter


def _number(field: str) -> Filter:
    return Filter(field, numeric=True)


def _numbers(field: str) -> Filter:
    return Filter(field, numeric=True, several=True)


def _text(field: str) -> Filter:
    return Filter(field)


def _texts(field: str) -> Filter:
    return Filter(field, several=True)


def _part(field: str) -> Filter:
    return Filter(field, Compare.CONTAINS)


def _since(field: str) -> Filter:
    return Filter(field, Compare.SINCE)


def _before(field: str) -> Filter:
    return Filter(field, Compare.BEFORE)


def _until(field: str) -> Filter:
    return Filter(field, Compare.UNTIL)


def _at_least(field: str) -> Filter:
    return Filter(field, Compare.AT_LEAST)


def _at_most(field: str) -> Filter:
    return Filter(field, Compare.AT_MOST)


def _address(field: str) -> dict[str, Filter]:
    parts = ("street", "unit", "city", "state", "zip", "country")
    return {part: _text(f"{field}.{part}") for part in parts}


FILTERS: Mapping[str, Mapping[str, Filter]] = {
    "customers": {"name": _part("name"), **_address("address")},
    "locations": {"name": _part("name"), "customerId": _number("customerId"), **_address("address")},
    "jobs": {
        "number": _text("jobNumber"),
        "projectId": _number("projectId"),
        "bookingId": _number("bookingId"),
        "jobStatus": _text("jobStatus"),
        "priority": _text("priority"),
        "customerId": _number("customerId"),
        "locationId": _number("locationId"),
        "soldById": _number("soldById"),
        "jobTypeId": _number("jobTypeId"),
        "campaignId": _number("campaignId"),
        "businessUnitId": _number("businessUnitId"),
        "invoiceId": _number("invoiceId"),
        "createdFromEstimateId": _number("createdFromEstimateId"),
        "estimateIds": _numbers("estimateIds"),
        "completedOnOrAfter": _since("completedOn"),
        "completedBefore": _before("completedOn"),
        "tagTypeIds": _numbers("tagTypeIds"),
        "equipmentIds": _numbers("equipmentIds"),
    },
    "job_types": {
        "name": _part("name"),
        "minDuration": _at_least("duration"),
        "maxDuration": _at_most("duration"),
        "priority": _text("priority"),
    },
    "invoices": {
        "statuses": _texts("syncStatus"),
        "batchId": _number("batch.id"),
        "batchNumber": _text("batch.number"),
        "jobId": _number("job.id"),
        "jobNumber": _text("job.number"),
        "businessUnitId": _number("businessUnit.id"),
        "customerId": _number("customer.id"),
        "invoicedOnOrAfter": _since("invoiceDate"),
        "invoicedOnBefore": _before("invoiceDate"),
        "adjustmentToId": _number("adjustmentToId"),
        "number": _text("referenceNumber"),
        "totalGreater": _at_least("total"),
        "totalLess": _at_most("total"),
        "dueDateBefore": _before("dueDate"),
        "dueDateOnOrAfter": _since("dueDate"),
        "reviewStatuses": _texts("reviewStatus"),
        "assignedToIds": _numbers("assignedTo.id"),
        "invoiceConfigurations": _texts("invoiceConfiguration"),
    },
    "payments": {
        "appliedToInvoiceIds": _numbers("appliedTo.appliedTo"),
        "appliedToReferenceNumber": _text("appliedTo.appliedToReferenceNumber"),
        "batchId": _number("batch.id"),
        "batchNumber": _text("batch.number"),
        "businessUnitIds": _numbers("businessUnit.id"),
        "customerId": _number("customer.id"),
        "depositIds": _numbers("deposit.id"),
        "paidOnAfter": Filter("date", Compare.AFTER),
        "paidOnBefore": _before("date"),
        "statuses": _texts("syncStatus"),
        "totalGreater": _at_least("total"),
        "totalLess": _at_most("total"),
    },
    "credit_memos": {
        "businessUnitIds": _numbers("businessUnit.id"),
        "appliedToInvoiceIds": _numbers("appliedTo.appliedTo"),
        "appliedToReferenceNumber": _text("appliedTo.appliedToReferenceNumber"),
        "dateBefore": _before("date"),
        "dateOnOrAfter": _since("date"),
        "batchId": _number("batch.id"),
        "batchNumber": _text("batch.number"),
    },
    "memberships": {
        "customerIds": _numbers("customerId"),
        "status": _text("status"),
        "duration": _number("duration"),
        "billingFrequency": _text("billingFrequency"),
    },
    "campaigns": {"name": _part("name"), "campaignPhoneNumber": _text("campaignPhoneNumbers")},
    "campaign_costs": {"year": _number("year"), "month": _number("month"), "campaignId": _number("campaignId")},
    "business_units": {"name": _part("name")},
    "technicians": {"name": _part("name"), "userIds": _numbers("userId")},
    "appointments": {
        "jobId": _number("jobId"),
        "number": _text("appointmentNumber"),
        "status": _text("status"),
        "startsOnOrAfter": _since("start"),
        "startsBefore": _before("start"),
        "customerId": _number("customerId"),
        "unused": _text("unused"),
    },
    "appointment_assignments": {"appointmentIds": _numbers("appointmentId"), "jobId": _number("jobId")},
    "projects": {
        "customerId": _number("customerId"),
        "locationId": _number("locationId"),
        "projectTypeId": _number("projectTypeId"),
        "jobId": _number("jobIds"),
        "projectManagerIds": _numbers("projectManagerIds"),
        "businessUnitIds": _numbers("businessUnitIds"),
        "startsBefore": _before("startDate"),
        "startsOnOrAfter": _since("startDate"),
        "completedBefore": _before("actualCompletionDate"),
        "completedOnOrAfter": _since("actualCompletionDate"),
        "targetCompletionDateBefore": _before("targetCompletionDate"),
        "targetCompletionDateOnOrAfter": _since("targetCompletionDate"),
        "status": _texts("status"),
    },
    "technician_ratings": {"technicianId": _number("technicianId"), "jobId": _number("jobId")},
    "technician_shifts": {
        "startsOnOrAfter": _since("start"),
        "endsOnOrBefore": _until("end"),
        "shiftType": _text("shiftType"),
        "technicianId": _number("technicianId"),
        "titleContains": _part("title"),
        "noteContains": _part("note"),
    },
    "non_job_appointments": {
        "technicianId": _number("technicianId"),
        "startsOnOrAfter": _since("start"),
        "startsOnOrBefore": _until("start"),
        "timesheetCodeId": _number("timesheetCodeId"),
        "showOnTechnicianSchedule": _text("showOnTechnicianSchedule"),
    },
    "employees": {"name": _part("name"), "userIds": _numbers("userId"), "email": _text("email")},
    "job_timesheets": {"jobIds": _numbers("jobId"), "technicianId": _number("technicianId")},
    "non_job_timesheets": {"employeeId": _number("employeeId"), "employeeType": _text("employeeType")},
    "job_splits": {"jobIds": _numbers("jobId")},
    "gross_pay_items": {
        "employeeType": _text("employeeType"),
        "employeeId": _number("employeeId"),
        "payrollIds": _numbers("payrollId"),
        "dateOnOrAfter": _since("date"),
        "dateOnOrBefore": _until("date"),
        "modifiedOnOrBefore": _until("modifiedOn"),
    },
    "payroll_adjustments": {
        "employeeIds": _numbers("employeeId"),
        "postedOnOrAfter": _since("postedOn"),
        "postedOnOrBefore": _until("postedOn"),
    },
    "payrolls": {
        "employeeType": _text("employeeType"),
        "startedOnOrAfter": _since("startedOn"),
        "endedOnOrBefore": _until("endedOn"),
        "approvedOnOrAfter": _since("managerApprovedOn"),
        "status": _text("status"),
    },
    "payroll_settings": {"employeeType": _text("employeeType")},
    "pricebook_materials": {
        "isOtherDirectCost": _text("isOtherDirectCost"),
        "costTypeIds": _numbers("costTypeId"),
    },
    "pricebook_categories": {"categoryType": _text("categoryType")},
    "purchase_orders": {
        "status": _text("status"),
        "number": _text("number"),
        "jobId": _number("jobId"),
        "jobIds": _numbers("jobId"),
        "technicianId": _number("technicianId"),
        "projectId": _number("projectId"),
        "dateOnOrAfter": _since("date"),
        "dateBefore": _before("date"),
        "sentOnOrAfter": _since("sentOn"),
        "sentBefore": _before("sentOn"),
    },
    "inventory_receipts": {
        "number": _text("number"),
        "vendorInvoiceNumber": _text("vendorInvoiceNumber"),
        "billId": _number("billId"),
        "batchId": _number("batchId"),
        "vendorIds": _numbers("vendorId"),
        "businessUnitIds": _numbers("businessUnitId"),
        "inventoryLocationIds": _numbers("inventoryLocationId"),
        "purchaseOrderIds": _numbers("purchaseOrderId"),
        "syncStatuses": _texts("syncStatus"),
        "receivedOnOrAfter": _since("receivedOn"),
        "receivedBefore": _before("receivedOn"),
    },
    "inventory_returns": {
        "number": _text("number"),
        "referenceNumber": _text("referenceNumber"),
        "jobId": _number("jobId"),
        "purchaseOrderId": _number("purchaseOrderId"),
        "batchId": _number("batchId"),
        "vendorIds": _numbers("vendorId"),
        "businessUnitIds": _numbers("businessUnitId"),
        "inventoryLocationIds": _numbers("inventoryLocationId"),
        "syncStatuses": _texts("syncStatus"),
        "returnDateOnOrAfter": _since("returnDate"),
        "returnDateBefore": _before("returnDate"),
    },
    "inventory_adjustments": {
        "number": _text("number"),
        "referenceNumber": _text("referenceNumber"),
        "batchId": _number("batchId"),
        "invoiceIds": _numbers("invoiceId"),
        "inventoryLocationIds": _numbers("inventoryLocationId"),
        "adjustmentTypes": _texts("type"),
        "businessUnitIds": _numbers("businessUnitId"),
        "syncStatuses": _texts("syncStatus"),
        "dateOnOrAfter": _since("date"),
        "dateBefore": _before("date"),
    },
    "inventory_bills": {
        "batchId": _number("batch.id"),
        "batchNumber": _text("batch.number"),
        "billNumber": _text("referenceNumber"),
        "businessUnitIds": _numbers("businessUnit.id"),
        "dateFrom": _since("billDate"),
        "dateTo": _until("billDate"),
        "jobNumber": _text("jobNumber"),
        "syncStatuses": _texts("syncStatus"),
        "minCost": _at_least("billAmount"),
        "maxCost": _at_most("billAmount"),
        "dateReconciledBefore": _before("dateReconciled"),
        "dateReconciledOnOrAfter": _since("dateReconciled"),
    },
    "ap_bills": {
        "batchId": _number("batch.id"),
        "batchNumber": _text("batch.number"),
        "billNumber": _part("referenceNumber"),
        "businessUnitIds": _numbers("businessUnit.id"),
        "dateFrom": _since("createdOn"),
        "dateTo": _until("createdOn"),
        "jobNumber": _part("jobNumber"),
        "syncStatuses": _texts("syncStatus"),
        "statuses": _texts("status"),
        "sources": _texts("source"),
        "billType": Filter("billType", default="Procurement"),
        "minCost": _at_least("billAmount"),
        "maxCost": _at_most("billAmount"),
        "dateReconciledBefore": _until("dateReconciled"),
        "dateReconciledOnOrAfter": _since("dateReconciled"),
    },
    "gl_accounts": {
        "names": _texts("name"),
        "numbers": _texts("number"),
        "types": _texts("type"),
        "subtypes": _texts("subtype"),
        "description": _part("description"),
        "source": _text("source"),
        "isIntacctGroup": _text("isIntacctGroup"),
        "isIntacctBankAccount": _text("isIntacctBankAccount"),
    },
    "installed_equipment": {"locationIds": _numbers("locationId")},
    "leads": {
        "customerId": _number("customerId"),
        "status": _text("status"),
        "leadCustomerName": _text("leadCustomerName"),
        "leadPhone": _text("leadPhone"),
    },
    "bookings": {"externalId": _text("externalId")},
    "customer_contacts": {"customerIds": _numbers("customerId")},
    "location_contacts": {"locationIds": _numbers("locationId")},
    "attributed_leads": {"leadType": _text("leadType")},
    "estimates": {
        "jobId": _number("jobId"),
        "projectId": _number("projectId"),
        "jobNumber": _text("jobNumber"),
        "totalGreater": _at_least("subtotal"),
        "totalLess": _at_most("subtotal"),
        "soldById": _number("soldBy"),
        "soldAfter": Filter("soldOn", Compare.AFTER),
        "soldBefore": _before("soldOn"),
        "status": _text("status.name"),
        "locationId": _number("locationId"),
    },
    "recurring_services": {"membershipIds": _numbers("membershipId"), "locationIds": _numbers("locationId")},
    "recurring_service_events": {"jobId": _number("jobId"), "status": _text("status")},
    "recurring_service_types": {"recurrenceType": _text("recurrenceType"), "durationType": _text("durationType")},
}
