"""How the samples' logs are made: seeded, standard library only (canonical bytes come from `govern`)."""
