"""From published numbers to parameters."""
