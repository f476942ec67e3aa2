"""Makes the mutants of conditions: comparisons, and/or, not, in, the tests of ifs, whole numbers.

Works on the syntax tree and cuts the change into the text, so that all else stays as it is written.
"""

import ast
import copy
import re
from collections.abc import Iterator
from pathlib import Path

from tests.mutants.mutant import Mutant, source_files

OF_KINDS = re.compile(
    r"^services/[^/]+/cases/[^/]+/(rules\w*|admission|account|transitions|reactions|inbound|outbound|border)\.py$"
)
SHARED = re.compile(r"^services/[^/]+/(?!__|service\.py)\w+\.py$")

OTHERS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

Change = tuple[str, ast.expr, ast.expr]
"""Kind, the expression that stands there, the one instead."""


def mutants(root: Path) -> Iterator[Mutant]:
    """Makes every mutant of every condition of rules, calculators and borders, in the order of the files."""
    for path in source_files(root):
        file = path.relative_to(root).as_posix()
        if OF_KINDS.match(file) or SHARED.match(file):
            yield from of_source(path.read_text(encoding="utf-8"), file)


def of_source(source: str, file: str) -> Iterator[Mutant]:
    """Makes the mutants of one file; two that read alike count once."""
    service = file.split("/")[1]
    lines, text = source.splitlines(), _Text(source)
    seen: set[tuple[int, int, str]] = set()
    for kind, there, instead in _changes(ast.parse(source)):
        begin, end = text.span(there)
        words = f"({ast.unparse(instead)})"
        if (begin, end, words) in seen:
            continue
        seen.add((begin, end, words))
        yield Mutant(
            kind, service, file, there.lineno, lines[there.lineno - 1].strip(),
            f"{ast.unparse(there)} -> {ast.unparse(instead)}", source[:begin] + words + source[end:],
        )  # fmt: skip


class _Text:
    """Finds the characters of an expression; the syntax tree counts bytes of a line."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _at(self, line: int, offset: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:offset].decode())


def _changes(tree: ast.Module) -> Iterator[Change]:
    left_out = {id(below) for node in ast.walk(tree) for part in _not_run(node) for below in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        yield from _tests(node)
        if isinstance(node, ast.expr):
            yield from _of_expression(node)


def _not_run(node: ast.AST) -> list[ast.AST]:
    """Lists decorators, annotations, and what only type checkers read."""
    match node:
        case ast.FunctionDef():
            return [*node.decorator_list, *([node.returns] if node.returns else [])]
        case ast.ClassDef():
            return list(node.decorator_list)
        case ast.arg(annotation=ast.expr() as annotation):
            return [annotation]
        case ast.AnnAssign():
            return [node.annotation]
        case (
            ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.JoinedStr()
        ):  # 3.11 has no places inside f-strings
            return [node]
        case _:
            return []


def _tests(node: ast.AST) -> Iterator[Change]:
    """Negates what is asked, or answers it once for all."""
    tests: list[ast.expr] = []
    match node:
        case ast.If() | ast.IfExp() | ast.While():
            tests = [node.test]
        case ast.comprehension():
            tests = node.ifs
        case ast.match_case(guard=ast.expr() as guard):
            tests = [guard]
        case _:
            return
    for test in tests:
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1):  # that is a comparison changed
            yield "test negated", test, _negated(test)
        if not isinstance(node, ast.While):
            yield "test always true", test, ast.Constant(value=True)
        yield "test never true", test, ast.Constant(value=False)


def _negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(op=ast.Not(), operand=test)


def _of_expression(node: ast.expr) -> Iterator[Change]:
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                for other in OTHERS[type(operator)]:
                    changed = copy.deepcopy(node)
                    changed.ops[index] = other()
                    yield "comparison changed", node, changed
        case ast.BoolOp():
            other_op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield "and/or changed", node, ast.BoolOp(op=other_op, values=node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield "not removed", node, node.operand
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            for other_number in (number + 1, number - 1):
                yield "number changed", node, ast.Constant(value=other_number)
        case _:
            pass
