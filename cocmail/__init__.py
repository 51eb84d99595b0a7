"""cocmail: the daemon behind a Code of Conduct committee's address."""

__version__ = "0.1.0"
