"""Whether a lumbar puncture is safe, by a named policy and never without one."""
