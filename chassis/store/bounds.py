"""Bounds the moments that are read from tables, so that no stored value keeps its row from being read.

PostgreSQL holds moments that `datetime` cannot: infinity, years before 1 and after 9999. The bounds lie
beside those of the contracts: this software never wrote a moment outside.
"""

FIRST = "1999-12-31T00:00:00Z"
LAST = "2101-01-02T00:00:00Z"


def bounded(statement: str, *columns: str) -> str:
    """Completes a statement that has `{column}` for each of these moments. NULL stays NULL."""
    return statement.format(
        **{
            column: f"CASE WHEN {column} < '{FIRST}' THEN '{FIRST}' WHEN {column} > '{LAST}' THEN '{LAST}'"
            f" ELSE {column} END AS {column}"
            for column in columns
        }
    )
