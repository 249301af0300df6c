"""Studies in people who do not exist: designs, and what was measured in them."""
