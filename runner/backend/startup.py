"""What TensorFlow prints while it starts and compiles: known chatter is kept aside, everything else is shown."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Printed on every machine without a GPU, before TF_CPP_MIN_LOG_LEVEL is heeded or in spite of it.
_CHATTER = re.compile(
    r"All log messages before absl::InitializeLog"
    r"|Could not find cuda drivers"
    r"|failed call to cuInit"
    r"|Unable to register cu(FFT|DNN|BLAS) factory"
    r"|computation placer already registered"
    r"|oneDNN custom operations are on"
    r"|oneDNN supports DT_INT32 only on platforms with AVX-512"
    r"|meta_optimizer\.cc.*remapper failed"
    r"|graph_compiler\.cc.*Executor failed to create kernel|^\s*\[\[\{\{node "  # the error that follows says it again
)

said: list[str] = []
"""The chatter, for the message to someone who asked for a GPU that TensorFlow did not find."""


@contextmanager
def quiet_start() -> Iterator[None]:
    """Holds back standard error and prints it at the end, without the lines that mean nothing.

    The file descriptor is redirected, because TensorFlow's C++ writes to it directly.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held.read().splitlines(keepends=True):
                text = line.decode(errors="replace")
                if _CHATTER.search(text):
                    said.append(text.strip())
                else:
                    os.write(2, line)
