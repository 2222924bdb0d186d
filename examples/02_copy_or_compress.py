# %% [markdown]
# # Copy or compress
#
# A network whose hidden layers are as wide as its input can copy any input. One with a
# bottleneck cannot: it has to learn what its training data have in common.
#
# - **Shows**: both networks, trained on digits and then tested on new digits, a face
#   and noise.
# - **Takes**: half a minute on two cores.
# - **Expect**: an MSE of 0.0006 on the face for the wide network and 0.0166 for the one
#   with a bottleneck; on noise 0.006 and 0.075 (the variance of the noise is 0.084).
#
# By default the data are scikit-learn's small digits, which need no download.

# %%
import cv2
import keras
import numpy as np
from _common import arguments, load, load_faces, save, tiles
from keras import layers

from deepface_models.media import grid
from deepface_models.models.autoencoders import Autoencoder

args = arguments("02_copy_or_compress")
(x_train, _), (x_test, _) = load(args, image_size=8)

# %% [markdown]
# ## The training data
#
# Digits, each shifted by a random number of pixels; what leaves on one side enters on
# the other. Otherwise the corners would always be black, and the networks would learn
# nothing about them.

# %%
rng = np.random.default_rng(0)


def shifted(images):
    return np.stack([np.roll(image, rng.integers(0, 8, 2), (0, 1)) for image in images])


x_train = np.concatenate([shifted(x_train[:6000]) for _ in range(4)])

# %% [markdown]
# ## Two networks
#
# 64-64-64-64-64 and 64-64-16-64-64: only the width of the middle layer differs.


# %%
def network(middle):
    image = keras.Input((8, 8, 1))
    x = layers.Flatten()(image)
    x = layers.Dense(64, activation="tanh")(x)
    code = layers.Dense(middle)(x)
    x = latent = keras.Input((middle,))
    x = layers.Dense(64, activation="tanh")(x)
    x = layers.Dense(64)(x)
    decoded = layers.Reshape((8, 8, 1))(x)
    return Autoencoder(
        encoder=keras.Model(image, code), decoder=keras.Model(latent, decoded)
    )


models = {"wide": network(64), "bottleneck": network(16)}
for model in models.values():
    model.compile(loss="mse")
    model.fit(x_train, epochs=1 if args.tiny else 40, batch_size=64, verbose=0)

# %% [markdown]
# ## Inputs that the networks never saw
#
# Three images of 64 x 64 pixels, cut into 64 tiles of the size of a digit: new digits,
# a face and noise.


# %%
def split(image):
    return image.reshape(8, 8, 8, 8).swapaxes(1, 2).reshape(64, 8, 8)


def joined(pieces):
    return pieces.reshape(8, 8, 8, 8).swapaxes(1, 2).reshape(64, 64)


face = cv2.cvtColor(load_faces(args)["s1"][0], cv2.COLOR_RGB2GRAY)
noise = rng.integers(0, 256, (64, 64)).astype("uint8")
inputs = {"digits": x_test[:64], "face": split(face), "noise": split(noise)}

# %%
decoded = {"original": {name: pieces / 255 for name, pieces in inputs.items()}}
mse = {}
for kind, model in models.items():
    decoded[kind] = {name: model.reconstruct(p)[..., 0] for name, p in inputs.items()}
    for name, pieces in inputs.items():
        mse[kind, name] = float(np.mean((decoded[kind][name] - pieces / 255) ** 2))
        print(f"{kind:10} {name:6} MSE {mse[kind, name]:.4f}")

# %%
rows = [[joined(p) for p in row.values()] for row in decoded.values()]
save(
    args, "copies", grid([tiles(np.stack(r), 192) for r in rows], labels=list(decoded))
)

# %% [markdown]
# The wide network copies the face and even the noise: it learned nothing about digits.
# The bottleneck keeps what is typical of digits and loses the rest; of the noise almost
# nothing is left. That is why an autoencoder has a bottleneck.
#
# ## Try
#
# 1. How narrow may the middle be before digits become unreadable? Try 8, 4 and 2.
# 2. Train both networks on noise instead of digits. What does the bottleneck learn?
# 3. Leave out `shifted`. What happens to the face of the wide network, and why?
#
# <details><summary>Answers</summary>
#
# 1. At 8 most digits survive, at 2 they melt into a few shapes. The error grows with
#    every number that is taken away.
# 2. Nothing: noise has nothing in common that could be kept. Its error stays near the
#    variance of the noise, times the share of numbers that were taken away.
# 3. It copies the corners wrongly, because they were always black in training: a
#    network knows nothing about what it never saw. Swapped faces have the same limit.
#
# </details>
