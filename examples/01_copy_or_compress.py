# %% [markdown]
# # Copy or compress
#
# A network whose hidden layers are as wide as its input can copy whatever it is given.
# One with a bottleneck cannot: it has to find out what its data have in common.
#
# - **Shows**: both, trained on digits, then given what they never saw: new digits, a
#   face and noise.
# - **Takes**: half a minute on two cores.
# - **Expect**: an MSE of 0.0006 on the face for the wide network and 0.0166 for the one
#   with a bottleneck; on noise 0.006 and 0.075 (noise itself varies by 0.084).
#
# Without arguments it takes scikit-learn's small digits, which need no network.

# %%
import cv2
import keras
import numpy as np
from _common import arguments, load, load_faces, save, tiles
from keras import layers

from deepface_models.media import grid
from deepface_models.models.autoencoders import Autoencoder

args = arguments("01_copy_or_compress")
(x_train, _), (x_test, _) = load(args, image_size=8)

# %% [markdown]
# ## What they learn from
#
# Digits, each shifted by a random number of pixels, round the edge and in again:
# otherwise the corners are always black, and nobody learns what is always the same.

# %%
rng = np.random.default_rng(0)


def shifted(images):
    return np.stack([np.roll(image, rng.integers(0, 8, 2), (0, 1)) for image in images])


x_train = np.concatenate([shifted(x_train[:6000]) for _ in range(4)])

# %% [markdown]
# ## Two networks
#
# 64-64-64-64-64 and 64-64-16-64-64: they differ in the width of the middle only.


# %%
def network(middle):
    image = keras.Input((8, 8, 1))
    x = layers.Flatten()(image)
    x = layers.Dense(64, activation="tanh")(x)
    code = layers.Dense(middle)(x)
    x = latent = keras.Input((middle,))
    x = layers.Dense(64, activation="tanh")(x)
    x = layers.Dense(64)(x)
    drawn = layers.Reshape((8, 8, 1))(x)
    return Autoencoder(
        encoder=keras.Model(image, code), decoder=keras.Model(latent, drawn)
    )


models = {"wide": network(64), "bottleneck": network(16)}
for model in models.values():
    model.compile(loss="mse")
    model.fit(x_train, epochs=1 if args.tiny else 40, batch_size=64, verbose=0)

# %% [markdown]
# ## What they make of what they never saw
#
# Three images of 64 x 64 pixels, cut into 64 tiles of the size of a digit: digits,
# a face and noise. Neither network has ever seen a face.


# %%
def cut(image):
    return image.reshape(8, 8, 8, 8).swapaxes(1, 2).reshape(64, 8, 8)


def joined(pieces):
    return pieces.reshape(8, 8, 8, 8).swapaxes(1, 2).reshape(64, 64)


face = cv2.cvtColor(load_faces(args)["s1"][0], cv2.COLOR_RGB2GRAY)
noise = rng.integers(0, 256, (64, 64)).astype("uint8")
given = {"digits": x_test[:64], "face": cut(face), "noise": cut(noise)}

# %%
drawn = {"original": {name: pieces / 255 for name, pieces in given.items()}}
mse = {}
for kind, model in models.items():
    drawn[kind] = {name: model.reconstruct(p)[..., 0] for name, p in given.items()}
    for name, pieces in given.items():
        mse[kind, name] = float(np.mean((drawn[kind][name] - pieces / 255) ** 2))
        print(f"{kind:10} {name:6} MSE {mse[kind, name]:.4f}")

# %%
rows = [[joined(p) for p in row.values()] for row in drawn.values()]
save(args, "copies", grid([tiles(np.stack(r), 192) for r in rows], labels=list(drawn)))

# %% [markdown]
# The wide network copies the face and even the noise: it learned nothing about digits.
# The bottleneck keeps what digits are made of, loses the rest, and of noise next to
# all. That is why an autoencoder has one.
