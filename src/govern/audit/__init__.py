"""The audit store: events as Parquet, written once, read in the order of each trace."""
