"""The repository's files, as the architecture tests look at them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = (
    "adapters", "benchmarks", "chassis", "cli", "contracts", "deploy", "devstack", "kernel", "services",
    "simulator", "testing", "tests",
)  # fmt: skip
SKIPPED = {"__pycache__", "node_modules", "dist"}
TEXT = {
    ".cfg",
    ".csv",
    ".html",
    ".ini",
    ".json",
    ".lock",
    ".md",
    ".mjs",
    ".js",
    ".py",
    ".sh",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
}
DATA_FOLDERS = ("tests/orders_sample",)


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository that a person may read as text, without what tools leave behind."""
    return tuple(
        sorted(
            path for path in _walk(ROOT) if path.suffix in TEXT or path.name in {"Makefile", "run", "tools"}
        )
    )


def python_files() -> list[Path]:
    """Our Python, tests included."""
    return [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in CODE]


def name(path: Path) -> str:
    """Its path from the repository's root, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """Its content."""
    return path.read_text("utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """Its syntax tree."""
    return ast.parse(text(path), name(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of everything that a Python file imports, wherever in the file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                package = path.relative_to(ROOT).parts[: -node.level]
                yield node.lineno, ".".join([*package, *([node.module] if node.module else [])])
            else:
                yield node.lineno, node.module or ""


def module_path(module: str) -> Path | None:
    """The file of one of our modules, None for others' modules and for names inside a module."""
    base = ROOT.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name != ".ci"
            if not hidden and path.name not in SKIPPED and not path.name.endswith(".egg-info"):
                yield from _walk(path)
        elif path.is_file():
            yield path
