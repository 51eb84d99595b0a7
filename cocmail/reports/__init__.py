"""What people read that is no letter: the status sheet, a case's document, its thread.

All of it is made from a folded case and what the store still holds of its mail. Nothing here decides who may read it.
"""
