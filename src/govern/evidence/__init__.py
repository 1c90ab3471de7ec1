"""Evidence for others: a case as a package that proves itself, and a second source to compare with."""
