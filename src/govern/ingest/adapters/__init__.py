"""One module and one page a log format; the contract is `govern.ingest.adapter`."""
