"""Fuzzing of the decoder: mutated records, kept where they reach something new."""
