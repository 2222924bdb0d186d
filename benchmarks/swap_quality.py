"""How good a swap is after equal wall-clock training: Swift beside Original.

    python benchmarks/swap_quality.py --minutes 6 --output runs/quality

Both train on the demo's clips on this machine, one after the other, with their own
`compile()` settings, the same batches and augmentation and the same falling learning
rate; both are measured by `evaluate` on the clip and the seconds held out. Prints one
table a direction, with the ratio of every measure.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import deepface_models as dfm
from deepface_models.demo import CLIPS, PEOPLE

BETTER = {
    "identity_wanted": "low",
    "identity_replaced": "high",
    "identity_share": "high",
    "found": "high",
    "pose": "low",
    "expression": "low",
    "motion": "low",
    "landmarks": "low",
    "mouth": "high",
    "eyes": "high",
    "ssim": "high",
    "psnr": "high",
    "seam": "low",
    "jitter": "near 1",
    "flicker_levels": "low",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--output", type=Path, default=Path("runs/quality"))
    options = parser.parse_args()
    aligner = dfm.FaceAligner(image_size=128)
    faces = {
        name: aligner.extract(
            sorted((CLIPS / name).glob("*.mpg")), options.output / "faces" / name
        )
        for name in PEOPLE
    }
    split = {name: value.split() for name, value in faces.items()}
    results = {}
    for architecture in ("original", "swift"):
        model = dfm.train(
            faces,
            options.output / architecture,
            architecture=architecture,
            minutes=options.minutes,
            steps=25,
            preview_every=100,
            checkpoint_every=100,
            verbose=0,
        )
        results[architecture] = {
            f"{replaced} as {wanted}": dfm.evaluate(
                model,
                split[replaced][1],
                to=wanted,
                wanted=split[wanted][0],
                replaced=split[replaced][0],
                progress=False,
            ).summary["swap"]
            for replaced, wanted in (PEOPLE, PEOPLE[::-1])
        }
    for direction in results["swift"]:
        show(direction, results["original"][direction], results["swift"][direction])
    (options.output / "results.json").write_text(json.dumps(results, indent=1))


def show(direction: str, original: dict[str, float], swift: dict[str, float]) -> None:
    print(f"\n{direction:<20} {'original':>9} {'swift':>9} {'ratio':>7}  better")
    for key, better in BETTER.items():
        old, new = original[key], swift[key]
        ratio = new / old if old else float("nan")
        print(f"{key:<20} {old:>9.4f} {new:>9.4f} {ratio:>7.2f}  {better}")


if __name__ == "__main__":
    main()
