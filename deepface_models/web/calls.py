"""What the controls do, as the words of a shell and as Python that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What the names of architectures begin with, where presets are offered as well.
ARCHITECTURE = "architecture "


@dataclass(frozen=True)
class Call:
    """One call of the package.

    Attributes:
        words: The words after `deepface-models` in a shell; none if only Python can.
        python: The lines of Python that do the same.
    """

    words: tuple[str, ...]
    python: str

    @property
    def shell(self) -> str:
        """The command line, or a comment that there is none."""
        if not self.words:
            return "# in Python only"
        return shlex.join(["deepface-models", *self.words])


def extract(person: str, image_size: int, every_n: int) -> Call:
    """Finds the faces of a person's clips."""
    clips, output = f"clips/{person}", f"faces/{person}"
    words = ["extract", clips, "--output", output, "--size", str(image_size)]
    python = (
        f"aligner = dfm.FaceAligner(image_size={image_size})\n"
        f"aligner.extract({clips!r}, {output!r}, every_n={every_n})"
    )
    return Call((*words, "--every-n", str(every_n)), python)


def train(
    people: Sequence[str], output: str, preset: str | None, **options: Any
) -> Call:
    """Trains a model of these people."""
    faces = {person: f"faces/{person}" for person in people}
    given = {"preset": preset, **options}
    words = ["train", *(f"{name}={path}" for name, path in faces.items())]
    words += ["--output", output, *_options(given, {"image_size": "size"})]
    return Call(tuple(words), f"dfm.train({faces!r}, {output!r}{_arguments(given)})")


def convert(
    source: str,
    output: str,
    model: str,
    who: str | Mapping[int, str],
    consent: str,
    look: Mapping[str, str],
    tracks: str | None = None,
    frames: tuple[int | None, int | None] | None = None,
) -> Call:
    """Swaps one person's face, or several people's by the numbers of their tracks."""
    single = isinstance(who, str)
    words = ["convert", source, output, "--model", model]
    words += ["--identity", str(who)] if single else ["--people", *_pairs(who)]
    words += ["--consent", consent, *_options({"tracks": tracks, **look})]
    more: dict[str, Any] = {"identity": who} if single else {"people": who}
    more |= {"consent": consent, "tracks": tracks, **look}
    if frames is not None:
        words += ["--frames", ":".join("" if n is None else str(n) for n in frames)]
        more["frames"] = frames
    python = f"model = {_loaded(model)}\n"
    python += f"dfm.convert({source!r}, {output!r}, model{_arguments(more)})"
    return Call(tuple(words), python)


def preview(
    source: str,
    output: str,
    model: str,
    who: str | Mapping[int, str],
    consent: str,
    look: Mapping[str, str],
    frame: int,
    tracks: str | None = None,
) -> Call:
    """Shows one frame of a conversion."""
    made = convert(source, output, model, who, consent, look, tracks)
    words = list(made.words)
    words[0] = "preview"
    del words[2]
    words += ["--frame", str(frame), "--output", output]
    python = made.python.replace("dfm.convert(", "dfm.conversion.preview(")
    return Call(tuple(words), f"{python[:-1]}, frame={frame})")


def tracks(source: str, output: str) -> Call:
    """Finds the faces of a clip by track."""
    python = f"dfm.faces.analyze({source!r}, {output!r})"
    return Call(("tracks", source, "--output", output), python)


def evaluate(model: str, source: str, target: str, output: str, limit: int) -> Call:
    """Measures a model on the held-out faces of a person."""
    sets = f"faces/{source}", f"faces/{target}"
    words = ["evaluate", "--model", model, "--source", sets[0], "--identity", target]
    words += ["--target-faces", sets[1], "--source-faces", sets[0]]
    words += ["--source-identity", source, "--limit", str(limit)]
    words += ["--json", f"{output}.json", "--sheet", f"{output}.png"]
    python = (
        f"training, held_out = dfm.FaceSet.open({sets[0]!r}).split()\n"
        f"result = dfm.evaluate({_loaded(model)}, held_out, identity={target!r},\n"
        f"    target_faces=dfm.FaceSet.open({sets[1]!r}), source_faces=training,\n"
        f"    source_identity={source!r}, limit={limit})\n"
        f"result.to_json({output + '.json'!r})\n"
        f"result.sheet({output + '.png'!r})"
    )
    return Call(tuple(words), python)


def verify(path: str) -> Call:
    """Says what a file is."""
    return Call(("verify", path), f"print(dfm.verify({path!r}).summary())")


def demo(output: str, quick: bool) -> Call:
    """Runs all steps on the package's clips."""
    words = ("demo", "--output", output, *(["--quick"] if quick else []))
    more = _arguments({"quick": quick or None})
    return Call(words, f"dfm.demo.run({output!r}{more})")


def clips() -> Call:
    """Copies the demo's clips."""
    python = (
        "import shutil\n"
        "for name in dfm.demo.PEOPLE:\n"
        "    target = f'clips/{name}'\n"
        "    shutil.copytree(dfm.demo.CLIPS / name, target, dirs_exist_ok=True)"
    )
    return Call((), python)


def sample(model: str, count: int) -> Call:
    """Draws samples of a variational autoencoder."""
    return Call((), f"images = dfm.load({model!r}).sample({count})")


def walk(model: str, amounts: Sequence[float]) -> Call:
    """Decodes a code at some standard deviations along the principal components."""
    python = (
        f"model, amounts = dfm.load({model!r}), {list(map(float, amounts))}\n"
        "found = dfm.autoencoders.principal_components(model, count=len(amounts))\n"
        "mean, axes = found\n"
        "code = mean + sum(amount * axis for amount, axis in zip(amounts, axes))\n"
        "image = model.decode(code)"
    )
    return Call((), python)


def interpolate(model: str, samples: int, steps: int) -> Call:
    """Shows interpolations between samples of a variational autoencoder."""
    python = (
        f"model = dfm.load({model!r})\n"
        f"dfm.autoencoders.latent_walk(model, model.sample({samples}), steps={steps})"
    )
    return Call((), python)


def look_at(model: str, layer: str, side: int, color: bool) -> tuple[Call, ...]:
    """Reconstructs an image, shows what a layer sees in it, and what excites that."""
    image = f"dfm.media.read_image({f'{side}_by_{side}.png'!r})[..., :1]"
    if color:
        aligner = f"dfm.FaceAligner({side}, embeddings=False, max_faces=1)"
        image = f"{aligner}.faces(dfm.media.read_image('photo.jpg'))[0][1]"
    python = f"model = dfm.load({model!r})\nimage = {image}"
    return (
        Call((), f"{python}\nmodel.reconstruct(image)"),
        Call((), f"dfm.autoencoders.layer_maps(model, image, {layer!r})"),
        Call((), f"dfm.autoencoders.layer_favorites(model, {layer!r})"),
    )


def drop(person: str, blur: float, yaw: float) -> Call:
    """Removes blurred and turned faces of a person."""
    python = (
        f"faces = dfm.FaceSet.open({f'faces/{person}'!r})\n"
        f"good = faces.filter(max_blur={blur}, max_yaw={yaw})\n"
        "kept = {record.file for record in good.records}\n"
        "which = [record.file in kept for record in faces.records]\n"
        "dfm.faces.keep_faces(faces, which)"
    )
    return Call((), python)


def keep(person: str, row: int) -> Call:
    """Removes all faces of a set but those of one person in it."""
    python = (
        f"faces = dfm.FaceSet.open({f'faces/{person}'!r})\n"
        f"dfm.faces.keep_faces(faces, dfm.faces.people_in(faces)[{row - 1}])"
    )
    return Call((), python)


def move(person: str, row: int, other: str) -> Call:
    """Moves the faces of one person in a set to a set of their own."""
    python = (
        f"faces = dfm.FaceSet.open({f'faces/{person}'!r})\n"
        f"chosen = dfm.faces.people_in(faces)[{row - 1}]\n"
        f"dfm.faces.move_faces(faces, chosen, {f'faces/{other}'!r})"
    )
    return Call((), python)


def merge(person: str, other: str) -> Call:
    """Adds copies of the faces of another set."""
    python = (
        f"faces = dfm.FaceSet.open({f'faces/{person}'!r})\n"
        f"other = dfm.FaceSet.open({f'faces/{other}'!r})\n"
        "dfm.faces.add_faces(faces, other)"
    )
    return Call((), python)


def compare(one: str, other: str) -> tuple[Call, Call]:
    """Shows the cards of two presets or architectures."""
    return card(one), card(other)


def card(name: str) -> Call:
    """Shows the card of a preset, or of an architecture."""
    if name.startswith(ARCHITECTURE):
        plain = name.removeprefix(ARCHITECTURE)
        return Call((), f"print(dfm.models.architectures()[{plain!r}].summary())")
    return Call(("describe", name), f"dfm.presets.describe({name!r})")


def live(source: str, model: str, identity: str, consent: str) -> Call:
    """Swaps a face in the images of a camera or a clip as they come."""
    words = ["live", source, "--model", model, "--identity", identity]
    given = int(source) if source.isdigit() else source
    python = (
        f"frames = dfm.live({_loaded(model)}, identity={identity!r},\n"
        f"    source={given!r}, consent={consent!r})\n"
        "dfm.streaming.serve(frames, opened=print)"
    )
    return Call((*words, "--consent", consent), python)


def jobs(change: str, number: int) -> Call:
    """Changes a job of the queue."""
    words = ("jobs", change, "--workspace", ".", str(number))
    return Call(words, f'dfm.jobs.Queue(".").{change}({number})')


def _loaded(model: str) -> str:
    trained = "/" in model  # else a preset
    return f"dfm.load({(f'{model}/model' if trained else model)!r})"


def _pairs(people: str | Mapping[int, str]) -> list[str]:
    return [f"{who}={name}" for who, name in dict(people).items()]  # type: ignore[arg-type]


def _options(
    given: Mapping[str, Any], names: Mapping[str, str] | None = None
) -> list[str]:
    words = []
    for name, value in given.items():
        if value is not None:
            option = (names or {}).get(name, name).replace("_", "-")
            words += [f"--{option}", f"{value}"]
    return words


def _arguments(given: Mapping[str, Any]) -> str:
    return "".join(f", {k}={v!r}" for k, v in given.items() if v is not None)
