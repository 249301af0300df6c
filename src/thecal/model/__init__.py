"""Dose to concentration to effect to function."""
