"""What a label says: statements with sources, silences, and what was not read."""
