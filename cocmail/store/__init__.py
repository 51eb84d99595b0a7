"""What lasts: sealed records on SQLite or PostgreSQL, the same code over both.

Start with `engine.Store`. The modules `spool`, `cases`, `lookups`, `outbox` and `notes` hold plain functions that take
a `Tx` and run inside `Store.write` or `Store.read`; none of them commits.
"""
