"""Reading and writing mail: bytes in, values out, and back. No store, no network, no decisions about cases."""
