"""The configuration: from YAML texts to the frozen values that the daemon runs on, with every problem at once.

The rule: what cannot be understood completely is refused, with the file, the line and the nearest thing that would
have been right. It must not read a configuration file a second time while examining it (the daemon examines texts
that it keeps itself), and no value of a configuration gets into a message: only keys, file names and line numbers.
"""
