"""Whether a vial is good: its temperatures against the budgets of the label."""
