"""`checkpoint policy explain`: the rules in force, and where each value came from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import fail
from keys.errors import KeysError
from scanner.config import ConfigError, Configuration, load_document
from scanner.policy_explain import Row, Value, rows, values
from scanner.policy_source import PolicyInForce, policy_in_force
from scanner.updates.at_rest import proved
from scanner.values import SiteKind

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def policy() -> None:
    """Explain the rules in force.

    Example: checkpoint policy explain --config config.toml
    """


@app.command()
def explain(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.toml"),
    all_sites: Annotated[bool, typer.Option("--all-sites", help="Show every site kind, not only this one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object a line.")] = False,
) -> None:
    """Print the effective rules as a table, and where each value came from.

    Example: checkpoint policy explain --json | grep COLOUR_YELLOW
    """
    try:
        document = load_document(config)
        force = policy_in_force(document, _proved_policy(document.model))
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct\n{error}")
    table, limits = rows(force), tuple(values(force, document))
    if as_json:
        _print_json(table, limits)
    else:
        kinds = tuple(SiteKind) if all_sites else (document.model.site.kind,)
        _print_table(force, table, limits, kinds)


def _proved_policy(configuration: Configuration) -> bytes | None:
    """Return the home issuer's policy as it was proved; None, said on standard error, where nothing was."""
    try:
        return proved(configuration).policy
    except KeysError as error:
        print(f"checkpoint policy: {error}; the built-in rules hold", file=sys.stderr)
        return None


def _print_json(table: tuple[Row, ...], limits: tuple[Value, ...]) -> None:
    for limit in limits:
        fields = {"key": limit.key, "value": limit.value, "source": limit.source, "replaces": limit.replaces}
        print(json.dumps(fields, ensure_ascii=False))
    for row in table:
        cells = dict(zip((kind.value for kind in SiteKind), row.cells, strict=True))
        fields = {"reason": row.reason.value, **cells, "override": row.override, "source": row.source}
        print(json.dumps(fields, ensure_ascii=False))


def _print_table(
    force: PolicyInForce, table: tuple[Row, ...], limits: tuple[Value, ...], kinds: tuple[SiteKind, ...]
) -> None:
    origin = "built in" if force.built_in else "the home issuer's"
    print(f"Policy {force.rules.version}, {origin}: {force.rules.source}\n")
    lines: list[tuple[str, ...]] = [("limit", "value", "from")]
    for limit in limits:
        stricter = f"; the policy says {limit.replaces}" if limit.replaces else ""
        lines.append((limit.key, limit.value, limit.source + stricter))
    _print_columns(lines)
    print()
    columns = [tuple(SiteKind).index(kind) for kind in kinds]
    lines = [("reason", *kinds, "override by", "from")]
    lines += [(row.reason, *(row.cells[column] for column in columns), row.override, row.source) for row in table]
    _print_columns(lines)


def _print_columns(lines: list[tuple[str, ...]]) -> None:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
