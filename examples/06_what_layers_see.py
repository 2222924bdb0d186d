# %% [markdown]
# # What layers see
#
# A convolutional autoencoder learns faces. What does each layer make of one face, and
# which image would excite each of its maps the most?
#
# - **Shows**: the maps of every layer for one face; one image for each map of each
#   encoder layer, found by gradient ascent from gray noise.
# - **Takes**: 1 minute on two cores.
# - **Expect**: the mean response of the three layers to grow 2 to 4 times from that to
#   gray noise.
#
# Data: two speakers of the clips that ship with the package (GRID corpus, CC BY 4.0,
# see `deepface_models/demo/clips/ATTRIBUTION.md`); no network needed.

# %%
import keras
import numpy as np
from _common import SYNTHETIC, arguments, load_faces, save, tiles
from keras import layers, ops

from deepface_models.media import grid
from deepface_models.models.autoencoders import ConvolutionalAutoencoder

args = arguments("06_what_layers_see")
people = load_faces(args)
x_train = np.concatenate([faces[1:] for faces in people.values()])
face = people["s1"][0]

# %%
model = ConvolutionalAutoencoder((64, 64, 3), widths=(16, 16, 8))
model.compile()
model.fit(x_train, epochs=1 if args.tiny else 40, batch_size=16, verbose=0)

# %% [markdown]
# ## Each layer's maps for one face
#
# A part of the model that ends at some layer is a model of its own. Bright is where a
# map responds; each is scaled by itself. The maps get smaller and say less about
# pixels, until the decoder turns them back into a face.


# %%
def maps_of(part, batch):
    ends = [layer.output for layer in part.layers if isinstance(layer, layers.Conv2D)]
    every = keras.Model(part.inputs, ends).predict(batch, verbose=0)
    return [np.moveaxis(maps[0], -1, 0) for maps in every]  # (maps, height, width)


def scaled(maps):
    low, high = maps.min(axis=(1, 2)), maps.max(axis=(1, 2))
    return (maps.T - low).T / np.maximum(high - low, 1e-6)[:, None, None]


batch = face[None] / 255
down = maps_of(model.encoder, batch)
up = maps_of(model.decoder, model.encode(batch))[:-1]  # the last one is the image
rows = [tiles(scaled(maps), 64) for maps in (*down, *up)]
rows = [tiles(batch, 64), *rows, tiles(model.reconstruct(batch), 64)]
labels = ["face", *(f"encoder {i + 1}" for i in range(len(down)))]
labels += [*(f"decoder {i + 1}" for i in range(len(up))), "drawn (synthetic)"]
save(args, "maps", grid(rows, labels=labels), SYNTHETIC)

# %% [markdown]
# ## What excites a map the most?
#
# Training changes the weights to suit an image. Here it is the other way round: the
# weights stay as they are and the image is trained. A table of images (an
# `Embedding`) is looked up by number, and the "loss" is minus how strongly map number
# i responds to image number i, so that plain `fit` climbs to it, on every backend.


# %%
def images_that_excite(layer, steps):
    count, shape = layer.output.shape[-1], model.data_shape
    seen_by_layer = keras.Model(model.encoder.inputs, layer.output)
    seen_by_layer.trainable = False
    gray = keras.initializers.RandomNormal(stddev=0.1, seed=0)
    canvas = keras.Sequential(
        [
            layers.Embedding(count, int(np.prod(shape)), gray),
            layers.Reshape(shape),
            layers.Activation("sigmoid"),
        ]
    )
    climb = keras.Sequential([canvas, seen_by_layer])

    def minus_response(which, maps):
        return -ops.mean(ops.mean(maps, axis=(1, 2)) * which, axis=-1)

    climb.compile(keras.optimizers.Adam(0.05), minus_response)
    numbers, which = np.arange(count), np.eye(count, dtype="float32")
    before = -climb.evaluate(numbers, which, batch_size=count, verbose=0)
    climb.fit(numbers, which, batch_size=count, epochs=steps, verbose=0)
    after = -climb.evaluate(numbers, which, batch_size=count, verbose=0)
    return canvas.predict(numbers, verbose=0), before, after


# %%
rows, gains = [], []
for layer in model.encoder.layers:
    if isinstance(layer, layers.Conv2D):
        images, before, after = images_that_excite(layer, 5 if args.tiny else 150)
        gains.append(after / max(before, 1e-9))
        print(f"{layer.name}: mean response {before:.3f} to noise, {after:.3f} now")
        rows.append(tiles(images, 64))
names = [f"encoder {i + 1}" for i in range(len(rows))]
save(args, "excite", grid(rows, labels=names), SYNTHETIC)

# %% [markdown]
# The first layer asks for colors and edges, deeper ones for textures of the size
# of their field of view. A map whose image stays gray is dead: nothing excites it.
