"""Checks that every kind of case is a folder made alike. The checks look at the files only."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture import tree
from tests.architecture.test_tree import is_pure

REQUIRED = ("__init__", "messages", "state", "rules", "border")
DATA = ("state", "facts", "account", "account_goods", "account_money")
RULES = re.compile(r"rules|rules_\w+|admission|transitions")
BORDER = ("border", "inbound", "outbound", "reactions")
CHASSIS = ("chassis.service", "chassis.engine.outcomes")
"""The modules of the chassis that a border may import."""
KNOW_NO_POLICY = ("messages", "state", "facts")
MESSAGES_LAYER, DATA_LAYER, RULES_LAYER, BORDER_LAYER = range(4)


def layer(stem: str) -> int | None:
    """Ranks a file of a kind: it may import those of its kind that rank no higher. None: no such file."""
    if stem == "messages":
        return MESSAGES_LAYER
    if stem in DATA:
        return DATA_LAYER
    if stem in BORDER:
        return BORDER_LAYER
    return RULES_LAYER if RULES.fullmatch(stem) else None


@dataclass(frozen=True)
class Kind:
    """The folder of one kind."""

    service: str
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def place(self) -> str:
        return f"services/{self.service}/cases/{self.name}"

    def files(self, highest: int = BORDER_LAYER) -> Iterator[tuple[Path, int]]:
        """Lists the files up to that layer, each with its own."""
        for path in sorted(self.folder.glob("*.py")):
            found = layer(path.stem)
            if found is not None and found <= highest:
                yield path, found


def kinds(root: Path) -> list[Kind]:
    """Lists every kind of every service."""
    return [
        Kind(cases.parent.name, folder)
        for cases in sorted(root.glob("services/*/cases"))
        for folder in sorted(cases.iterdir())
        if folder.is_dir() and folder.name not in tree.SKIPPED
    ]


def parsed(path: Path) -> ast.Module:
    return _parsed(path.read_text("utf-8"))


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def imports(path: Path) -> Iterator[str]:
    """Lists the full name of everything that a file imports."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def functions(path: Path, name: str) -> list[ast.FunctionDef]:
    return [node for node in parsed(path).body if isinstance(node, ast.FunctionDef) and node.name == name]


def calls(within: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(within)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]


def dispatching(path: Path, name: str, union: str) -> list[ast.FunctionDef]:
    """Lists that function and those of its file to which it hands the whole union on."""
    found = functions(path, name)
    for function in found:
        called = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
        for other in parsed(path).body:
            is_known = isinstance(other, ast.FunctionDef) and other.name in {x.name for x in found}
            if isinstance(other, ast.FunctionDef) and not is_known and other.name in called:
                found += [other] if union in annotations(other) else []
    return found


def annotations(function: ast.FunctionDef) -> list[str]:
    """Lists the types of the parameters, in order."""
    return [ast.unparse(arg.annotation) if arg.annotation else "" for arg in function.args.args]


# The checks. Each lists what is wrong under a root.


def strange_files(root: Path) -> set[str]:
    """A kind has its four files, perhaps those into which they split, and nothing else."""
    found: set[str] = set()
    for kind in kinds(root):
        names = {path.name for path in kind.folder.iterdir() if path.name not in tree.SKIPPED}
        found |= {f"{kind.place} lacks {stem}.py" for stem in REQUIRED if f"{stem}.py" not in names}
        for name in names - {"__init__.py"}:
            stem, dot, ending = name.partition(".")
            if layer(stem) is None or dot + ending != ".py":
                found.add(f"{kind.place}/{name} is no file of a kind")
        if (kind.folder / "__init__.py").is_file() and parsed(kind.folder / "__init__.py").body:
            found.add(f"{kind.place}/__init__.py is not empty")
    for path in root.glob("services/*/cases/*"):
        if path.is_file() and path.name != "__init__.py":
            found.add(f"{path.relative_to(root).as_posix()} lies beside the kinds")
    return found


def foreign_imports(root: Path) -> set[str]:
    """A file imports what its layer may; of a sibling kind only `messages`."""
    return {
        f"{kind.place}/{path.name} imports {name}"
        for kind in kinds(root)
        for path, own in kind.files()
        for name in imports(path)
        if not _may_import(kind, own, name) or (path.stem in KNOW_NO_POLICY and _is_policy(kind, name))
    }


def _may_import(kind: Kind, own: int, name: str) -> bool:
    parts = name.split(".")
    if parts[:3] == ["services", kind.service, "cases"]:
        other, file = (*parts[3:5], "", "")[:2]
        if other != kind.name:
            return file == "messages"
        found = layer(file)
        return found is not None and found <= own and own > MESSAGES_LAYER
    if parts[:2] == ["services", kind.service]:
        return parts[2] != "service"
    return is_pure(name) or (own == BORDER_LAYER and _is_outside_of_rules(name))


def _is_policy(kind: Kind, name: str) -> bool:
    return name.startswith(f"services.{kind.service}.policy")


def _is_outside_of_rules(name: str) -> bool:
    """Tells whether a border may import it though rules may not."""
    return f"{name}.".startswith(("aftersales_contracts.", *(f"{module}." for module in CHASSIS)))


def impure_modules(root: Path) -> set[str]:
    """A module that kinds of a service share knows no kind; one that rules use reaches nothing outside."""
    found: set[str] = set()
    for service in {kind.service for kind in kinds(root)}:
        used = _used_by_rules(root, service)
        for path in (root / "services" / service).glob("*.py"):
            if path.stem in ("__main__", "service"):
                continue
            for name in imports(path):
                if name.startswith(f"services.{service}."):
                    is_fine = name.split(".")[2] not in ("cases", "service")
                else:
                    # `pathlib` only names the policy file.
                    is_fine = is_pure(name) or name == "pathlib.Path"
                    is_fine = is_fine or (path.stem not in used and _is_outside_of_rules(name))
                if not is_fine:
                    found.add(f"services/{service}/{path.name} imports {name}")
    return found


def _used_by_rules(root: Path, service: str) -> set[str]:
    """Finds the service's own modules that rules, states and messages use, directly or not."""
    own = [kind for kind in kinds(root) if kind.service == service]
    waiting = [path for kind in own for path, _ in kind.files(RULES_LAYER)]
    used: set[str] = set()
    while waiting:
        for name in imports(waiting.pop()):
            parts = name.split(".")
            if parts[:2] == ["services", service] and parts[2] not in (*used, "cases"):
                used.add(parts[2])
                path = root / "services" / service / f"{parts[2]}.py"
                waiting += [path] if path.is_file() else []
    return used


def addresses(root: Path) -> set[str]:
    """Only `to` of a kind's messages makes an address, for its messages only; `reply_to` that of a reply."""
    found: set[str] = set()
    for kind in kinds(root):
        made_by = functions(kind.folder / "messages.py", "to")
        if not any(_is_typed(function) for function in made_by):
            found.add(f"{kind.place}/messages.py has no `to` that takes a Message")
        lines = {x for function in made_by for x in range(function.lineno, (function.end_lineno or 0) + 1)}
        found |= {
            f"{kind.place}/{path.name}:{node.lineno} makes an address"
            for path, _ in kind.files()
            for node in calls(parsed(path), "Addressed")
            if path.stem != "messages" or node.lineno not in lines
        }
        replies = functions(kind.folder / "messages.py", "reply_to")
        lines = {x for function in replies for x in range(function.lineno, (function.end_lineno or 0) + 1)}
        found |= {
            f"{kind.place}/{path.name}:{node.lineno} makes a reply's address"
            for path, _ in kind.files()
            for node in calls(parsed(path), "ReplyTo")
            if path.stem != "messages" or node.lineno not in lines
        }
    for service in {kind.service for kind in kinds(root)}:
        for path in (root / "services" / service).glob("*.py"):
            found |= {
                f"services/{service}/{path.name}:{node.lineno} makes an address"
                for node in calls(parsed(path), "Addressed")
            }
    return found


def _is_typed(function: ast.FunctionDef) -> bool:
    return (
        "Message" in annotations(function)
        and ast.unparse(function.returns or ast.Constant(None)) == "Addressed"
    )


def open_branches(root: Path) -> set[str]:
    """No message or fact is looked up in a table or swallowed: the type checkers find the missing one."""
    found: set[str] = set()
    for kind in kinds(root):
        for path, _ in kind.files(RULES_LAYER):
            place = f"{kind.place}/{path.name}"
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.AnnAssign) and re.search(
                    r"(?i:mapping|dict)\[type\b", ast.unparse(node.annotation)
                ):
                    found.add(f"{place}:{node.lineno} is a table by class")
                if isinstance(node, ast.Dict) and _is_table(node):
                    found.add(f"{place}:{node.lineno} is a table by class")
                if isinstance(node, ast.Match) and _swallows(node):
                    found.add(f"{place}:{node.lineno} swallows what is not named")
        for file, name, union in (("rules", "decide", "Message"), ("state", "evolve", "Fact")):
            written = dispatching(kind.folder / f"{file}.py", name, union)
            if not written:
                found.add(f"{kind.place}/{file}.py has no {name}")
            elif _is_union(kind, union) and not any(calls(x, "assert_never") for x in written):
                found.add(f"{kind.place}/{file}.py: {name} does not end in assert_never")
    return found


def _is_table(node: ast.Dict) -> bool:
    """Tells whether classes lead to functions."""
    keys = [ast.unparse(key).rpartition(".")[2] for key in node.keys if key is not None]
    is_by_class = bool(keys) and all(re.fullmatch(r"[A-Z]\w*[a-z]\w*", key) for key in keys)
    values = [ast.unparse(value).rpartition(".")[2] for value in node.values]
    return is_by_class and all(re.match(r"[a-z_]\w*$|lambda", value) for value in values)


def _swallows(node: ast.Match) -> bool:
    """Tells whether a match over classes has a rest. Texts need one: nobody can name them all."""
    is_over_classes = any(
        isinstance(x, ast.MatchClass) for case in node.cases for x in ast.walk(case.pattern)
    )
    last = node.cases[-1]
    is_rest = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and last.guard is None
    is_named = isinstance(last.body[-1], ast.Raise) or bool(calls(last.body[-1], "assert_never"))
    return is_over_classes and is_rest and not is_named


def alias(kind: Kind, name: str) -> tuple[Path, ast.Assign]:
    """Finds where a kind defines `Message`, `State` or `Fact`. Raises LookupError."""
    for path, _ in kind.files(DATA_LAYER):
        for node in parsed(path).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                return path, node
    raise LookupError(f"{kind.place} defines no {name}")


def _is_union(kind: Kind, name: str) -> bool:
    return isinstance(alias(kind, name)[1].value, ast.BinOp)


def unlisted_kinds(root: Path) -> set[str]:
    """A service lists its kinds' folders, each once; a border declares its kind by the folder's name."""
    found: set[str] = set()
    for service in {kind.service for kind in kinds(root)}:
        place = f"services/{service}/service.py"
        listing = calls(parsed(root / place), "kinds_of")
        listed = [ast.literal_eval(each) for call in listing for each in call.args]
        folders = {kind.name for kind in kinds(root) if kind.service == service}
        if len(listing) != 1 or listed[0] != f"services.{service}.cases":
            found.add(f"{place} has no one list of kinds")
        found |= {f"{place} does not list {name}" for name in folders - {*listed[1:]}}
        found |= {f"{place} lists {name}, which is no kind" for name in {*listed[1:]} - folders}
        found |= {f"{place} lists {name} twice" for name in listed if listed.count(name) > 1}
    for kind in kinds(root):
        named = {
            ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
            for node in parsed(kind.folder / "border.py").body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) == "Kind"
        }
        if named != {kind.name.upper()}:
            found.add(f"{kind.place}/border.py does not declare {kind.name.upper()}, its one Kind")
    return found


CHECKS = (unlisted_kinds, strange_files, foreign_imports, impure_modules, addresses, open_branches)
