"""Changes one number of a policy, or one condition of a rule, at a time, and sees whether a test notices."""
