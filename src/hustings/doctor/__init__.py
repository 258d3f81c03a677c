"""What this machine can and can't do, as a table: each line has a grade, what was found, and what to do."""
