"""Other people's formats, each in one file."""
