"""A next version of the product and a later one, made from this one: image, migration, code that needs it.

The next version says on its connections which version it is, and its migration (expand) adds a column in
which the database notes that beside every fact; this version knows nothing of it and leaves it empty. The
later version's migration (contract) forbids empty ones: it would break this version, and is right once
nobody runs it any more.
"""

from pathlib import Path

from tests.containers import engine

MIGRATIONS = "/app/chassis/migrations/versions"
PATCH = """
from pathlib import Path

path = Path("/app/chassis/database.py")
text = path.read_text()
place = '"jit": "off",'
assert text.count(place) == 1, "chassis/database.py has changed: the next version is made by another patch"
path.write_text(text.replace(place, place + ' "aftersales.version": "next",'))
"""
EXPAND = '''
"""Beside every fact: the version that wrote it."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE facts ADD COLUMN written_by text DEFAULT current_setting('aftersales.version', true)"
    )
'''
CONTRACT = '''
"""From now on no fact without it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE facts ADD CONSTRAINT is_written_by CHECK (written_by IS NOT NULL) NOT VALID")
'''
COMPILE = "python -m compileall -q -f --invalidation-mode unchecked-hash /app/chassis"


def next_version(folder: Path) -> str:
    """The image of the next version."""
    files = {f"{MIGRATIONS}/0002_written_by.py": EXPAND, "/tmp/patch.py": PATCH}  # noqa: S108 - in the image
    steps = ("python /tmp/patch.py", COMPILE)
    return engine.overlay(f"{engine.project_image()}-next", engine.project_image(), files, folder, *steps)


def later_version(folder: Path) -> str:
    """The image of the version after that."""
    files = {f"{MIGRATIONS}/0003_always_written_by.py": CONTRACT}
    return engine.overlay(f"{engine.project_image()}-later", next_version(folder), files, folder, COMPILE)
