"""Charter tests: suites run on a frozen clock, coverage, mutation, skeletons. Leaves out words (`report`)."""
