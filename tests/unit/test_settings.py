"""What a person may write in the environment and in tenants.toml, and what they are told when it is wrong."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from st_platform.servicetitan.tenant import Environment, Tenant
from st_platform.settings import (
    Settings,
    SettingsError,
    TenantsFileMissing,
    dagster_database_url,
    dagster_environment,
    load_settings,
    load_tenants,
)
from st_platform.tenants_file import parse_tenants

SECRET = "hunter2-never-shown"

GOOD = """
[tenants.acme]
tenant_id     = 1001
environment   = "production"
client_id     = "${ACME_CLIENT_ID}"
client_secret = "${ACME_CLIENT_SECRET}"
app_key       = "${ACME_APP_KEY}"
timezone      = "America/New_York"
start_date    = 2025-07-01
requests_per_second = 50
"""

VALUES = {"ACME_CLIENT_ID": "cid.1", "ACME_CLIENT_SECRET": SECRET, "ACME_APP_KEY": f"{SECRET}-key"}


@pytest.fixture(autouse=True)
def _bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder and none of the variables that a developer may have set."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DAGSTER_DATABASE_URL", "ST_STATE_DIR", "ST_TENANTS_FILE", "ST_SECRETS_DIR",
                 "ST_ALERT_URL", "ST_DAGSTER_URL", "ST_PROJECT_DIR", "NO_PROXY", "no_proxy", *VALUES):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


def parse(text: str, values: Mapping[str, str] = VALUES) -> dict[str, Tenant]:
    return parse_tenants(tomllib.loads(text), "tenants.toml", values.get)


def refusal(text: str, values: Mapping[str, str] = VALUES) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(text, values)
    message = str(caught.value)
    assert SECRET not in message
    return message


# ------------------------------------------------------------------------------------------------ tenants that work


def test_a_tenant_is_read_with_its_references_resolved() -> None:
    tenant = parse(GOOD)["acme"]
    assert (tenant.tenant_id, tenant.start_date, tenant.timezone.key) == (1001, date(2025, 7, 1), "America/New_York")
    assert tenant.environment is Environment.PRODUCTION
    assert tenant.endpoints.token_url == "https://auth.servicetitan.io/connect/token"
    assert tenant.credentials.client_secret == SECRET
    assert SECRET not in repr(tenant)


def test_a_tenant_on_loopback_may_carry_its_secrets_in_clear() -> None:
    tenant = parse(on("http://127.0.0.1:8765", "http://localhost:8765/"))["acme"]
    assert tenant.environment is Environment.CUSTOM
    assert tenant.endpoints.api_url == "http://127.0.0.1:8765"
    assert tenant.endpoints.token_url == "http://localhost:8765/connect/token"
    assert tenant.credentials.client_secret == SECRET


def test_a_token_url_is_taken_as_it_is() -> None:
    text = GOOD.replace(
        'environment   = "production"',
        'api_url = "https://api.proxy.example"\nauth_url = "https://auth.proxy.example/connect/token"',
    )
    assert parse(text)["acme"].endpoints.token_url == "https://auth.proxy.example/connect/token"


def test_the_rate_may_be_left_out() -> None:
    assert parse(GOOD.replace("requests_per_second = 50", ""))["acme"].requests_per_second == 50


def on(api_url: str, auth_url: str) -> str:
    """The good tenant on addresses of its own, its secrets in clear."""
    text = GOOD.replace('environment   = "production"', f'api_url = "{api_url}"\nauth_url = "{auth_url}"')
    return text.replace("${ACME_CLIENT_SECRET}", SECRET).replace("${ACME_APP_KEY}", SECRET)


# ------------------------------------------------------------------------------------------- tenants that are refused


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tenant_id     = 1001", "", "tenant_id is missing"),
        ("1001", "-5", "tenant_id cannot be used"),
        ("1001", "true", "tenant_id cannot be used"),
        ("1001", "10.5", "tenant_id cannot be used"),
        ("1001", str(2**63), "tenant_id cannot be used"),
        ('"production"', '"prod"', "environment cannot be used"),
        ('environment   = "production"', "", "environment is missing"),
        ('"production"', '"custom"', "environment is missing"),
        ('"production"', '"production"\napi_url = "https://api-integration.servicetitan.io"', "together with api_url"),
        ('environment   = "production"', 'api_url = "https://api.example.com"', "only api_url is given"),
        ("America/New_York", "Amerika/New_York", "timezone cannot be used"),
        ("America/New_York", "../../etc/passwd", "timezone cannot be used"),
        ("2025-07-01", '"July"', "start_date cannot be used"),
        ("2025-07-01", "2999-01-01", "start_date is in the future"),
        ("2025-07-01", "1970-01-01", "start_date cannot be used"),
        ("= 50", "= 61", "requests_per_second cannot be used"),
        ("= 50", "= 0", "requests_per_second cannot be used"),
        ("= 50", "= inf", "requests_per_second cannot be used"),
        ("= 50", "= nan", "requests_per_second cannot be used"),
        ("timezone ", "time_zone ", "unknown key time_zone"),
        ("[tenants.acme]", "[tenants.Acme-East]", "name cannot be used"),
        ("[tenants.acme]", "[tenant.acme]", "unknown table [tenant]"),
        (GOOD, "", "no tenant is defined"),
        (GOOD, "tenants = 5", "no tenant is defined"),
        (GOOD, "[tenants]\nacme = 5", "not a table"),
    ],
)
def test_a_wrong_value_is_named_with_an_example(old: str, new: str, said: str) -> None:
    assert old in GOOD
    message = refusal(GOOD.replace(old, new))
    assert said in message
    assert "tenants.toml" in message


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    assert "Did you mean timezone?" in refusal(GOOD.replace("timezone ", "time_zone "))


@pytest.mark.parametrize("key", ["client_secret", "app_key"])
def test_a_secret_in_clear_is_refused_with_a_hint_and_not_repeated(key: str) -> None:
    message = refusal(GOOD.replace(f"${{ACME_{key.upper()}}}", SECRET))
    assert f"{key} is written in clear" in message
    assert f'{key} = "${{ACME_{key.upper()}}}"' in message


@pytest.mark.parametrize("written", [f"{SECRET}${{ACME_APP_KEY}}", f"${{ACME_APP_KEY}}{SECRET}", f"$ACME {SECRET}"])
def test_a_secret_half_in_clear_is_refused_too(written: str) -> None:
    assert "client_secret is written in clear" in refusal(GOOD.replace("${ACME_CLIENT_SECRET}", written))


@pytest.mark.parametrize(
    ("api_url", "auth_url"),
    [
        ("https://api.example.com", "http://127.0.0.1:8765"),
        ("http://127.0.0.1:8765", "https://auth.example.com"),
        ("http://127.0.0.1.example.com", "http://127.0.0.1:8765"),
        ("http://localhost.example.com", "http://localhost"),
        ("http://10.0.0.7", "http://10.0.0.7"),
    ],
)
def test_loopback_means_both_addresses(api_url: str, auth_url: str) -> None:
    assert "written in clear" in refusal(on(api_url, auth_url))


@pytest.mark.parametrize(
    ("api_url", "auth_url", "said"),
    [
        ("https://api.servicetitan.io", "https://auth-integration.servicetitan.io", "different environments"),
        ("https://api-integration.servicetitan.io", "https://auth.example.com", "different environments"),
        ("http://api.example.com", "https://auth.example.com", "api_url is not https"),
        ("ftp://api.example.com", "https://auth.example.com", "api_url is not an address"),
        ("https://[::1", "https://auth.example.com", "api_url is not an address"),
        ("https://api.example.com:port", "https://auth.example.com", "api_url is not an address"),
        (f"https://me:{SECRET}@api.example.com", "https://auth.example.com", "carries more than an address"),
    ],
)
def test_an_address_that_would_send_credentials_astray_is_refused(api_url: str, auth_url: str, said: str) -> None:
    text = GOOD.replace('environment   = "production"', f'api_url = "{api_url}"\nauth_url = "{auth_url}"')
    assert said in refusal(text)


def test_two_tenants_with_one_id_are_refused() -> None:
    message = refusal(GOOD + GOOD.replace("tenants.acme", "tenants.bolt"))
    assert "tenant_id is the same as that of acme" in message
    assert "[tenants.bolt]" in message


def test_a_reference_that_is_set_nowhere_or_is_empty_is_named() -> None:
    message = refusal(GOOD, {"ACME_CLIENT_ID": "", "ACME_CLIENT_SECRET": SECRET})
    assert "client_id needs ACME_CLIENT_ID, which is not set" in message
    assert "app_key needs ACME_APP_KEY, which is not set" in message
    assert "is missing" not in message


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = GOOD.replace("= 50", "= 99").replace("New_York", "Nowhere") + GOOD.replace("acme", "bolt").replace(
        "1001", "0"
    )
    message = refusal(text)
    assert all(part in message for part in ("[tenants.acme]", "[tenants.bolt]", "requests_per_second", "timezone"))
    assert len(message.splitlines()) == 3


def test_no_message_repeats_a_value_wherever_the_secret_was_put() -> None:
    for line in GOOD.strip().splitlines()[1:]:
        key = line.split("=")[0].strip()
        refusal(GOOD.replace(line, f'{key} = "{SECRET} ${{NOPE}}"'))
        if key not in {"client_id", "client_secret", "app_key"}:
            refusal(GOOD.replace(line, f'{key} = "{SECRET}"'))
    refusal(GOOD + f'extra = "{SECRET}"')


# ----------------------------------------------------------------------------------------------------- from the disk


def write_tenants(text: str = GOOD) -> None:
    Path("tenants.toml").write_text(text, "utf-8")


def test_a_reference_is_read_from_environment_then_dotenv_then_secrets_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tenants()
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in VALUES:
        (secrets / name).write_text("from-folder\n", "utf-8")
    Path(".env").write_text("ACME_CLIENT_ID=from-dotenv\nACME_CLIENT_SECRET=from-dotenv\n", "utf-8")
    monkeypatch.setenv("ST_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("ACME_CLIENT_ID", "from-environment")
    credentials = load_tenants()["acme"].credentials
    assert credentials.client_id == "from-environment"
    assert credentials.client_secret == "from-dotenv"
    assert credentials.app_key == "from-folder"


def test_the_tenants_file_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.toml").write_text(GOOD, "utf-8")
    monkeypatch.setenv("ST_TENANTS_FILE", "other.toml")
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    assert list(load_tenants()) == ["acme"]


def test_a_missing_tenants_file_is_an_error_of_its_own() -> None:
    with pytest.raises(TenantsFileMissing, match="there is no tenants file"):
        load_tenants()


@pytest.mark.parametrize("content", [f"secret = {SECRET}".encode(), b"[tenants.a]\n[tenants.a]\n", b"\xff\xfe"])
def test_an_unreadable_tenants_file_is_refused_without_quoting_it(content: bytes) -> None:
    Path("tenants.toml").write_bytes(content)
    with pytest.raises(SettingsError, match="cannot be read") as caught:
        load_tenants()
    assert SECRET not in str(caught.value)
    assert "tenants.a" not in str(caught.value)


def test_the_example_files_of_the_project_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.setenv("ST_TENANTS_FILE", str(root / "tenants.example.toml"))
    settings = load_settings(env_file=root / ".env.example")
    assert settings.database_url is None
    assert load_tenants(settings, env_file=root / ".env.example")


# ---------------------------------------------------------------------------------------------------------- settings


def test_every_wrong_setting_is_named_and_none_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"mysql://root:{SECRET}@db/app")
    monkeypatch.setenv("ST_DAGSTER_URL", SECRET)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert "DATABASE_URL" in message
    assert "ST_DAGSTER_URL" in message
    assert SECRET not in message


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert load_settings().database_url is None


def test_a_setting_is_read_from_dotenv_and_from_the_secrets_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "DATABASE_URL").write_text("postgresql://from-folder/db\n", "utf-8")
    Path(".env").write_text(f"ST_SECRETS_DIR={secrets}\nST_STATE_DIR=elsewhere\nUNRELATED=1\n", "utf-8")
    settings = load_settings()
    assert settings.database_url == "postgresql://from-folder/db"
    assert settings.state_dir == Path("elsewhere")


def test_the_password_of_the_database_is_not_in_the_repr() -> None:
    assert SECRET not in repr(Settings(DATABASE_URL=f"postgresql://u:{SECRET}@h/d"))  # pyright: ignore[reportCallIssue]


# ------------------------------------------------------------------------------------------------- what children get


def settings_with(**values: str) -> Settings:
    return Settings(**values)  # pyright: ignore[reportArgumentType]


def test_dbt_gets_the_pieces_of_the_url_decoded() -> None:
    url = "postgresql://load%40er:p%40ss%2Fword@db.example.com:5544/ware%20house?sslmode=require"
    variables = dagster_environment(settings_with(), url)
    assert variables["ST_DB_HOST"] == "db.example.com"
    assert variables["ST_DB_PORT"] == "5544"
    assert variables["ST_DB_USER"] == "load@er"
    assert variables["ST_DB_PASSWORD"] == "p@ss/word"
    assert variables["ST_DB_NAME"] == "ware house"
    assert variables["PGSSLMODE"] == "require"


def test_dagster_keeps_its_records_in_a_database_beside_the_warehouse() -> None:
    url = "postgres://u:p@h:1/warehouse?sslmode=require"
    assert dagster_database_url(settings_with(), url) == "postgresql://u:p@h:1/warehouse_dagster?sslmode=require"
    named = settings_with(DAGSTER_DATABASE_URL="postgresql://other/db")
    assert dagster_database_url(named, url) == "postgresql://other/db"


def test_children_get_absolute_paths_and_no_proxy_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet, localhost")
    variables = dagster_environment(settings_with(), "postgresql://u:p@h/d")
    assert all(Path(variables[name]).is_absolute() for name in ("DAGSTER_HOME", "ST_STATE_DIR", "ST_TENANTS_FILE"))
    assert variables["NO_PROXY"] == "intranet,localhost,127.0.0.1,::1"


def test_children_find_dbt_without_an_activated_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    variables = dagster_environment(settings_with(), "postgresql://u:p@h/d")
    assert variables["PATH"] == f"{Path(sys.executable).parent}:/usr/bin"


def test_reading_settings_opens_nothing_at_import(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "def hook(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith(('.env', '.toml')): raise SystemExit('read')\n"
        "    if event in ('socket.connect', 'subprocess.Popen'): raise SystemExit(event)\n"
        "sys.addaudithook(hook)\n"
        "import st_platform.settings\n"
        "assert not {'dagster', 'psycopg', 'httpx'} & set(sys.modules)\n"
    )
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://x/y", "utf-8")
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
