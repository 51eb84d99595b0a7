"""The doors that mail comes in by and goes out by."""
