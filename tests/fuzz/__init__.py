"""Fuzzing of the border: mutated records, kept where they reach something new."""
