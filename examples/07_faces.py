# %% [markdown]
# # Faces: find, align, compress, add
#
# A network that gets whole frames has to learn where the face is. It learns faster if
# every face lies in the same place: find it, find its landmarks, and turn and scale the
# image so that eyes and mouth are where those of all others are. Then a face is a
# vector, like a digit: interpolate between two, or add the difference between two
# people.
#
# - **Shows**: a frame with the face that was found, aligned faces and their mean; an
#   interpolation in latent space, compared with blending the images; a person plus the
#   difference between two people.
# - **Takes**: 1 minute on two cores.
# - **Expect**: an MSE of 0.0017 on held-out faces; the sums have a distance of 0.034 to
#   the nearest face of the other person, and of 0.130 to that of the original person.
#
# Data: two speakers of the clips that ship with the package (GRID corpus, CC BY 4.0,
# see `deepface_models/demo/clips/ATTRIBUTION.md`); no download needed. All decoded
# faces are synthetic, and their files say so; label them if you show them.

# %%
import itertools

import cv2
import numpy as np
from _common import SYNTHETIC, arguments, load_faces, save, tiles

import deepface_models as dfm
from deepface_models.callbacks import KLWarmup
from deepface_models.demo import CLIPS
from deepface_models.media import grid, read_video
from deepface_models.models.autoencoders import VariationalAutoencoder

args = arguments("07_faces")

# %% [markdown]
# ## Find and align
#
# dlib's detector slides a window over the image and compares gradients with those of
# faces. The predictor then places landmarks, here five: the corners of the eyes and the
# base of the nose. A rotation, a scale and a shift move them to those of a mean face.

# %%
frame = next(itertools.islice(read_video(CLIPS / "s1" / "bbaf2n.mpg"), 30, None)).image
aligner = dfm.FaceAligner(128, landmarks=5, embeddings=False)
(face,) = aligner.detect(frame)
drawn = frame.copy()
for x, y in np.round(face.landmarks).astype(int):
    cv2.circle(drawn, (int(x), int(y)), 3, (255, 220, 0), -1)
box = face.box
corners = (int(box.left), int(box.top)), (int(box.right), int(box.bottom))
cv2.rectangle(drawn, *corners, (255, 220, 0), 2)
save(args, "found", drawn)

# %% [markdown]
# Aligned faces lie upon each other so well that their mean is a sharp face, with the
# features that all of the frames share. That of frames that are not aligned is a blur.

# %%
people = load_faces(args)
means = [faces.mean(axis=0, keepdims=True) / 255 for faces in people.values()]
rows = [tiles(people["s1"][:60:15], 96), tiles(people["mb"][:60:15], 96)]
rows = [[*row, *tiles(mean, 96)] for row, mean in zip(rows, means, strict=True)]
save(args, "aligned", grid(rows, labels=["s1, and mean", "mb, and mean"]), SYNTHETIC)

# %%
held_out = {name: faces[::10] for name, faces in people.items()}
training = [np.delete(f, np.s_[::10], axis=0) for f in people.values()]
x_train = np.concatenate(training)

# %% [markdown]
# ## An autoencoder of faces
#
# One model for both people, without labels. Every tenth face is held out.

# %%
epochs = 1 if args.tiny else 80
model = VariationalAutoencoder((64, 64, 3), 32, "convolutional", beta=20.0)
model.compile()
warmup = KLWarmup(epochs=max(1, epochs // 2))
model.fit(x_train, epochs=epochs, callbacks=[warmup], verbose=0)

faces = np.concatenate(list(held_out.values()))
mse = float(np.mean((model.reconstruct(faces) - faces / 255) ** 2))
print(f"MSE {mse:.4f} on {len(faces)} held-out faces")

# %% [markdown]
# ## Interpolation
#
# Upper row: latents between the two codes, decoded. Lower row: the two images blended.
# Blending shows two faces at once; a good latent space shows one face at each step.

# %%
steps = 8
a, b = held_out["s1"][0], held_out["mb"][0]
between = model.interpolate(a, b, steps)
weight = np.linspace(0, 1, steps).reshape(-1, 1, 1, 1)
blended = (1 - weight) * a / 255 + weight * b / 255
image = grid(
    [tiles(between, 64), tiles(blended, 64)],
    labels=["latent (synthetic)", "pixels (synthetic)"],
)
save(args, "interpolation", image, SYNTHETIC)

# %% [markdown]
# ## Arithmetic
#
# The mean code of a person represents what all of their images have in common. Adding
# the difference between two such means should change one person into the other, but not
# the expression and pose, which vary in the same way for both people.

# %%
means = {name: model.encode(found).mean(axis=0) for name, found in people.items()}
shown = held_out["s1"][:8]
codes = model.encode(shown)
half = codes + 0.5 * (means["mb"] - means["s1"])
whole = codes + (means["mb"] - means["s1"])
rows = {
    "s1": shown,
    "reconstructed (synthetic)": model.decode(codes),
    "+ (mb - s1) / 2 (synthetic)": model.decode(half),
    "+ (mb - s1) (synthetic)": model.decode(whole),
}
image = grid([tiles(row, 64) for row in rows.values()], labels=list(rows))
save(args, "arithmetic", image, SYNTHETIC)

# %% [markdown]
# Did it work? Each sum should be nearer to the faces of the other person than to those
# of the original person.


# %%
def distance(faces, name):
    difference = faces[:, None] - people[name][None, ::4] / 255
    return float(np.sqrt((difference**2).mean(axis=(2, 3, 4)).min(axis=1)).mean())


near = {name: distance(model.decode(whole), name) for name in people}
print(
    "distance of the sums to the nearest face: "
    + ", ".join(f"{v:.3f} to {k}" for k, v in near.items())
)

# %% [markdown]
# ## Try
#
# 1. Add the difference twice, and subtract it. What do you get?
# 2. The mean of s1 minus the mean of mb holds more than the person. What else differs
#    between the two clips?
# 3. Train on faces that are not aligned: `aligner` finds them, crop `frame` around the
#    box instead. How does the MSE change?
#
# <details><summary>Answers</summary>
#
# 1. Twice is a caricature of mb, and soon nothing; minus makes s1 more s1.
# 2. Light, camera, and how far the mouth is open on average. Arithmetic cannot tell
#    what you meant by the difference; this is also why the next chapter uses two
#    decoders.
# 3. It grows: numbers of the code are spent on where the face is.
#
# </details>
