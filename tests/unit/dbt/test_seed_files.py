"""Seeds as people write them: those of the project are good, and each mistake is told with file, line and mending."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copytree

import pytest
import yaml

from st_platform.seed_files import as_variable, metric_names, seed_problems

PROJECT = Path(__file__).parents[3] / "dbt_project"
HEADERS = {file.stem: file.read_text("utf-8").splitlines()[0] for file in (PROJECT / "seeds").glob("*.csv")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the seeds, and one metric."""
    copytree(PROJECT / "seeds", tmp_path / "seeds")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "_x__semantics.yml").write_text("metrics: [{name: close_rate}]\n", "utf-8")
    return tmp_path


def write(project: Path, seed: str, *lines: str) -> None:
    (project / "seeds" / f"{seed}.csv").write_text("\n".join([HEADERS[seed], *lines]) + "\n", "utf-8")


def test_the_seeds_of_the_project_are_good() -> None:
    assert seed_problems(PROJECT) == []


def test_every_seed_of_the_project_is_read(project: Path) -> None:
    for seed in HEADERS:
        (project / "seeds" / f"{seed}.csv").write_text("nonsense\n", "utf-8")

    assert {problem.where for problem in seed_problems(project)} == {f"seeds/{seed}.csv" for seed in HEADERS}


def test_every_var_of_the_project_is_looked_at() -> None:
    """The macro knows all vars there are and no other."""
    declared = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]
    macro = (PROJECT / "macros" / "validate_settings.sql").read_text("utf-8")

    assert set(re.findall(r"'(\w+)': \{\s*'is':", macro)) == set(declared)


GOOD = {
    "tenants": ["1001,America/Phoenix,10,sunday,USD", "2002,,,,"],
    "gl_overrides": ["1001,500,Income"],
    "labor_burden": [",,,,0.25", "1001,,,2026-01-01,0.3", "1001,30,7,2026-01-01,0.31"],
    "overhead_monthly": ["1001,,2026-01-01,10000", "1001,30,2026-01-01,2500.50", "1001,,2026-02-01,10000"],
    "channel_map": [",Paid%,google,cpc,,,Paid search,true", '1001,,,,"Door, hangers",77,Print,TRUE'],
    "service_areas": ["1001,02134,north,North,", "1001,02134,south,South,2026-01-01", "2002,02134,x,Their north,"],
    "equipment_life": [",default,15,180", "1001,Water Heater,10.5,"],
    "rfm_segments": ["Champions,1,5,5,5,5,4,5", "Others,2,1,5,1,5,1,5"],
    "outcome_metrics": ["1001,close_rate,team:sales,2026-01-01,2026-03-31,,0.45,2026-12-31,false"],
}


def test_what_is_right_is_let_through(project: Path) -> None:
    for seed, lines in GOOD.items():
        write(project, seed, *lines)

    assert seed_problems(project) == []


@pytest.mark.parametrize(
    ("seed", "lines", "said"),
    [
        ("tenants", ["1001,,,,", "1001,,,,"], "tenant_id 1001 stands there twice (seeds/tenants.csv, line 3)"),
        ("tenants", ["1001,Mars/Olympus,,,"], "timezone cannot be 'Mars/Olympus'"),
        ("tenants", ["1001,,13,,"], "fiscal_start_month cannot be '13'"),
        ("tenants", ["1001,,,friday,"], "week_start cannot be 'friday'"),
        ("tenants", ["1001,,,,usd"], "currency cannot be 'usd'"),
        ("tenants", [",,,,"], "tenant_id is blank"),
        ("gl_overrides", ["1001,500,"], "gl_account_type is blank"),
        ("labor_burden", [",,,,25"], "burden_pct cannot be '25' (seeds/labor_burden.csv, line 2). Write a number from"),
        ("labor_burden", [",,,,-0.1"], "burden_pct cannot be '-0.1'"),
        ("labor_burden", [",30,,,0.2"], "business_unit_id stands without a tenant_id"),
        ("labor_burden", ["1,,,2026-02-30,0.2"], "valid_from cannot be '2026-02-30'"),
        ("overhead_monthly", ["1,,2026-01-15,5"], "month cannot be '2026-01-15'"),
        ("overhead_monthly", ["1,,2026-01-01,-5"], "amount cannot be '-5'"),
        ("overhead_monthly", ["1,,2026-01-01,$5"], "amount cannot be '$5'"),
        (
            "overhead_monthly",
            ["1,,2026-01-01,5", "1,,2026-01-01,6"],
            "month 2026-01-01 stands there twice",
        ),
        ("channel_map", [",A,,,,,,true"], "channel is blank"),
        ("channel_map", [",A,,,,,X,maybe"], "is_paid cannot be 'maybe'"),
        ("channel_map", [",,,,,9,X,true"], "campaign_id stands without a tenant_id"),
        ("channel_map", [",A,,,,,X,true", ",a,,,,,Y,true"], "campaign_category a, source (blank)"),
        ("service_areas", ["1,2134,n,N,"], "zip5 cannot be '2134'"),
        ("service_areas", ["1,02134,n,N,", "1,02134,s,S,"], "zip5 02134, valid_from (blank) stands there twice"),
        ("service_areas", ["1,02134,n,N,", "1,02135,n,North,"], "area n is called North here and N above"),
        ("equipment_life", [",Furnace,15,180"], "there is no default"),
        ("equipment_life", [",default,0,180"], "expected_years cannot be '0'"),
        ("equipment_life", [",default,15,0"], "interval_days cannot be '0'"),
        ("equipment_life", [",default,15,180", ",Default,9,180"], "equipment_type Default stands there twice"),
        ("rfm_segments", ["All,1,1,5,1,5,1,6"], "monetary_max cannot be '6'"),
        ("rfm_segments", ["All,1,5,1,1,5,1,5"], "recency_min is after recency_max"),
        ("rfm_segments", ["Most,1,2,5,1,5,1,5"], "25 of 125 scores have no segment, e.g. recency 1"),
        ("rfm_segments", ["A,1,1,5,1,5,1,5", "B,1,1,5,1,5,1,5"], "rank 1 stands there twice"),
        ("outcome_metrics", ["1,closing,me,,,1,2,2026-12-31,true"], "metric cannot be 'closing'"),
        ("outcome_metrics", ["1,close_rate,me,2026-01-01,,,2,2026-12-31,true"], "close_rate has no baseline"),
        ("outcome_metrics", ["1,close_rate,me,2026-03-01,2026-01-01,,2,2026-12-31,true"], "baseline_start is after"),
        ("outcome_metrics", ["1,close_rate,me,2025-01-01,2026-03-01,,2,2026-01-31,true"], "baseline_end is after"),
        ("gl_overrides", ["1001,500,Income,really"], "there are more cells than columns"),
    ],
)
def test_a_mistake_is_told(project: Path, seed: str, lines: list[str], said: str) -> None:
    write(project, seed, *lines)

    found = seed_problems(project)

    assert len(found) == 1, found
    assert said in str(found[0])
    assert f"seeds/{seed}.csv" in found[0].where
    assert found[0].fix


def test_all_mistakes_are_told_at_once(project: Path) -> None:
    write(project, "tenants", "x,,13,,", "1,,,,")
    (project / "seeds" / "gl_overrides.csv").write_text("tenant_id,account\n", "utf-8")
    (project / "seeds" / "service_areas.csv").unlink()

    said = [str(problem) for problem in seed_problems(project)]

    assert [line.partition("(")[2].partition(")")[0] for line in said] == [
        "seeds/tenants.csv, line 2",
        "seeds/tenants.csv, line 2",
        "seeds/gl_overrides.csv",
        "seeds/service_areas.csv",
    ]
    assert as_variable([])["ST_SEED_PROBLEMS"] == "[]"


def test_metrics_are_those_of_the_semantic_layer() -> None:
    assert {"completed_revenue", "ar_open"} <= metric_names(PROJECT)
