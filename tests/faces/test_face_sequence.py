"""Whole frames are searched seldom; in between, near the last place."""

from __future__ import annotations

import numpy as np
import pytest
from faces_helpers import CLIPS, made_face

from deepface_models.faces import (
    Box,
    FaceAligner,
    HogDetector,
    iter_faces,
    scene_cuts,
)
from deepface_models.faces._frames import faces_of
from deepface_models.faces._sequence import Border, Finders, Tracklet, follow
from deepface_models.faces.detect import CascadeDetector, Detection
from deepface_models.faces.tracks import Tracker
from deepface_models.faces.video import read_chunks
from deepface_models.media import VideoWriter, read_video

SIDE = 10


class Drawn:
    """Frames with drawn squares for faces, and searches that find these squares."""

    def __init__(self, places):
        self.images = []
        for faces in places:
            image = np.zeros((60, 200, 3), np.uint8)
            for value, x in faces.items():
                image[20 : 20 + SIDE, x : x + SIDE] = value
            self.images.append(image)
        self.asked = []

    def number(self, image):
        return next(i for i, one in enumerate(self.images) if one is image)

    def find(self, name):
        def finder(image):
            self.asked.append((name, self.number(image)))
            return self.seen(image)

        return finder

    @staticmethod
    def seen(image):
        found = []
        for value in np.unique(image[image > 0]):
            x = int(np.flatnonzero((image[..., 0] == value).any(0))[0])
            found.append(Detection(Box(x, 20, x + SIDE, 20 + SIDE), 1.0, str(value)))
        return found

    def near(self, image, last):
        hits = [d for d in self.seen(image) if d.box.iou(last.box) > 0.3]
        return max(hits, key=lambda d: d.box.iou(last.box), default=None)

    def within(self, image, places):
        self.asked.append(("within", self.number(image)))
        return []

    def follow(self, cuts=(), borders=None, slow=None, within=None):
        finders = Finders(self.find("quick"), self.find("wide"), slow, within)
        made = follow(self.images, finders, cuts, borders, self.near)
        return [dict(sorted(t.found.items())) for t in made]


def test_only_key_frames_are_searched_as_a_whole():
    drawn = Drawn([{9: 20 + i} for i in range(33)])
    (found,) = drawn.follow()
    assert list(found) == list(range(33))
    assert drawn.asked == [
        ("wide", 0),
        ("quick", 16),
        ("wide", 32),
    ]


def near_frames(places, **options):
    """Returns the frames in which faces are looked for near their place."""
    drawn = Drawn(places)
    near, asked = drawn.near, []
    drawn.near = lambda image, last: (
        asked.append(drawn.number(image)) or near(image, last)
    )
    return drawn.follow(**options), asked


def test_a_calm_face_is_looked_for_in_every_fourth_frame():
    (found,), asked = near_frames([{9: 20 + i // 4} for i in range(17)])
    assert asked == [4, 8, 12, 16]
    boxes = [found[frame].box for frame in range(17)]
    assert [box.left for box in boxes] == [20 + i / 4 for i in range(17)]
    assert {box.width for box in boxes} == {SIDE} and {b.top for b in boxes} == {20}


def test_restless_and_neighboring_faces_are_looked_for_in_every_frame():
    fast = [{9: 20 + 3 * i} for i in range(9)]
    assert set(near_frames(fast)[1]) == set(range(1, 9))
    pair = [{9: 20, 5: 40} for _ in range(9)]
    assert sorted(set(near_frames(pair)[1])) == list(range(1, 9))
    apart = [{9: 20, 5: 120} for _ in range(9)]
    assert sorted(near_frames(apart)[1]) == [4, 4, 8, 8]


def test_a_calm_face_is_not_followed_over_a_cut():
    tracklets, asked = near_frames([{9: 20} for _ in range(9)], cuts=[6])
    assert [list(found) for found in tracklets] == [[*range(6)], [6, 7, 8]]
    assert asked[:2] == [4, 5]


def test_few_borders_are_searched_for_small_faces():
    drawn = Drawn([{9: 20} for _ in range(9)])
    borders = {0: Border(wide=False), 8: Border(wide=True)}
    drawn.follow(borders=borders, within=drawn.within)
    assert drawn.asked == [("quick", 0), ("within", 0), ("wide", 8)]
    clip = CLIPS[0]
    chunks = list(read_chunks(str(clip)))
    wide = [(chunk.begin.wide, chunk.end.wide) for chunk in chunks[:2]]
    assert wide == [(True, False), (False, True)] and chunks[2].last
    (resumed, *_) = read_chunks(str(clip), start=32)
    assert resumed.begin.wide is False
    (elsewhere, *_) = read_chunks(str(clip), start=40)
    assert elsewhere.begin.wide is True


def test_a_face_that_enters_is_followed_back_to_where_it_appeared():
    drawn = Drawn([{9: 20} | ({5: 100 + i} if i >= 11 else {}) for i in range(33)])
    first, second = drawn.follow()
    assert list(first) == list(range(33)) and list(second) == list(range(11, 33))


def test_no_face_is_followed_across_a_cut():
    drawn = Drawn([{9 if i < 12 else 5: 20} for i in range(33)])
    first, second = drawn.follow(cuts=[12])
    assert list(first) == list(range(12)) and list(second) == list(range(12, 33))
    assert ("wide", 12) in drawn.asked


def test_a_face_that_two_tracklets_lead_to_belongs_to_the_nearer():
    """Crossing people: the one who is hidden must not take over the other's face."""
    left = [{9: 40 + 2 * i, 5: 60 - 2 * i} for i in range(5)]
    hidden = [{5: 60 - 2 * i} for i in range(5, 9)]
    found = Drawn([*left, *hidden]).follow()
    for tracklet in found:
        assert len({detection.detector for detection in tracklet.values()}) == 1


def test_a_steady_movement_is_expected_to_go_on():
    boxes = [Box(10.0 * i, 0, 10.0 * i + 40, 40) for i in range(6)]
    tracklet = Tracklet({i: Detection(box, 1.0, "x") for i, box in enumerate(boxes)})
    assert tracklet.expected(5).box == boxes[5].moved(10, 0)
    assert tracklet.expected(0, -1).box == boxes[0].moved(-10, 0)
    assert Tracklet({3: Detection(boxes[3], 1.0, "x")}).expected(3).box == boxes[3]


def test_a_frame_that_two_chunks_share_is_searched_once():
    drawn = Drawn([{9: 20 + i} for i in range(17)])
    whole, border = drawn.images, Border()
    (first,) = drawn.follow(borders={16: border})
    finders = Finders(drawn.find("quick"), drawn.find("wide"))
    (second,) = follow(whole[16:], finders, (), {0: border}, drawn.near)
    assert first[16] == second.found[0] and drawn.asked.count(("wide", 16)) == 1


@pytest.mark.parametrize("frames, cuts", [(1, ()), (9, [3, 6]), (9, [4])])
def test_a_border_without_another_end_in_its_scene_is_searched_whole(frames, cuts):
    drawn = Drawn([{9: 20} for _ in range(frames)])
    last = frames - 1
    drawn.follow(cuts, {last: Border(wide=False)}, within=drawn.within)
    assert ("wide", last) in drawn.asked and ("within", last) not in drawn.asked


def test_a_detector_that_cannot_search_parts_searches_whole_borders():
    drawn = Drawn([{9: 20} for _ in range(9)])
    drawn.follow(borders={8: Border(wide=False)})
    assert drawn.asked[-1] == ("wide", 8)
    plain = CascadeDetector([HogDetector(480)])
    assert Finders.of(plain, False).within is None
    assert Finders.of(FaceAligner().detector, False).within is not None
    assert Finders.of(FaceAligner().detector, True).within is None


def test_a_border_that_changes_everywhere_is_searched_once():
    drawn, border = Drawn([{} for _ in range(9)]), Border(wide=False)
    drawn.images[4] = np.full_like(drawn.images[4], 255)
    finders = Finders(drawn.find("quick"), drawn.find("wide"), within=lambda *_: [])
    for part, at in ((drawn.images[:5], 4), (drawn.images[4:], 0)):
        follow(part, finders, (), {at: border}, drawn.near)
    assert drawn.asked.count(("wide", 4)) == drawn.asked.count(("quick", 4)) == 1


def test_only_what_changed_is_searched_at_other_borders():
    drawn, places = Drawn([{9: 20 + i} for i in range(5)]), []
    finders = Finders(
        drawn.find("quick"),
        drawn.find("wide"),
        within=lambda image, parts: places.append((drawn.number(image), parts)) or [],
    )
    drawn.images[4][5:12, 150:157] = 200
    follow(drawn.images, finders, (), {4: Border(wide=False)}, drawn.near)
    ((number, ((rows, columns),)),) = places
    assert number == 4 and rows.start == 0 and columns.start < 150 < columns.stop
    assert drawn.asked == [("wide", 0), ("quick", 4)]


def test_slow_detectors_only_where_nothing_else_finds_a_face():
    calls = []

    def slow(image):
        calls.append(1)
        return []

    assert Drawn([{} for _ in range(20)]).follow(slow=slow) == [] and len(calls) == 2
    Drawn([{9: 20}] * 1 + [{} for _ in range(8)]).follow(slow=slow)
    assert len(calls) == 2


def test_small_faces_beside_a_large_one(portraits):
    """The quick search finds only the large one."""
    first, second = list(portraits.values())[:2]
    frame = np.full((700, 1280, 3), 128, np.uint8)
    frame[: first.shape[0], : first.shape[1]] = first[:700]
    small = np.ascontiguousarray(second[::4, ::4])
    frame[300 : 300 + small.shape[0], 1000 : 1000 + small.shape[1]] = small
    aligner = FaceAligner(landmarks=5, embeddings=False, repeats=1)
    found = aligner.detect_frames([frame] * 3)
    assert [len(faces) for faces in found] == [2, 2, 2]
    only = aligner.replace(max_faces=1).detect_frames([frame] * 3)
    assert [len(faces) for faces in only] == [1, 1, 1]


def test_wide_by_default_runs_every_fast_step():
    a, b = (Detection(Box(x, 0, x + 9, 9), 1.0, "made") for x in (0, 50))
    cascade = CascadeDetector([lambda image: [a], lambda image: [b]])
    assert cascade.wide(np.zeros((9, 9, 3), np.uint8)) == [a, b]


def test_24_px_faces_are_found(portrait):
    finder = HogDetector(None, enlarge_to=1280)
    large = finder(portrait)[0].box
    times = large.width / 24
    size = round(portrait.shape[1] / times), round(portrait.shape[0] / times)
    import cv2

    tiny = cv2.resize(portrait, size, interpolation=cv2.INTER_AREA)
    frame = np.full((180, 320, 3), 128, np.uint8)
    frame[40 : 40 + tiny.shape[0], 90 : 90 + tiny.shape[1]] = tiny
    assert len(finder(frame)) == 1 and HogDetector(None)(frame) == []


def test_a_few_embeddings_of_a_track(portrait):
    """A few times a track, not each frame."""
    counted = []

    def embedder(chips):
        counted.append(len(chips))
        return np.arange(len(chips), dtype=np.float32)[:, None] * np.ones(128, "f4")

    aligner = FaceAligner(landmarks=5, repeats=1, embeddings=4)
    found = faces_of(aligner, [portrait] * 10, embedder)
    rows = [faces[0].embedding[0] for faces in found.faces]
    assert counted == [3] and rows[0] == 0 and rows[-1] == 2
    assert rows == sorted(rows)


def test_a_track_ends_where_two_faces_touch_and_where_they_part():
    tracker, numbers = Tracker(), []
    for i in range(40):
        pair = [made_face(100.0 + 8 * i), made_face(420.0 - 8 * i, 130)]
        numbers.append(tracker.add(i, pair))
    assert numbers[0] == [0, 1] and numbers[10] == [0, 1]
    assert set(numbers[20]).isdisjoint({0, 1})
    assert set(numbers[39]).isdisjoint({0, 1, *numbers[20]})
    assert len({n for pair in numbers for n in pair}) == 6


@pytest.fixture(scope="module")
def crossing(tmp_path_factory):
    """Two people who walk past each other, the second one in front."""
    path = tmp_path_factory.mktemp("crossing") / "two.mkv"
    people = [
        [f.image for f in read_video(clip, stop=40)] for clip in (CLIPS[0], CLIPS[-1])
    ]
    with VideoWriter(path, fps=25, lossless=True) as writer:
        for i in range(40):
            canvas = np.full((300, 640, 3), 120, np.uint8)
            for x, clip in zip((20 + 10 * i, 410 - 10 * i), people, strict=True):
                canvas[6:294, x : x + 210] = clip[i][:288, 75:285]
            writer.write(canvas)
    return path


def test_crossing_people_stay_apart(crossing):
    """Wrong-person swaps 0 on composed two-person clips."""
    aligner = FaceAligner(64, landmarks=5, embeddings=16, repeats=1)
    tracks = {}
    for frame in iter_faces(crossing, aligner):
        for face, track in zip(frame.faces, frame.tracks, strict=True):
            middle = face.box.center[0]
            places = 20 + 10 * frame.index, 410 - 10 * frame.index
            if abs(places[0] - places[1]) < 60:
                continue  # one hides the other
            apart = [abs(middle - x - 105) for x in places]
            tracks.setdefault(track, []).append(int(np.argmin(apart)))
    assert len(tracks) >= 3
    for people in tracks.values():
        assert len(set(people)) == 1


def test_another_person_in_the_same_place_is_a_cut(tmp_path):
    """The colors of the whole frame hardly change, but the face does."""
    path = tmp_path / "replaced.mkv"
    people = [[f.image for f in read_video(c, stop=40)] for c in (CLIPS[0], CLIPS[-1])]
    with VideoWriter(path, fps=25, lossless=True) as writer:
        for i in range(40):
            canvas = np.full((500, 900, 3), 120, np.uint8)
            canvas[100:388, 300:510] = people[i >= 32][i][:288, 75:285]
            writer.write(canvas)
    assert scene_cuts(frame.image for frame in read_video(path)) == []
    aligner = FaceAligner(64, landmarks=5, embeddings=False, repeats=1)
    frames = list(iter_faces(path, aligner))
    assert [frame.index for frame in frames if frame.is_cut] == [32]
    assert [frame.tracks for frame in frames] == [[0]] * 32 + [[1]] * 8
