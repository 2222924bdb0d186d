"""`extract`, `convert` and `evaluate` for many clips, on one or many machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepface_models.core.progress import Report
from deepface_models.core.whole import whole_numbers
from deepface_models.fleet.addresses import plain
from deepface_models.fleet.crew import Crew
from deepface_models.fleet.report import FleetReport
from deepface_models.fleet.running import Sources, model_place, run
from deepface_models.fleet.tasks import is_preset
from deepface_models.provenance import Certificate
from deepface_models.provenance.record import check_consent

Address = str | Path


@whole_numbers(every_n=1, limit=1, image_size=1, max_faces=1, workers=1, cpus=1)
def extract(
    sources: Sources,
    output: Address,
    *,
    person: Address | None = None,
    every_n: int = 1,
    limit: int | None = None,
    image_size: int = 128,
    face_type: str = "full",
    landmarks: int | str = 68,
    embeddings: bool | int = 32,
    max_faces: int | None = None,
    engine: str = "local",
    workers: int | None = None,
    cpus: int | None = None,
    gpus: float = 0,
    address: str | None = None,
    progress: bool | Report = True,
) -> FleetReport:
    """Extracts the faces of many clips, each into a face set of its own.

    The sets are those of `FaceAligner.extract`; the table of each names its clip by
    its address. See `fleet.convert` for sources, outputs, engines and resuming.

    Args:
        sources: Images and videos: addresses, folders, patterns with `*`, or a list.
        output: Folder; each clip gets the folder of its name in it.
        person: Keep only this person: an image, or a face set's folder.
        every_n: Take only every n-th frame of videos.
        limit: Stop after this many faces of a clip.
        image_size: Side of the aligned faces in pixels.
        face_type: What the crop covers, see `FaceAligner`.
        landmarks: 68, 5 or "mesh", see `FaceAligner`.
        embeddings: Which faces get an embedding, see `FaceAligner`.
        max_faces: Keep only this many of the largest faces of a frame.
        engine: "local" or "ray".
        workers: How many workers.
        cpus: How many cores each worker keeps to.
        gpus: How many GPUs each worker gets.
        address: Of the Ray cluster.
        progress: Whether to show a progress bar; or a function of (done, clips).

    Returns:
        A `FleetReport` with a row for each clip; its column "faces" counts them.

    Raises:
        As `fleet.convert` does.

    Example:
        >>> report = fleet.extract("takes", "faces", workers=2)  # doctest: +SKIP
        >>> [row["faces"] for row in report.rows]  # doctest: +SKIP
        [75, 68]
    """
    crew = Crew(engine, workers, cpus, gpus, address)
    aligner = {
        "image_size": image_size,
        "face_type": face_type,
        "landmarks": landmarks,
        "embeddings": embeddings,
        "max_faces": max_faces,
    }
    person = None if person is None else plain(person)
    options = {"person": person, "every_n": every_n, "limit": limit}
    spec = {"aligner": aligner, "options": options}
    files = [person] if person else []
    threads = {"threads": crew.threads}
    return run("extract", sources, output, spec, files, crew, progress, threads)


@whole_numbers(workers=1, cpus=1)
def convert(
    sources: Sources,
    output: Address,
    model: Any,
    *,
    identity: str | None = None,
    consent: str,
    person: Address | None = None,
    people: Mapping[str, str] | None = None,
    landmarks: int | str = 68,
    codec: str = "h264",
    crf: float = 18,
    lossless: bool = False,
    certificate: Certificate | None = None,
    engine: str = "local",
    workers: int | None = None,
    cpus: int | None = None,
    gpus: float = 0,
    address: str | None = None,
    progress: bool | Report = True,
    **options: Any,
) -> FleetReport:
    """Swaps a face in many clips, on this machine or on the machines of a Ray cluster.

    Each result is that of `deepface_models.convert`: written whole, with the consent
    statement and the hashes of clip and model, and signed. All are signed with one
    certificate, which is sent to the workers.

    An address is a plain path, or one that `fsspec` knows, such as s3://bucket/clips
    (then clips and results pass through temporary files of the worker). Plain paths
    must be on a folder that all machines share.

    A clip that fails is a row of the table `fleet.csv` in the output folder, beside
    `fleet.jsonl` with the same rows as JSON and `fleet.json` with the settings. The
    same call again leaves out clips that are finished: their rows have the same
    settings and their bytes have not changed. Failed ones are tried again.

    Args:
        sources: Images and videos: addresses, folders, patterns with `*`, or a list.
        output: Folder of the results. A clip whose format cannot be signed becomes a
            .png or .mp4.
        model: Name or address of a face swap, which each worker loads once; or a
            `FaceSwap`, if the worker is this process.
        identity: The target person, whose face is rendered. Leave it out with `people`.
        consent: Who agreed to this use and where that is written down.
        person: The person to replace when there are several: an image, or a face set's
            folder.
        people: Several people to replace: `{"ana.png": "ben"}`; images or face sets.
        landmarks: 68, 5 or "mesh", see `FaceAligner`.
        codec: Video codec: "h264", "hevc", "av1", "vp9" or "ffv1".
        crf: Video quality, 0 (best) to 51.
        lossless: Whether to keep every pixel of the result.
        certificate: Signs the results; by default the one made on this computer.
        engine: "local": this process, or processes of this machine. "ray": actors on
            the machines of a cluster; needs the extra `ray`.
        workers: How many workers; by default one, on a cluster as many as there are
            cores for.
        cpus: How many cores each worker keeps to; by default all of this process, an
            equal share of several processes, 1 on a cluster. The bytes of videos depend
            on it, not on the engine.
        gpus: How many GPUs each worker of a cluster gets; a part, such as 0.5, shares.
        address: Of the Ray cluster: "auto" on one of its machines; None for the one
            that Ray is connected to, or a new one on this machine.
        progress: Whether to show a progress bar; or a function of (done, clips).
        **options: Options of `Converter`: source_identity (a name), mask, color, blend,
            feather, erode, sharpen, reshape, batch_size, side_by_side, debug.

    Returns:
        A `FleetReport` with a row for each clip.

    Raises:
        ProvenanceError: There is no consent statement.
        InUseError: Another fleet writes into the output folder.
        MediaError: There are no clips, or the codec cannot be written.
        MissingDependencyError: Ray, fsspec, or its package for an address, is missing.
        ValueError: The model or an option cannot be used, or the output is the folder
            of the clips.
        OSError: The cluster cannot be reached, or the disk of a worker is full.

    Example:
        >>> who = {"identity": "ben", "consent": "Ana and Ben, signed release 2026-03"}
        >>> report = fleet.convert(
        ...     "s3://film/takes/*.mp4", "s3://film/swapped", "s3://film/ana_ben",
        ...     **who, engine="ray", address="auto",
        ... )  # doctest: +SKIP
        >>> report.failed  # doctest: +SKIP
        {}
    """
    from deepface_models.conversion.job import first_identity
    from deepface_models.media.codecs import encoder_of

    check_consent(consent)
    whom = None if people is None else _whom(people)
    identity = first_identity(identity, person, whom, options)
    encoder_of(codec, lossless, "result.mp4")
    crew = Crew(engine, workers, cpus, gpus, address)
    person = None if person is None else plain(person)
    spec = {
        "model": model_place(model, crew),
        "identity": identity,
        "consent": consent,
        "person": person,
        "people": whom,
        "landmarks": landmarks,
        "writer": {"codec": codec, "crf": crf, "lossless": lossless},
        "options": options,
    }
    signer = certificate or Certificate.own()
    secret = {"certificate": {"chain": signer.chain, "key": signer.key}}
    files = _files(spec["model"], person, *map(str, whom or ()))
    return run("convert", sources, output, spec, files, crew, progress, secret)


@whole_numbers(limit=1, embed_every=1, workers=1, cpus=1)
def evaluate(
    sources: Sources,
    output: Address,
    model: Any,
    *,
    identity: str,
    target_faces: Address,
    source_faces: Address,
    source_identity: str | None = None,
    limit: int | None = None,
    embed_every: int = 3,
    mesh: bool = True,
    engine: str = "local",
    workers: int | None = None,
    cpus: int | None = None,
    gpus: float = 0,
    address: str | None = None,
    progress: bool | Report = True,
) -> FleetReport:
    """Measures a swap on many clips that the model was not trained on.

    Each clip gets the measures of `deepface_models.evaluate` as a JSON file, and those
    of the swap as columns of its row, so that the table compares the clips. See
    `fleet.convert` for sources, outputs, engines and resuming.

    Args:
        sources: Images and videos of the source person.
        output: Folder of the JSON files, each with the clip's name and .json.
        model: Name or address of a face swap, or the model itself, see `fleet.convert`.
        identity: The target person.
        target_faces: Folder with the faces of the target person.
        source_faces: Folder with the faces of the source person, of other clips.
        source_identity: The source person's name in the model, see `evaluate`.
        limit: Most frames of a clip to measure.
        embed_every: Compute embeddings only on every k-th frame.
        mesh: Whether to measure by the face mesh, too.
        engine: "local" or "ray".
        workers: How many workers.
        cpus: How many cores each worker keeps to.
        gpus: How many GPUs each worker gets.
        address: Of the Ray cluster.
        progress: Whether to show a progress bar; or a function of (done, clips).

    Returns:
        A `FleetReport` with a row for each clip.

    Raises:
        As `fleet.convert` does, except for consent, as no picture is written.

    Example:
        >>> report = fleet.evaluate(
        ...     "held_out", "measures", "ana_ben/model", identity="ben",
        ...     target_faces="faces/ben", source_faces="faces/ana",
        ... )  # doctest: +SKIP
        >>> report.table.name  # doctest: +SKIP
        'fleet.csv'
    """
    crew = Crew(engine, workers, cpus, gpus, address)
    spec = {
        "model": model_place(model, crew),
        "target_faces": plain(target_faces),
        "source_faces": plain(source_faces),
        "options": {
            "identity": identity,
            "source_identity": source_identity,
            "limit": limit,
            "embed_every": embed_every,
            "mesh": mesh,
        },
    }
    files = _files(spec["model"], spec["target_faces"], spec["source_faces"])
    return run("evaluate", sources, output, spec, files, crew, progress)


def _whom(people: Mapping[Any, str]) -> dict[str | int | Path, str]:
    """Returns whom each identity replaces, by address.

    Raises:
        ValueError: One is the number of a track, which is another person in each clip.
    """
    for who in people:
        if not isinstance(who, str | Path):
            raise ValueError(
                f"people={dict(people)!r} was given. Expected images or face sets, as "
                "each clip has tracks of its own. Pass a picture of each person."
            )
    return {plain(who): name for who, name in people.items()}


def _files(model: Any, *others: str | None) -> Sequence[str]:
    """Returns the addresses whose content results depend on."""
    own = isinstance(model, str) and not is_preset(model)
    return [one for one in (model if own else None, *others) if one is not None]
