"""The command `thecal`."""

from thecal.cli.app import app, main

__all__ = ["app", "main"]
