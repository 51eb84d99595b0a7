"""What people read that is no letter: the status sheet."""
