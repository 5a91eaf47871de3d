"""The sensor that evaluates the models' own conditions (`assets/dbt.py`) and starts one run for all that are due."""

from __future__ import annotations

import dagster as dg

from st_platform.orchestration.jobs import PRIORITY
from st_platform.orchestration.naming import ON_CADENCE_TAG


def marts_sensor(
    models: dg.AssetSelection, *, status: dg.DefaultSensorStatus
) -> dg.AutomationConditionSensorDefinition:
    """Looks every minute; what is due is each model's condition's decision.

    It looks where our code is loaded, because one of the conditions is ours and the daemon does not know it.
    """
    return dg.AutomationConditionSensorDefinition(
        "marts",
        target=models,
        use_user_code_server=True,
        minimum_interval_seconds=60,
        default_status=status,
        run_tags={PRIORITY: "6", ON_CADENCE_TAG: "yes"},
        description="Builds models once an hour if an extract they read has changed, and what depends on them.",
    )
