"""Keys and seals: the only place that holds key material or calls a cipher for what is stored."""
