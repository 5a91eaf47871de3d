"""`dev`, `env` and `dbt`: other people's programs, started with the environment they need."""

from __future__ import annotations

import os
import shlex
from typing import Annotated
from urllib.parse import urlsplit

import typer

from st_platform.cli.output import CommandFailed, Json, note, print_json, stdout

_PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    app.command()(dev)
    app.command()(env)
    app.command(context_settings=_PASS_THROUGH)(dbt)


def dev(
    port: Annotated[int | None, typer.Option(help="Port of the UI; else the one of ST_DAGSTER_URL, 3000.")] = None,
) -> None:
    """Start the Dagster UI, daemon and code server on your tenants.toml, until Ctrl-C."""
    from st_platform.cli.launch import prepare
    from st_platform.cli.processes import is_free, program, run_in_foreground
    from st_platform.settings import load_settings, load_tenants

    settings = load_settings()
    load_tenants(settings)
    chosen = port or urlsplit(settings.dagster_url).port or 3000
    if not is_free(chosen):
        raise CommandFailed(f"port {chosen} is taken", "127.0.0.1", "Give another one: --port 3001.")
    variables = prepare(settings) | {"ST_DAGSTER_URL": f"http://127.0.0.1:{chosen}"}
    note(f"Dagster will answer at http://127.0.0.1:{chosen}; Ctrl-C stops it, `st-platform db stop` the database.")
    workspace = str(settings.project / "workspace.yaml")
    arguments = [program("dagster"), "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(chosen)]
    raise typer.Exit(run_in_foreground(arguments, variables))


def env(as_json: Json = False) -> None:
    """Print what Dagster and dbt need as shell exports: eval "$(st-platform env)". Holds the database password."""
    from st_platform.cli.launch import environment
    from st_platform.settings import load_settings

    variables = environment(load_settings())
    if as_json:
        print_json(variables)
        return
    for name, value in variables.items():
        stdout().print(f"export {name}={shlex.quote(value)}", markup=False, soft_wrap=True)


def dbt(context: typer.Context) -> None:
    """Run dbt on the warehouse; what follows is dbt's (`dbt build --select fct_revenue`), or `lint` for sqlfluff."""
    from st_platform.cli.launch import environment
    from st_platform.cli.processes import program
    from st_platform.seed_files import as_variable, seed_problems
    from st_platform.settings import load_settings

    if context.args[:1] == ["lint"]:
        raise typer.Exit(_lint(context.args[1:]))
    settings = load_settings()
    seeds = as_variable(seed_problems(settings.project / "dbt_project"))
    _become(program("dbt"), ["dbt", *context.args], environment(settings) | seeds)


def _lint(arguments: list[str]) -> int:
    """sqlfluff over the models, compiled against an empty database of its own, never against the warehouse."""
    import subprocess

    from st_platform.cli.launch import environment
    from st_platform.cli.processes import program
    from st_platform.settings import load_settings
    from st_platform.warehouse.embedded import EmbeddedPostgres

    yours = load_settings()
    state = yours.state_dir.absolute() / "lint"
    settings = yours.model_copy(update={"database_url": None, "state_dir": state, "tenants_file": state / "none.toml"})
    try:
        variables = {**os.environ, **environment(settings)}
        paths = (
            []
            if any(not argument.startswith("-") for argument in arguments)
            else ["dbt_project/models", "dbt_project/tests"]
        )
        command = [program("sqlfluff"), "lint", *arguments, *paths]
        return subprocess.run(command, env=variables, cwd=settings.project, check=False).returncode
    finally:
        EmbeddedPostgres(settings.embedded_dir).stop()


def _become(path: str, arguments: list[str], variables: dict[str, str]) -> None:
    """Replace this process, so that signals and the exit code are the program's own."""
    try:
        os.execvpe(path, arguments, {**os.environ, **variables})  # noqa: S606
    except OSError as error:
        fix = "Run `make setup`."
        raise CommandFailed(f"{arguments[0]} cannot be started: {error.strerror}", path, fix) from None
