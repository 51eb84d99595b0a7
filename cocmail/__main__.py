"""`python -m cocmail`."""

from __future__ import annotations

import sys

from cocmail.cli import main

sys.exit(main())
