"""The pure part: cases, conflicts, tags and decisions.

Standard library only. No input or output, no clock, no randomness, no MIME bytes: everything a decision needs comes in
as a value, everything it wants done goes out as a value.
"""
