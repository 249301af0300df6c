"""A label's dosing rules, and what is due when for one course."""
