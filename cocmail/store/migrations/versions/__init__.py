"""One file a migration, named for what it changes."""
