"""A square of a million posts, filled in bulk and kept; and who reads, writes, searches and listens on it."""
