"""Proving a store: numbered steps that compute everything again and believe nothing that is stored.

`contract` says what comes out; `files`, `columns`, `journal`, `values` judge one file each, so that many can be judged
at once; `book` reads the store log, `trust` follows its keys, `sequence` joins the chains of the writers, `retention`
judges what was deleted, `anchors` what was held elsewhere. Leaves out running them (`audit.verify`).
"""
