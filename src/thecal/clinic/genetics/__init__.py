"""What the name of a variant means, and whether a gene test found a mutation."""
