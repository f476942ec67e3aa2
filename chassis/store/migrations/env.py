"""Runs the migrations over the connection that chassis.store.migrate hands in: Alembic's entry."""

from alembic import context

from chassis.store.tables import Table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Table.metadata,
    version_table_schema=context.config.attributes["schema"],
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
