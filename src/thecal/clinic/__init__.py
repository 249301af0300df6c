"""One person's care: what a reader must judge."""
