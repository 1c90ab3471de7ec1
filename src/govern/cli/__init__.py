"""The command line: one file a command, each parse, build, run. Nothing here judges."""
