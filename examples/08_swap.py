# %% [markdown]
# # The swap: one encoder, two decoders
#
# An autoencoder of ana's faces learns to draw ana; one of ben's faces learns ben. Let
# both use *one* encoder. It cannot keep who it is, because each decoder already knows,
# so its few numbers go to what changes from frame to frame: mouth, eyes, direction.
# Encode a frame of ana, decode it with ben's decoder: ben, with ana's expression. That
# is all.
#
# - **Shows**: this network from Keras layers; then with the package, from a pretrained
#   encoder, pasted into the clip and signed.
# - **Takes**: a few minutes on two cores.
# - **Expect**: by hand, a soft face of mb that moves as s1 does; with the package, a
#   swapped clip that says of itself that it is synthetic.
#
# Data: two speakers of the clips that ship with the package (GRID corpus, CC BY 4.0,
# see `deepface_models/demo/clips/ATTRIBUTION.md`). They were not asked about swaps:
# label what you make, and do not let them say what they did not.

# %%
import keras
import numpy as np
from _common import SYNTHETIC, arguments, load_faces, save, tiles
from keras import layers

import deepface_models as dfm
from deepface_models.demo import CLIPS, CONSENT
from deepface_models.media import grid, read_video

args = arguments("08_swap")
people = load_faces(args)
rng = np.random.default_rng(0)

# %% [markdown]
# ## From Keras layers
#
# Strided convolutions halve the image four times; a dense layer leaves 64 numbers. A
# decoder goes back by pixel shuffle: a convolution makes four times the channels, and
# these become the pixels of an image of twice the size.


# %%
def encoder():
    face = x = keras.Input((64, 64, 3))
    for width in (32, 64, 96, 128):
        x = layers.Conv2D(width, 5, 2, "same", activation="leaky_relu")(x)
    code = layers.Dense(64)(layers.Flatten()(x))
    return keras.Model(face, code)


def up(x, width):
    x = layers.Conv2D(4 * width, 3, padding="same", activation="leaky_relu")(x)
    size = x.shape[1]
    x = layers.Reshape((size, size, 2, 2, width))(x)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    return layers.Reshape((2 * size, 2 * size, width))(x)


def decoder():
    code = keras.Input((64,))
    x = layers.Reshape((8, 8, 64))(layers.Dense(8 * 8 * 64, "leaky_relu")(code))
    for width in (64, 32, 16):
        x = up(x, width)
    return keras.Model(
        code, layers.Conv2D(3, 3, padding="same", activation="sigmoid")(x)
    )


shared, decoders = encoder(), {name: decoder() for name in people}
inputs = {name: keras.Input((64, 64, 3), name=name) for name in people}
outputs = {name: decoders[name](shared(inputs[name])) for name in people}
model = keras.Model(inputs, outputs)
model.compile(keras.optimizers.Adam(5e-4), loss="mae")

# %% [markdown]
# ## Training
#
# Each person is reconstructed by their own decoder; nobody sees a swap. Mirrored and
# slightly brighter or darker faces keep the network from learning the frames by heart.

# %%
count = 32 if args.tiny else 512


def batch(faces):
    picked = faces[rng.integers(0, len(faces), count)] / 255
    picked = np.where(rng.random((count, 1, 1, 1)) < 0.5, picked, picked[:, :, ::-1])
    return np.clip(picked * rng.uniform(0.9, 1.1, (count, 1, 1, 1)), 0, 1)


for _ in range(1 if args.tiny else 12):
    faces = {name: batch(people[name]) for name in people}
    history = model.fit(faces, faces, batch_size=16, verbose=0)
mae = history.history["loss"][-1] / 2
print(f"MAE of a reconstruction {mae:.3f}")

# %% [markdown]
# ## Swap
#
# The two people were recorded differently, so their mean codes differ. Moving a code by
# the difference of the means leaves what changes from frame to frame.

# %%
shown = people["s1"][:: max(1, len(people["s1"]) // 8)][:8] / 255
codes = shared.predict(shown, verbose=0)
means = {n: shared.predict(f / 255, verbose=0).mean(axis=0) for n, f in people.items()}
rows = {
    "s1": shown,
    "s1 by s1 (synthetic)": decoders["s1"].predict(codes, verbose=0),
    "s1 by mb (synthetic)": decoders["mb"].predict(
        codes - means["s1"] + means["mb"], verbose=0
    ),
}
image = grid([tiles(row, 64) for row in rows.values()], labels=list(rows))
save(args, "by_hand", image, SYNTHETIC)

# %% [markdown]
# ## With the package
#
# The same idea, with what makes it good: an encoder that was pretrained on 1,551
# people, a shared decoder after the personal parts, a learned mask, losses and
# augmentation that were measured. `adapt` sets the personal parts from the faces before
# the first step.

# %%
aligner = dfm.FaceAligner(image_size=128, embeddings=False, max_faces=1)
clips = {"s1": CLIPS / "s1" / "bbaf2n.mpg", "mb": CLIPS / "mb" / "sbia1a.mpg"}
every = 25 if args.tiny else 1
faces = {
    name: aligner.extract(clip, every_n=every, progress=False)
    for name, clip in clips.items()
}
swift = dfm.Swift.from_preset("swift_128", identities=tuple(faces))
swift.compile()
pairs = dfm.SwapPairs(
    faces,
    batch_size=8,
    steps=2 if args.tiny else 40,
    augmentation=dfm.Augmentation.light(),
)
swift.fit(pairs, epochs=1, verbose=0)

# %% [markdown]
# ## Into the clip
#
# The face is warped back to where it came from, in the colors of the frame, and mixed
# at the edge of the mask. A consent statement is asked for and signed into the result.

# %%
clip = args.output / "swap.mp4"
report = dfm.convert(
    clips["s1"],
    clip,
    swift,
    identity="mb",
    consent=CONSENT,
    frames=(0, 5) if args.tiny else (0, 25),
    tracks=False,
    save_settings=False,
    progress=False,
)
pairs = zip(read_video(clips["s1"]), read_video(clip), strict=False)
frames = [(a.image, b.image) for a, b in pairs][:: 2 if args.tiny else 8]
image = grid(list(zip(*frames, strict=True)), labels=["source", "swap (synthetic)"])
save(args, "frames", image, SYNTHETIC)
print(f"{report.swapped} of {report.frames} frames swapped")
print(dfm.verify(clip).summary())

# %% [markdown]
# ## Try
#
# 1. Leave out the shift by the means, in the first swap. What changes?
# 2. Give each person an encoder of their own. Why is the swap noise now?
# 3. Render mb with the face of s1. Which direction is better, and why?
#
# <details><summary>Answers</summary>
#
# 1. Colors and features of s1 show through: mb's decoder gets codes of a kind that it
#    never saw.
# 2. The two codes have nothing to do with each other: number 5 may be the mouth of one
#    and the light of the other. Sharing the encoder is the whole trick.
# 3. s1 as mb is better: there are more clips of s1 to encode, but a decoder can only
#    render expressions that its person was recorded with, so it depends on the clip.
#
# </details>
