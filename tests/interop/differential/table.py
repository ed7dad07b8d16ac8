# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""The whole table."""
import rows_http       # noqa: F401
import rows_socket     # noqa: F401
import rows_handshake  # noqa: F401
import rows_json       # noqa: F401
import rows_msgpack    # noqa: F401
import rows_hub        # noqa: F401
import rows_stateful   # noqa: F401
import rows_time       # noqa: F401
import rows_expiry     # noqa: F401
import rows_raw        # noqa: F401
from rows import ROWS  # noqa: F401
