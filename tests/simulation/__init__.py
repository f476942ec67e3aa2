"""Deterministic simulation: the chassis' own code on a simulated clock, broker and store."""
