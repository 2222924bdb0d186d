"""What the tests of media measure in files."""

from __future__ import annotations

import av

from deepface_models.media import read_video


def sound_packets(path):
    """Returns [(start in seconds, bytes)] of the first sound stream."""
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[0])
        return [(p.pts * p.time_base, bytes(p)) for p in packets if p.pts is not None]


def frame_times(path):
    return [frame.time for frame in read_video(path)]
