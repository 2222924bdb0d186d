"""The Ray engine: Ray Data over addresses, with an actor for each worker."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deepface_models.core.extras import need
from deepface_models.fleet.local import MOST_ATTEMPTS, lost
from deepface_models.fleet.rows import Item, Rows, Stop
from deepface_models.fleet.worker import start

_log = logging.getLogger("deepface_models")
_AT_ONCE = 10_000  # clips in one data set
_PATIENCE = 10.0  # seconds for a cluster to answer


class Actor:
    """A worker on a machine of the cluster; Ray Data makes it and hands it clips.

    Args:
        kind: The kind of work.
        spec: Its settings, as JSON values.
        cpus: How many cores it keeps to.
    """

    def __init__(self, kind: str, spec: Mapping[str, Any], cpus: int) -> None:
        self._worker = start(kind, spec, cpus)

    def __call__(self, block: Mapping[str, Any]) -> dict[str, str]:
        """Returns a clip's row as JSON."""
        if isinstance(self._worker, Stop):
            return {"row": json.dumps(self._worker)}
        return {"row": json.dumps(self._worker.work(Item(*json.loads(block["item"]))))}


def on_cluster(
    kind: str,
    spec: Mapping[str, Any],
    items: Sequence[Item],
    *,
    workers: int | None,
    cpus: int,
    gpus: float,
    address: str | None,
) -> Rows:
    """Yields the rows of clips that the workers of a cluster work on, as they end.

    Only addresses and rows pass through Ray. A clip whose worker or whose machine
    ended is given to another one, at most three times.

    Args:
        kind: The kind of work.
        spec: Its settings, as JSON values.
        items: The clips.
        workers: How many workers; as many as the cluster has cores for, by default.
        cpus: How many cores each one keeps to.
        gpus: How many GPUs each one gets.
        address: Of the cluster; None for the one that Ray is connected to, or else a
            new one on this machine.

    Raises:
        MissingDependencyError: Ray is not installed.
        OSError: The cluster cannot be reached, or no worker can start.
    """
    ray = need("ray", "Ray", "ray", 'engine="ray"')
    need("ray.data", "Ray Data", "ray", 'engine="ray"')
    need_of = {"num_cpus": cpus, "num_gpus": gpus}
    waiting, attempts = list(items), Counter[Item]()
    try:
        with _connected(ray, address):
            while waiting:
                part, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
                size = workers or _most_workers(ray, need_of)
                left = {item.source: item for item in part}
                for row in _rows(ray, (kind, spec, cpus), part, size, need_of):
                    if isinstance(row, dict):
                        left.pop(row["source"], None)
                    yield row
                attempts.update(left.values())
                if left:
                    _log.warning("%d workers ended; their clips are next.", len(left))
                for item in left.values():
                    if attempts[item] >= MOST_ATTEMPTS:
                        yield lost(item, MOST_ATTEMPTS)
                    else:
                        waiting.append(item)
    except ray.exceptions.RayError as error:
        raise OSError(
            f"Ray ended with {type(error).__name__}: {error}. Expected a cluster that "
            "stays. Look at the logs of its head; run the same again to continue."
        ) from error


def _rows(
    ray: Any, work: tuple[Any, ...], items: list[Item], size: int, needs: dict[str, Any]
) -> Rows:
    """Yields the rows of one data set; those of workers that ended are missing."""
    with _settings(ray):
        blocks = ray.data.from_items(
            [{"item": json.dumps(item)} for item in items],
            override_num_blocks=len(items),
        )
        pool = ray.data.ActorPoolStrategy(
            size=min(size, len(items)), max_tasks_in_flight_per_actor=1
        )
        with warnings.catch_warnings():
            # Ray 2.64 will have another way to say it; this one works until then.
            warnings.simplefilter("ignore", DeprecationWarning)
            made = blocks.map(
                Actor,
                fn_constructor_args=work,
                compute=pool,
                ray_remote_args_fn=_lives,
                **needs,
            )
        # A batch is what one worker has ended; none is held back.
        batches = made.iter_batches(
            batch_size=None, prefetch_batches=0, batch_format="numpy"
        )
        with contextlib.closing(iter(batches)) as found:
            for batch in found:
                for text in batch["row"]:
                    value = json.loads(text)
                    yield value if isinstance(value, dict) else Stop(*value)


def _lives() -> dict[str, int]:
    """A worker that ended is started again; its clip is left to the next data set."""
    return {"max_restarts": -1, "max_task_retries": 0}


@contextlib.contextmanager
def _settings(ray: Any) -> Iterator[None]:
    """Sets Ray Data to go on without the rows of workers that ended, and quietly."""
    context = ray.data.DataContext.get_current()
    wanted = {"max_errored_blocks": -1, "enable_progress_bars": False}
    before = {name: getattr(context, name) for name in wanted}
    for name, value in wanted.items():
        setattr(context, name, value)
    logger = logging.getLogger("ray.data")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            setattr(context, name, value)


@contextlib.contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    """Connects to a cluster, unless Ray is connected, and ends its own connection."""
    if ray.is_initialized():
        yield
        return
    try:
        _check_open(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConnectionError(
            f"address={address!r} was given, where no Ray cluster answers ({error}). "
            'Expected "auto" on a machine of a cluster, or its head as HOST:PORT. '
            "Start one with ray start --head, or ray up cluster.yaml."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_open(address: str | None) -> None:
    """Tries HOST:PORT, because Ray itself tries it for minutes.

    Raises:
        OSError: Nothing answers there.
    """
    host, sign, port = (address or "").rpartition(":")
    if sign and port.isascii() and port.isdigit() and "/" not in host:
        socket.create_connection((host, int(port)), _PATIENCE).close()


def _most_workers(ray: Any, needs: Mapping[str, float]) -> int:
    """Returns for how many workers the cluster has cores and GPUs, at least one."""
    there = ray.cluster_resources()
    names = {"num_cpus": "CPU", "num_gpus": "GPU"}
    fit = (there.get(names[name], 0) // n for name, n in needs.items() if n)
    return max(1, int(min(fit)))
