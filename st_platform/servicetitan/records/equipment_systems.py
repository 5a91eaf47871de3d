"""Records of the Equipment Systems module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import CalendarDate, Instant, Int32, Int64, Json, Record


class InstalledEquipment(Record):
    """A unit that stands at a location, with its make, age and warranties."""

    id: Int64
    active: bool | None = None
    equipment_id: Int64 | None = None
    location_id: Int64 | None = None
    customer_id: Int64 | None = None
    invoice_item_id: Int64 | None = None
    name: str | None = None
    type: Json = Json()
    installed_on: Instant | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
    serial_number: str | None = None
    barcode_id: str | None = None
    memo: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    cost: Decimal | None = None
    status: str | None = None
    manufacturer_warranty_start: Instant | None = None
    manufacturer_warranty_end: Instant | None = None
    service_provider_warranty_start: Instant | None = None
    service_provider_warranty_end: Instant | None = None
    tags: Json = Json()
    actual_replacement_date: CalendarDate | None = None
    manufactured_on: CalendarDate | None = None
    predicted_replacement_months: Int32 | None = None
    predicted_replacement_date: CalendarDate | None = None
