"""Events judged by policies, in bulk: what would have happened. Imports policies, never charters."""
