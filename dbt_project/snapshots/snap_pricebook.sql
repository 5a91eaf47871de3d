{% snapshot snap_pricebook %}

{{
    config(
        unique_key=['tenant_id', 'item_type', 'sku_id'],
        strategy='check',
        updated_at='changed_at',
        check_cols=['unit_price', 'unit_member_price', 'unit_cost', 'is_active'],
    )
}}

select
    tenant_id,
    cast('Service' as text) as item_type,
    pricebook_service_id as sku_id,
    sku_code,
    unit_price,
    unit_member_price,
    unit_cost,
    is_active,
    coalesce(modified_at, created_at, fetched_at) at time zone 'UTC' as changed_at
from {{ ref('stg_servicetitan__pricebook_services') }}
union all
select
    tenant_id,
    cast('Material' as text) as item_type,
    pricebook_material_id as sku_id,
    sku_code,
    unit_price,
    unit_member_price,
    unit_cost,
    is_active,
    coalesce(modified_at, created_at, fetched_at) at time zone 'UTC' as changed_at
from {{ ref('stg_servicetitan__pricebook_materials') }}
union all
select
    tenant_id,
    cast('Equipment' as text) as item_type,
    pricebook_equipment_id as sku_id,
    sku_code,
    unit_price,
    unit_member_price,
    unit_cost,
    is_active,
    coalesce(modified_at, created_at, fetched_at) at time zone 'UTC' as changed_at
from {{ ref('stg_servicetitan__pricebook_equipment') }}

{% endsnapshot %}
