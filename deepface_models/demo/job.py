"""Extract, train, convert, measure and verify, saying which call does what."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import deepface_models as dfm
from deepface_models._errors import ProvenanceError
from deepface_models._files import write_json
from deepface_models._version import __version__
from deepface_models.demo.preview import write_preview

CLIPS = Path(__file__).parent / "clips"
PEOPLE = ("s1", "mb")
CONSENT = (
    "Demonstration of deepface_models with two speakers of the GRID audiovisual "
    "sentence corpus (CC BY 4.0), research volunteers; shown as synthetic, says "
    "nothing that the recorded speaker did not say."
)


@dataclass
class _Plan:
    """What a quick demo does less of."""

    minutes: float
    every_n: int = 1
    image_size: int = 128
    steps: int = 100
    limit: int | None = None

    @classmethod
    def of(cls, minutes: float, quick: bool) -> _Plan:
        if not quick:
            return cls(minutes)
        return cls(min(minutes, 0.5), every_n=3, image_size=64, steps=20, limit=24)


@dataclass
class _Steps:
    """Announces the steps and notes how long each takes."""

    say: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, what: str, call: str) -> Iterator[None]:
        number = len(self.seconds) + 1
        self.say(f"\n[{number}/6] {name}: {what}\n      in Python: {call}")
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 1)
        self.say(f"      {self.seconds[name]:.0f} s")


def run(
    output: str | Path,
    *,
    minutes: float = 6.0,
    quick: bool = False,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Runs the whole job on the package's own clips.

    Leaves `swap.mp4`, `preview.png`, `report.json`, the model in `training/model`
    and the aligned faces in `faces` in `output`. Run again on the same folder, it
    goes on where it was.

    Args:
        output: Folder of the results.
        minutes: Training time.
        quick: Fewer frames, 64 pixels and half a minute of training: shows that
            everything works, not how good it is.
        say: Takes the lines to show.

    Returns:
        What `report.json` holds.

    Raises:
        ProvenanceError: The swap just made does not verify.
    """
    output, plan = Path(output), _Plan.of(minutes, quick)
    steps, source = _Steps(say), sorted((CLIPS / "s1").glob("*.mpg"))[-1]
    say(
        "An autoencoder compresses a face to a latent vector. One encoder is shared "
        "by two people, each has a decoder of their own; decoding one person's latent "
        "with the other's decoder swaps the face."
    )
    aligner = dfm.FaceAligner(image_size=plan.image_size)
    with steps.step(
        "extract",
        "find, align and describe the faces of both people",
        f'FaceAligner(image_size={plan.image_size}).extract("s1", "faces/s1")',
    ):
        faces = _extract(aligner, output, plan)
    train_on = {name: value.split()[0] for name, value in faces.items()}
    held_out = {name: value.split()[1] for name, value in faces.items()}
    with steps.step(
        "train",
        f"one encoder, two decoders, {plan.minutes:g} min; previews in "
        f"{output / 'training' / 'previews'}",
        'train({"s1": faces_s1, "mb": faces_mb}, "training")',
    ):
        model = _train(faces, held_out, output, plan)
    with steps.step(
        "convert",
        f"draw mb with the expression of s1 in {source.name}, which the training "
        "did not use, keeping its sound",
        'convert(clip, "swap.mp4", model, to="mb", consent="who agreed to what")',
    ):
        done = dfm.convert(
            source, output / "swap.mp4", model, to="mb", consent=CONSENT,
            person=faces["s1"],
        )  # fmt: skip
        say(f"      {done.summary()}")
    with steps.step(
        "evaluate",
        "measure both directions on frames that the training did not use",
        'evaluate(model, held_out, to="mb", wanted=faces_mb, replaced=faces_s1)',
    ):
        measures = _evaluate(model, train_on, held_out, plan, say)
    with steps.step(
        "preview",
        "draw the training's progress and source, reconstruction and swap",
        'callbacks.TimeLapse("timelapse", faces)',
    ):
        write_preview(output, model, held_out, CONSENT)
    with steps.step(
        "verify",
        "read back what swap.mp4 says about itself",
        'print(verify("swap.mp4").summary())',
    ):
        _verify(output / "swap.mp4", say)
    report = {
        "deepface_models": __version__,
        "machine": {"python": platform.python_version(), "os": platform.platform()},
        "quick": quick,
        "seconds": steps.seconds,
        "conversion": done.to_json(),
        "measures": measures,
    }
    write_json(output / "report.json", report)
    say(
        f"\nDone in {sum(steps.seconds.values()) / 60:.1f} min. Look at "
        f"{output / 'swap.mp4'} and {output / 'preview.png'}; the figures are in "
        f"{output / 'report.json'}; the model is in {output / 'training' / 'model'} "
        f'(deepface_models.load("{output / "training" / "model"}")).'
    )
    return report


def _extract(aligner: Any, output: Path, plan: _Plan) -> dict[str, Any]:
    return {
        name: aligner.extract(
            sorted((CLIPS / name).glob("*.mpg")),
            output / "faces" / name,
            every_n=plan.every_n,
        )
        for name in PEOPLE
    }


def _train(
    faces: dict[str, Any], held_out: dict[str, Any], output: Path, plan: _Plan
) -> Any:
    shown = {name: value.images for name, value in held_out.items()}
    lapse = dfm.callbacks.TimeLapse(output / "training" / "timelapse", shown)
    return dfm.train(
        faces,
        output / "training",
        image_size=plan.image_size,
        minutes=plan.minutes,
        steps=plan.steps,
        callbacks=[lapse],
        verbose=1 if sys.stdout.isatty() else 2,
    )


def _evaluate(
    model: Any,
    train_on: dict[str, Any],
    held_out: dict[str, Any],
    plan: _Plan,
    say: Callable[[str], None],
) -> dict[str, Any]:
    measures = {}
    for replaced, wanted in (PEOPLE, PEOPLE[::-1]):
        found = dfm.evaluate(
            model,
            held_out[replaced],
            to=wanted,
            wanted=train_on[wanted],
            replaced=train_on[replaced],
            limit=plan.limit,
        )
        say(found.table(notes=replaced == PEOPLE[-1]))
        measures[f"{replaced} as {wanted}"] = found.to_json()
    return measures


def _verify(path: Path, say: Callable[[str], None]) -> None:
    found = dfm.verify(path)
    say(found.summary())
    if found.state != "valid":
        raise ProvenanceError(
            f"{path} was written just now but is {found.state}. Expected valid Content "
            "Credentials. Run `deepface-models doctor` and report what it says."
        )
