"""A queue of commands that outlive a kill, run one after another by a worker."""

from __future__ import annotations

from deepface_models.jobs.job import KINDS, STATES, Job
from deepface_models.jobs.queue import Queue
from deepface_models.jobs.worker import start_worker, work

__all__ = ["KINDS", "STATES", "Job", "Queue", "start_worker", "work"]
