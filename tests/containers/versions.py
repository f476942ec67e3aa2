"""A next version of the product and a later one, made from this one: image, migration, code that needs it.

The next version says on its connections which version it is, and its migration (expand) adds a column in
which the database notes that beside every fact; this version knows nothing of it and leaves it empty. The
later version's migration (contract) forbids empty ones: it would break this version, and is right once
nobody runs it any more.
"""

from pathlib import Path

from chassis.store.revision import head
from tests.containers import engine

MIGRATIONS = "/app/chassis/store/migrations/versions"
PATCH = """
from pathlib import Path

path = Path("/app/chassis/store/database.py")
text = path.read_text()
place = '"jit": "off",'
assert text.count(place) == 1, "chassis/store/database.py has changed: make the next version by another patch"
path.write_text(text.replace(place, place + ' "aftersales.version": "next",'))
"""
EXPAND = '''
"""Beside every fact: the version that wrote it."""

from alembic import op

revision = "{revision}"
down_revision = "{before}"
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

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE facts ADD CONSTRAINT is_written_by CHECK (written_by IS NOT NULL) NOT VALID")
'''
COMPILE = "python -m compileall -q -f --invalidation-mode unchecked-hash /app/chassis"


def _migration(text: str, steps_count: int) -> dict[str, str]:
    """The file of a migration that is so many steps after the newest of this version."""
    before, revision = (f"{int(head()) + steps_count - back:04}" for back in (1, 0))
    return {f"{MIGRATIONS}/{revision}_written_by.py": text.format(revision=revision, before=before)}


def next_version(folder: Path) -> str:
    """The image of the next version."""
    files = {**_migration(EXPAND, 1), "/tmp/patch.py": PATCH}  # noqa: S108 - in the image
    steps = ("python /tmp/patch.py", COMPILE)
    return engine.overlay(f"{engine.project_image()}-next", engine.project_image(), files, folder, *steps)


def later_version(folder: Path) -> str:
    """The image of the version after that."""
    tag = f"{engine.project_image()}-later"
    return engine.overlay(tag, next_version(folder), _migration(CONTRACT, 2), folder, COMPILE)
