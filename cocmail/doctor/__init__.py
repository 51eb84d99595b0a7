"""`cocmail doctor`: looks at an installation from outside in, and says of each thing that is wrong what to do.

    findings   one line of what was found, and what exit code follows
    visit      READ THIS FIRST: everything in order
    premises   configuration, key, store, disk: this machine
    intake     the doors of the running daemon
    smarthost  the server that takes our mail
    roundtrip  a test mail, from the smarthost back to the daemon
    returned   what that mail tells when it is back
    domain     what the DNS says of the alias's domain

The rule: it changes nothing but the two look-ups of its own test mail, and says nothing of a case, a member or a mail
that is not its own.
"""
