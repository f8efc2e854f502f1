"""What goes past the session's conditions exists in one module: text, Core on tables, connections, other sessions.

Found by reading the code, so that a line that nobody tests is found too.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from models import CaseReview, OwnedByCCG

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("app", "admin_views", "models", "seeds")
THE_MODULE = "app/database.py"
# What makes tables and policies runs in migrations, as the owner and never in the service.
OF_MIGRATIONS = (
    "models/append_only.py",
    "models/count_triggers.py",
    "models/database_rules.py",
    "models/history_triggers.py",
    "models/row_security.py",
    "models/striking_out.py",
    "models/migrations/",
)
# Copies of the whole database: an administrator's, who is no role of the service. import-linter lets no room know it.
OF_ADMINISTRATORS = ("app/backups/",)

IMPORTED = {
    # Statements that name no model.
    "text", "TextClause", "literal_column", "Table", "MetaData", "table", "column",
    # Ways to a connection, and sessions of one's own.
    "create_engine", "Connection", "sessionmaker", "scoped_session", "new_session",
    # Many rows past the unit of work, and the one door to them that checks each.
    "insert_rows", "add_rows",
    # The scope itself.
    "enter", "EVERYTHING",
}  # fmt: skip
COMMON_WORDS = {"text", "column"}  # which other things are called as well
ATTRIBUTES = {
    "__table__", "tables", "exec_driver_sql", "from_statement", "connect", "raw_connection", "connection", "get_bind",
    "engine", "engines", "cursor", "executescript", "session_factory", "info", "local_table", "columns", "table",
}  # fmt: skip
# What is there for a reason that can be seen to be harmless: how often, and why.
KEYWORDS = {"reads_everything", "writes_everything"}
ALLOWED = {
    ("app/cases/writing.py", "columns"): (1, "whether a column may be empty"),
    ("app/access/history.py", "info"): (2, "where it is kept who makes the changes"),
    ("models/history.py", "columns"): (2, "the columns that a version copies"),
    ("models/declarations.py", "columns"): (1, "the columns that have declarations"),
    ("models/case_review.py", "column"): (8, "the conditions of indexes"),
    ("models/organisations.py", "column"): (1, "the condition of an index"),
    ("app/access/people.py", "reads_everything"): (1, "a grant on England"),
    ("app/access/row_scope.py", "reads_everything"): (2, "its definition, and what PostgreSQL is told"),
    ("app/access/row_scope.py", "writes_everything"): (2, "its definition, and what PostgreSQL is told"),
    ("app/access/row_scope.py", "new_session"): (2, "every_organisation, and work beside a request"),
    ("app/access/row_scope.py", "enter"): (2, "every_organisation, and work beside a request"),
    ("app/access/row_scope.py", "EVERYTHING"): (4, "its definition, every_organisation, and what only it may do"),
    ("app/access/row_scope.py", "info"): (2, "where the scope is kept"),
    ("app/access/adding.py", "insert_rows"): (1, "the door: each row is checked"),
    ("app/access/adding.py", "EVERYTHING"): (1, "what only it may do"),
    ("app/cases/writing.py", "add_rows"): (2, "the cases of a file, and their events"),
    ("app/case_imports/working.py", "add_rows"): (1, "the lines of a file"),
    ("app/access/statements.py", "__table__"): (1, "to refuse them"),
    ("app/access/statements.py", "table"): (6, "to refuse them"),
    ("app/access/statements.py", "Table"): (1, "to refuse them"),
    ("app/access/statements.py", "TextClause"): (1, "to refuse it"),
    ("app/nhsuk/charts/grid.py", "columns"): (4, "those of a chart"),
    ("admin_views/themes/theme_charts.py", "columns"): (1, "those of a chart"),
    ("admin_views/themes/theme_filters.py", "columns"): (2, "the names of those in which a theme is looked for"),
    ("app/redaction/places.py", "columns"): (3, "which hold text, and which no two cases may share"),
    ("app/redaction/places.py", "__table__"): (3, "how long its texts may be, and which no two cases may share"),
    ("app/redaction/proving.py", "__table__"): (1, "the one that is looked through as a package"),
    ("app/factory.py", "engine"): (2, "handed to the module, and to whatever counts its connections"),
    ("app/waits.py", "Connection"): (1, "of the driver: how long an answer is waited for"),
    ("app/waits.py", "connect"): (2, "of the driver: how long a connection is waited for"),
    ("models/base.py", "MetaData"): (1, "the names of constraints"),
    ("models/history.py", "info"): (1, "of a column: its declaration goes with the copy"),
    ("models/declarations.py", "info"): (2, "of a column: where its declaration is kept"),
    ("app/access/current.py", "enter"): (1, "the scope of the person who is signed in, once for each request"),
}


def used_in(path: Path) -> Counter[str]:
    """How often a module uses what goes past the session, types left out."""
    found: Counter[str] = Counter()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    types = {
        id(inner)
        for node in ast.walk(tree)
        for said in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if said is not None
        for inner in ast.walk(said)
    }
    imports = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("sqlalchemy", "app.", "row_scope"))
    ]
    imported = {one.asname or one.name: one.name for node in imports for one in node.names}
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            defined |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(f"import {one.name}" for one in node.names if one.name.startswith("sqlalchemy"))
        elif id(node) in types:
            continue
        elif isinstance(node, ast.Name) and imported.get(node.id, node.id if node.id in defined else "") in IMPORTED:
            found[imported.get(node.id, node.id)] += 1
        elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES | (IMPORTED - COMMON_WORDS):
            found[node.attr] += 1
        elif isinstance(node, ast.keyword) and node.arg in KEYWORDS:
            found[node.arg] += 1
    return found


def test_only_one_module_goes_past_the_session() -> None:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name == THE_MODULE or name.startswith((*OF_MIGRATIONS, *OF_ADMINISTRATORS)):
                continue
            for past, times in used_in(path).items():
                allowed, _ = ALLOWED.get((name, past), (0, ""))
                assert times <= allowed, (
                    f"{name} uses `{past}` {times} times, {allowed} are allowed. Go through the session, or put it"
                    f" into {THE_MODULE}."
                )


def test_what_is_allowed_is_used() -> None:
    for (name, past), (number, _) in ALLOWED.items():
        assert used_in(ROOT / name)[past] == number, f"{name} uses `{past}` less often than is allowed."


def test_every_table_with_a_ccg_is_under_row_scope() -> None:
    """The scope acts on models that have the mixin; a column `ccg_id` alone is not enough."""
    for mapper in CaseReview.registry.mappers:
        if "ccg_id" in mapper.columns:
            assert issubclass(mapper.class_, OwnedByCCG), f"Derive {mapper.class_.__name__} from OwnedByCCG."
