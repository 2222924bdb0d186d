"""Progress of long tasks."""

from __future__ import annotations

from deepface_models.core.progress import Progress


def test_no_more_frames_are_done_than_there_are():
    """Containers may state fewer frames than they hold."""
    seen = []
    with Progress(lambda *state: seen.append(state)) as bar:
        bar.task("read", 2)
        for _ in range(3):
            bar.advance()
        bar.task("write", None)
        bar.advance(5)
    assert seen == [(1, 2), (2, 2), (3, 3), (5, None)]


def test_a_bar_ends_with_what_was_done(capsys):
    with Progress(True) as bar:
        bar.task("read", 2)
        bar.advance(3)
    assert "3/3" in capsys.readouterr().out
