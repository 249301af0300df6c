"""What follows from the facts of a patient, kept so that the list of a whole clinic is quick.

Nothing of the record is in this table: going down drops it, and going up leaves it empty, to be
computed from the facts by `thecal.store.due.rebuild`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "due",
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("treatment", sa.Text, nullable=False),
        sa.Column("given", sa.Integer, nullable=False),
        sa.Column("last", sa.Text),
        sa.Column("due", sa.Text),
        sa.Column("silent", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("stream"),
    )
    op.create_index("due_date", "due", ["due"])


def downgrade() -> None:
    """Drop the table; the facts it came from stay."""
    op.drop_index("due_date", table_name="due")
    op.drop_table("due")
