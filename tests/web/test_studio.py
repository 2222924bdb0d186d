"""The studio without a browser: what it calls, what it serves, and whom it answers."""

from __future__ import annotations

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deepface_models.cli import build_parser
from deepface_models.core.errors import MediaError, MissingDependencyError
from deepface_models.jobs import Job
from deepface_models.web import calls, charts, markup
from deepface_models.web.guard import Guard
from deepface_models.web.server import check_extra, studio
from deepface_models.web.workspace import Workspace, plain_name

LOOK = {"mask": "ellipse", "blend": "alpha"}
CALLS = [
    calls.extract("ana", 64, 2),
    calls.train(["ana", "ben"], "models/m", "swift_128", minutes=2, batch_size=8),
    calls.train(["ana", "ben"], "models/m", None, epochs=3, steps=5),
    calls.convert("a b.mp4", "swaps/x.mp4", "models/m", "ben", "it's agreed", LOOK),
    calls.convert(
        "a.mp4", "x.mp4", "swap_demo", {0: "ben"}, "yes", {}, "a.tracks", (2, None)
    ),
    calls.preview("a.mp4", "p.png", "models/m", "ben", "yes", LOOK, 7),
    calls.tracks("a.mp4", "a.tracks"),
    calls.evaluate("models/m", "ana", "ben", "measures/m", 50),
    calls.verify("x.mp4"),
    calls.demo("demo", quick=True),
    calls.live("0", "models/m", "ben", "yes"),
    calls.jobs("retry", 3),
    calls.card("vae_mnist"),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.words[0])
def test_shell_lines_are_understood(call: calls.Call) -> None:
    args = build_parser().parse_args(list(call.words))
    assert isinstance(args, argparse.Namespace) and args.run


class Anything:
    """Stands in for the package, and notes each call with its arguments."""

    def __init__(self, noted: list[Any], name: str = "dfm") -> None:
        self.noted, self.name = noted, name

    def __getattr__(self, name: str) -> Anything:
        return Anything(self.noted, f"{self.name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Anything:
        self.noted.append((self.name, args, kwargs))
        return Anything(self.noted, f"{self.name}()")

    def __iter__(self) -> Any:
        return iter([Anything(self.noted), Anything(self.noted)])


@pytest.mark.parametrize(
    ("call", "name", "same"),
    [
        (CALLS[0], "dfm.FaceAligner().extract", {"every_n": 2}),
        (CALLS[1], "dfm.train", {"preset": "swift_128", "minutes": 2}),
        (CALLS[2], "dfm.train", {"epochs": 3, "steps": 5}),
        (CALLS[3], "dfm.convert", {"identity": "ben", "consent": "it's agreed"}),
        (CALLS[4], "dfm.convert", {"frames": (2, None), "tracks": "a.tracks"}),
        (CALLS[5], "dfm.conversion.preview", {"consent": "yes"}),
        (CALLS[7], "dfm.evaluate", {"identity": "ben", "limit": 50}),
        (CALLS[9], "dfm.demo.run", {"quick": True}),
    ],
    ids=lambda one: str(one) if isinstance(one, str) else "",
)
def test_python_lines_do_the_same(
    call: calls.Call, name: str, same: dict[str, Any]
) -> None:
    noted: list[Any] = []
    exec(call.python, {"dfm": Anything(noted)})
    given = next(kwargs for one, _, kwargs in noted if one == name)
    args = vars(build_parser().parse_args(list(call.words)))
    assert {key: given[key] for key in same} == {key: args[key] for key in same} == same


def test_lines_follow_the_state_of_a_job() -> None:
    pytest.importorskip("gradio")
    from deepface_models.web.live import job_calls

    def changes(state: str, kind: str) -> list[str]:
        found = job_calls(Job(4, (kind, "x"), "", 0.0, state))
        assert all(call.words[-1] == "4" for call in found)
        return [call.words[1] for call in found]

    assert changes("running", "train") == ["pause", "cancel", "stop"]
    assert changes("running", "extract") == ["pause", "cancel"]
    assert changes("paused", "train") == ["resume", "cancel"]
    assert changes("failed", "train") == ["retry"]
    assert changes("done", "train") == changes("damaged", "train") == []
    assert job_calls(None) == ()


def test_what_is_chosen_stays(tmp_path: Path) -> None:
    gr = pytest.importorskip("gradio")
    from deepface_models.web.live import Live

    live = Live(Workspace(tmp_path))
    live.choices(gr.Dropdown([]), list)
    assert live._update(0, ["a", "c"], None)["value"] == "a"
    assert "value" not in live._update(0, ["a", "b", "c"], ["a", "c"])
    assert live._update(0, ["d", "a"], ["a"])["value"] == "d"  # the newest one
    assert live._update(0, ["a"], ["a", "b"])["value"] == "a"  # b may be the choice


def test_what_is_in_python_only_says_so() -> None:
    call = calls.drop("ana", 0.5, 40)
    compile(call.python, "page", "exec")
    assert call.shell == "# in Python only"
    assert "will be here" in markup.same(None)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "my film")


def test_only_files_of_the_workspace_are_served(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    inner = workspace.folder / "swaps" / "a b.png"
    inner.write_bytes(b"x")
    (workspace.folder / "swaps" / "link.png").symlink_to(tmp_path / "secret.png")
    (workspace.folder / ".uploads").mkdir()
    (workspace.folder / ".uploads" / "other.png").write_bytes(b"x")
    assert workspace.inside("swaps/a b.png") == inner
    assert workspace.address(inner).startswith("files/swaps/a%20b.png?v=")
    for path in (
        *("../secret.png", str(tmp_path / "secret.png"), "swaps/link.png", "swaps"),
        *(".uploads/other.png", "swaps/nothing.png", "a\0b", "a" * 5000),
    ):
        assert workspace.inside(path) is None, path


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Zo\u00eb at the sea.MP4", "Zoe_at_the_sea.mp4"),
        ("\u732b.png", "file.png"),
        ("-rf;$(x).mov", "rf_x.mov"),
        ("a" * 300 + ".mp4", "a" * 80 + ".mp4"),
    ],
)
def test_odd_names_become_plain(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_uploads_are_taken(workspace: Workspace, tmp_path: Path) -> None:
    for folder in ("1", "2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").write_bytes(folder.encode())
    taken = workspace.take([str(tmp_path / n / "a.mp4") for n in "12"], "ana")
    assert taken == ["clips/ana/a.mp4", "clips/ana/a_2.mp4"] == workspace.clips()
    assert not (tmp_path / "1" / "a.mp4").exists()
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    with pytest.raises(MediaError, match=r"notes\.txt was given. Expected an image"):
        workspace.take([str(tmp_path / "notes.txt")], "ana")
    with pytest.raises(ValueError, match="Expected letters from a to z"):
        workspace.take([], "../ana")
    assert workspace.people() == workspace.models() == []


def asked(guard: Guard, **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer to a request."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    query = headers.pop("query", "")
    scope = {
        "type": "http",
        "query_string": query.encode(),
        "headers": [
            (k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()
        ],
    }
    # In a thread of its own: Playwright's loop may run in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, guard(scope, None, send)).result()
    return sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]}


async def welcome(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def test_only_this_computer_is_answered(tmp_path: Path) -> None:
    guard = Guard(welcome, tmp_path, "127.0.0.1", None, 2**30)
    status, headers = asked(guard, host="127.0.0.1:7860")
    assert status == 200
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["permissions-policy"].startswith("camera=(self), microphone=()")
    assert asked(guard, host="localhost:7860", origin="http://localhost:7860")[0] == 200
    assert asked(guard, host="evil.example:7860")[0] == 403  # DNS rebinding
    assert asked(guard, host="localhost:7860", origin="http://evil.example")[0] == 403
    assert asked(guard, host="localhost", content_length=str(2**31))[0] == 413


def test_others_need_the_token(tmp_path: Path) -> None:
    guard = Guard(welcome, tmp_path, "0.0.0.0", "s3cret", 2**30)
    assert asked(guard, host="film.example")[0] == 401
    assert asked(guard, host="film.example", query="token=wrong")[0] == 401
    status, headers = asked(guard, host="film.example", query="token=s3cret")
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"].partition(";")[0]
    assert "HttpOnly; SameSite=Strict" in headers["set-cookie"]
    assert asked(guard, host="film.example", cookie=cookie)[0] == 200
    assert asked(guard, host="film.example", cookie="studio_token=x")[0] == 401


def test_another_address_makes_a_token(monkeypatch: Any, tmp_path: Path) -> None:
    from deepface_models.web import server

    made: list[Any] = []
    monkeypatch.setattr(server, "check_extra", lambda: None)
    monkeypatch.setattr(server, "application", lambda *given: made.append(given))
    run = SimpleNamespace(run=lambda sockets: None)
    monkeypatch.setattr(server, "_server", lambda app: run)
    for host in ("127.0.0.1", "0.0.0.0"):
        studio(tmp_path / "w", host=host, port=0, opened=made.append)
    (_, _, none, _), local, (_, _, token, _), public = made
    assert none is None and local.endswith("/")
    assert len(token) > 30 and public.endswith(f"/?token={token}")


def test_a_missing_package_is_named(monkeypatch: Any) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r'pip install "deepface_models\['):
        check_extra()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    from deepface_models.core.listening import listen

    with listen("127.0.0.1", 0) as taken:
        with pytest.raises(OSError, match="Use port=0 for any free one"):
            listen("127.0.0.1", taken.getsockname()[1])


def test_nothing_becomes_markup() -> None:
    job = Job(1, ("extract", "<b>"), "/", 0.0, "failed", 1)
    bad = "<script>\x1b[2J"
    ended = {"attempt": 1, "state": "failed", "message": bad, "time": 0.0}
    job = Job(**{**vars(job), "ended": ended})
    shown = markup.job_card(job) + markup.note(bad) + markup.table(["a"], [[bad]], "")
    shown += markup.verbatim(bad) + markup.facts([(bad, bad)]) + markup.text(bad)
    assert "<script>" not in shown and "&lt;script&gt;" in shown
    assert "has failed" in shown


def test_charts_hold_all_points() -> None:
    chart = charts.lines(
        {"Loss": [(0, 1.0), (1, 0.5), (2, float("nan"))]}, "epoch", "x"
    )
    assert chart.count("polyline") == 1 and "Loss: 0.5" in chart
    assert charts.lines({"Loss": []}, "epoch", "x") == ""
    assert charts.dots([(3.0, 4.0)], [0.5], "yaw", "Poses").count("<circle") == 1
    assert charts.dots([], [], "yaw", "Poses") == ""


def test_a_training_is_read_while_it_is_written(tmp_path: Path) -> None:
    pytest.importorskip("gradio")
    from deepface_models.web.pages.train import history

    path = tmp_path / "history.csv"
    assert history(path) == {"Loss": [], "Error of held-out faces": []}
    path.write_text("epoch,loss,held_out_error\n0,1.5,NA\n1,0.5,0.1\n2,0.", "utf-8")
    found = history(path)
    assert found["Loss"] == [(0.0, 1.5), (1.0, 0.5), (2.0, 0.0)]
    assert found["Error of held-out faces"] == [(1.0, 0.1)]
