"""Many courses, kept: facts only ever added, every read and write chained."""
