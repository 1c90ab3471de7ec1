"""One module a rule, named like its id: `SEVERITY` and `check`; beside it its page, `<id>.md`."""
