"""May treatment start: by label, by what a label warns of, by a payer; each apart."""
