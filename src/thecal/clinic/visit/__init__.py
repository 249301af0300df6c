"""One administration: its steps, who did what when, what it means and what follows."""
