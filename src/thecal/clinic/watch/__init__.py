"""What to watch for in one person, and what was seen: symptoms, CSF, function, NfL."""
