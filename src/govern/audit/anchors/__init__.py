"""Where a checkpoint is held outside the store: a file, a git tag, a web hook, a time stamp. One module a sink."""
