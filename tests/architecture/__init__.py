"""Tests of the repository itself: sizes, import rules, clocks, the register of rules."""
