"""What web keeps, in a database: `engine` (connections and transactions), `tables`, `migrate` and its one linear history.

SQLite on one machine, PostgreSQL beyond it: tables, migrations and promises are the same, and one suite of tests runs on
both. No domain lives here: who may do what and what an event means is decided by whoever imports this package.
"""
