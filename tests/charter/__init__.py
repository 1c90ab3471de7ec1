"""Loading charters."""
