"""A training that is killed while it writes a checkpoint; run by test_checkpoint."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from callback_helpers import model, pairs, schedule

from deepface_models.callbacks import EpochTable, ResumableCheckpoint


def kill_before_rename(number: int) -> None:
    """Kills this process in place of its `number`th rename of a folder."""
    rename, seen = os.rename, 0

    def deadly(*args: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        rename(*args)

    os.rename = deadly


folder, number = sys.argv[1], int(sys.argv[2])
kill_before_rename(number)
data = pairs()
table = EpochTable(Path(folder).with_name("history.csv"))
callbacks = [table, ResumableCheckpoint(folder, data)]
model(schedule()).fit(data, epochs=4, verbose=0, callbacks=callbacks)
