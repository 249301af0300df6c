"""Where clinic and mathematics meet: one course to what comes next."""
