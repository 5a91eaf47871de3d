{#
  Which resources carry custom fields and which external data, with the column of their staging model that is their
  id. A test holds both lists to the catalog.
#}

{% macro records_with_custom_fields() -%}
    {{ return({
        'customers': 'customer_id',
        'locations': 'location_id',
        'jobs': 'job_id',
        'projects': 'project_id',
        'technicians': 'technician_id',
        'employees': 'employee_id',
        'invoices': 'invoice_id',
        'payments': 'payment_id',
        'credit_memos': 'credit_memo_id',
        'inventory_bills': 'inventory_bill_id',
        'ap_bills': 'ap_bill_id',
        'memberships': 'membership_id',
        'payroll_settings': 'employee_id',
        'purchase_orders': 'purchase_order_id',
        'inventory_receipts': 'inventory_receipt_id',
        'inventory_returns': 'inventory_return_id',
        'inventory_adjustments': 'inventory_adjustment_id',
        'inventory_vendors': 'vendor_id',
    }) }}
{%- endmacro %}

{% macro records_with_external_data() -%}
    {{ return({
        'customers': 'customer_id',
        'locations': 'location_id',
        'jobs': 'job_id',
        'job_types': 'job_type_id',
        'projects': 'project_id',
        'business_units': 'business_unit_id',
        'pricebook_services': 'pricebook_service_id',
        'pricebook_materials': 'pricebook_material_id',
        'pricebook_equipment': 'pricebook_equipment_id',
        'inventory_returns': 'inventory_return_id',
        'inventory_adjustments': 'inventory_adjustment_id',
        'inventory_vendors': 'vendor_id',
    }) }}
{%- endmacro %}

{#
  A CTE body with one row per object in `column`, an array, of each of `records`: resource, tenant_id, record_id, entry,
  entry_number, is_deleted, fetched_at. An object, a text or null instead of an array has no entries; what is no
  object inside an array is none.
#}
{% macro entries_of(records, column) -%}
    {%- for resource, record_id in records.items() %}
    select
        cast('{{ resource }}' as text) as resource,
        records.tenant_id,
        records.{{ record_id }} as record_id,
        elements.entry,
        elements.entry_number,
        records.is_deleted,
        records.fetched_at
    from {{ ref('stg_servicetitan__' ~ resource) }} as records
    cross join
        lateral {{ json_elements('records.' ~ column) }}
        with ordinality as elements (entry, entry_number)
    where jsonb_typeof(elements.entry) = 'object'
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
{%- endmacro %}
