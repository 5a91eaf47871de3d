with

survival as (
    select * from {{ ref('int_membership_survival') }}
),

final as (
    select
        tenant_id,
        membership_type,
        tenure_months,
        membership_type_id,
        cast(at_risk_count as integer) as at_risk_count,
        cast(churned_count as integer) as churned_count,
        cast(hazard as numeric(18, 6)) as hazard,
        cast(survival as numeric(18, 6)) as survival,
        is_extrapolated
    from survival
)

select * from final
