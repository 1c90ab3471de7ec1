"""The database that reads stores: nothing is loaded from outside, and what does not fit into memory goes to a folder.

Needs no Arrow, so that one chain is there before that is loaded. Leaves out what is read (`read`).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from typing import Any, Final

import duckdb

from govern.events.model import COLUMNS

ORDER: Final = "trace_id, ts_ns NULLS LAST, wseq, writer_id"
"""The total order of events, as SQL."""


@cache
def spill() -> str:
    """A private folder for what does not fit into memory, gone with the process."""
    folder = tempfile.mkdtemp(prefix="govern-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _quarter() -> int:
    """A quarter of the machine's memory, in bytes; not less than 512 MiB."""
    return max(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4, 512 * 2**20)


def connect(*, memory_limit: str | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that loads nothing from outside and spills to a temporary folder.

    Args:
        memory_limit: as DuckDB writes it, such as `1GB`; None is a quarter of the machine's.
        threads: how many; None for as many as the machine has.
    """
    config: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": memory_limit or f"{_quarter()}B",
        "temp_directory": spill(),
        "preserve_insertion_order": True,
    }
    if threads is not None:
        config["threads"] = threads
    con = duckdb.connect(config=config)
    con.execute("SET parquet_metadata_cache = true")
    return con


def of_sealed(paths: list[str], columns: str = ", ".join(COLUMNS)) -> str:
    """A query that gives columns of the event model over sealed files, which are all written alike.

    Args:
        paths: of the files.
        columns: which, as SQL; `filename` is the path of the file that an event is in.
    """
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return (
        f"SELECT {columns} FROM read_parquet([{listed}], union_by_name = false, hive_partitioning = false, "
        "filename = true)"
    )
