"""What a reader sees: terminal, page, picture, and what a program reads."""
