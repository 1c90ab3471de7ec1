"""The libraries, bases and example charters that are shipped."""
