"""The proof: seeded inputs, faults drawn from the seed, and a judge that shares no code with the product."""
