with

source as (
    select * from {{ source('servicetitan', 'calls') }}
),

final as (
    select
        tenant_id,
        id as call_id,
        {{ json_id('customer', 'id') }} as customer_id,
        {{ json_id('location', 'id') }} as location_id,
        {{ json_id('campaign', 'id') }} as campaign_id,
        {{ json_id('job', 'id') }} as job_id,
        {{ json_id('lead', 'id') }} as lead_id,
        {{ json_id('agent', 'id') }} as agent_id,
        {{ json_id('reason', 'id') }} as call_reason_id,
        {{ json_id('created_by', 'id') }} as created_by_id,
        {{ clean_text('direction') }} as direction,
        {{ clean_text('status') }} as call_status,
        {{ clean_text('type') }} as call_type,
        {{ json_text('agent', 'name') }} as agent_name,
        {{ json_text('reason', 'name') }} as call_reason_name,
        {{ phone10('"from"') }} as from_phone10,
        {{ phone10('"to"') }} as to_phone10,
        {{ duration_seconds('duration') }} as duration_seconds,
        {{ clean_text('excuse_memo') }} as excuse_memo,
        {{ clean_text('tag') }} as tag,
        {{ clean_text('recording_url') }} is not null as has_recording,
        {{ clean_text('voice_mail_path') }} is not null as has_voice_mail,
        coalesce(active, true) and _deleted_at is null as is_active,
        _deleted_at is not null as is_deleted,
        created_on as created_at,
        modified_on as modified_at,
        _fetched_at as fetched_at
    from source
)

select * from final
