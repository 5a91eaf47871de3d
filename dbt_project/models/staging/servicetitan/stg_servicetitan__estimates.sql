with

source as (
    select * from {{ source('servicetitan', 'estimates') }}
),

final as (
    select
        tenant_id,
        id as estimate_id,
        {{ id_or_null('job_id') }} as job_id,
        {{ id_or_null('project_id') }} as project_id,
        {{ id_or_null('customer_id') }} as customer_id,
        {{ id_or_null('location_id') }} as location_id,
        {{ id_or_null('business_unit_id') }} as business_unit_id,
        {{ id_or_null('sold_by') }} as sold_by_id,
        {{ clean_text('name') }} as estimate_name,
        {{ clean_text('job_number') }} as job_number,
        {{ json_text('status', 'name') }} as estimate_status,
        {{ clean_text('review_status') }} as review_status,
        {{ clean_text('business_unit_name') }} as business_unit_name,
        {{ clean_text('proposal_tag_name') }} as proposal_tag_name,
        {{ clean_text('summary') }} as summary_text,
        cast(subtotal as numeric(18, 2)) as subtotal_amount,
        cast(tax as numeric(18, 2)) as tax_amount,
        cast(deposit_amount as numeric(18, 2)) as deposit_amount,
        cast(deposit_percent as numeric(18, 6)) as deposit_percent,
        coalesce(is_recommended, false) as is_recommended,
        coalesce(is_change_order, false) as is_change_order,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        sold_on as sold_at,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final
