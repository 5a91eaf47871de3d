"""Records of the Pricebook module, field for field as the API documents them."""

from __future__ import annotations

from decimal import Decimal

from st_platform.servicetitan.records.base import Instant, Int32, Int64, Json, Record


class PricebookService(Record):
    """A service that can be sold, with its price, hours and commission."""

    id: Int64
    code: str | None = None
    display_name: str | None = None
    description: str | None = None
    warranty: Json = Json()
    categories: Json = Json()
    price: Decimal | None = None
    member_price: Decimal | None = None
    add_on_price: Decimal | None = None
    add_on_member_price: Decimal | None = None
    taxable: bool | None = None
    account: str | None = None
    hours: Decimal | None = None
    is_labor: bool | None = None
    recommendations: Json = Json()
    upgrades: Json = Json()
    assets: Json = Json()
    service_materials: Json = Json()
    service_equipment: Json = Json()
    active: bool | None = None
    cross_sale_group: str | None = None
    pays_commission: bool | None = None
    bonus: Decimal | None = None
    commission_bonus: Decimal | None = None
    modified_on: Instant | None = None
    source: str | None = None
    external_id: str | None = None
    external_data: Json = Json()
    business_unit_id: Int64 | None = None
    cost: Decimal | None = None
    created_on: Instant | None = None
    sold_by_commission: Decimal | None = None
    default_asset_url: str | None = None
    budget_cost_code: str | None = None
    budget_cost_type: str | None = None
    is_price_locked: bool | None = None


class PricebookMaterial(Record):
    """A material that can be sold or used, with cost and price."""

    id: Int64
    code: str | None = None
    display_name: str | None = None
    description: str | None = None
    cost: Decimal | None = None
    active: bool | None = None
    price: Decimal | None = None
    member_price: Decimal | None = None
    add_on_price: Decimal | None = None
    add_on_member_price: Decimal | None = None
    hours: Decimal | None = None
    bonus: Decimal | None = None
    commission_bonus: Decimal | None = None
    pays_commission: bool | None = None
    deduct_as_job_cost: bool | None = None
    unit_of_measure: str | None = None
    is_inventory: bool | None = None
    account: str | None = None
    cost_of_sale_account: str | None = None
    asset_account: str | None = None
    taxable: bool | None = None
    primary_vendor: Json = Json()
    other_vendors: Json = Json()
    categories: Json = Json()
    assets: Json = Json()
    modified_on: Instant | None = None
    source: str | None = None
    external_id: str | None = None
    external_data: Json = Json()
    is_configurable_material: bool | None = None
    chargeable_by_default: bool | None = None
    variations_or_configurable_materials: Json = Json()
    business_unit_id: Int64 | None = None
    created_by_id: Int64 | None = None
    created_on: Instant | None = None
    display_in_amount: bool | None = None
    general_ledger_account_id: Int64 | None = None
    is_other_direct_cost: bool | None = None
    cost_type_id: Int64 | None = None
    default_asset_url: str | None = None
    budget_cost_code: str | None = None
    budget_cost_type: str | None = None
    is_cost_locked: bool | None = None
    is_price_locked: bool | None = None
    is_chemical: bool | None = None
    epa_number: str | None = None
    active_ingredients: str | None = None


class PricebookEquipment(Record):
    """A piece of equipment that can be sold and installed, with cost, price and warranty."""

    id: Int64
    code: str | None = None
    display_name: str | None = None
    description: str | None = None
    active: bool | None = None
    price: Decimal | None = None
    member_price: Decimal | None = None
    add_on_price: Decimal | None = None
    add_on_member_price: Decimal | None = None
    manufacturer: str | None = None
    model: str | None = None
    manufacturer_warranty: Json = Json()
    service_provider_warranty: Json = Json()
    categories: Json = Json()
    assets: Json = Json()
    recommendations: Json = Json()
    upgrades: Json = Json()
    equipment_materials: Json = Json()
    primary_vendor: Json = Json()
    other_vendors: Json = Json()
    account: str | None = None
    cost_of_sale_account: str | None = None
    asset_account: str | None = None
    cross_sale_group: str | None = None
    pays_commission: bool | None = None
    bonus: Decimal | None = None
    commission_bonus: Decimal | None = None
    hours: Decimal | None = None
    taxable: bool | None = None
    cost: Decimal | None = None
    unit_of_measure: str | None = None
    is_inventory: bool | None = None
    modified_on: Instant | None = None
    source: str | None = None
    external_id: str | None = None
    external_data: Json = Json()
    is_configurable_equipment: bool | None = None
    variations_or_configurable_equipment: Json = Json()
    type_id: Int64 | None = None
    display_in_amount: bool | None = None
    general_ledger_account_id: Int64 | None = None
    created_on: Instant | None = None
    default_asset_url: str | None = None
    dimensions: Json = Json()
    budget_cost_code: str | None = None
    budget_cost_type: str | None = None
    is_cost_locked: bool | None = None
    is_price_locked: bool | None = None


class PricebookCategory(Record):
    """A node of the pricebook's tree."""

    id: Int64
    name: str | None = None
    active: bool | None = None
    description: str | None = None
    image: str | None = None
    parent_id: Int64 | None = None
    position: Int32 | None = None
    category_type: str | None = None
    subcategories: Json = Json()
    business_unit_ids: Json = Json()
    sku_images: Json = Json()
    sku_videos: Json = Json()
    source: str | None = None
    external_id: str | None = None
    hide_in_mobile: bool | None = None
    created_on: Instant | None = None
    modified_on: Instant | None = None
