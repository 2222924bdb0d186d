# %% [markdown]
# # Convolution, and what layers see
#
# A convolution slides one small window of weights over an image: the same neuron, at
# every place. A convolutional autoencoder is trained on faces. How does each layer
# respond to a face, and which image activates each of its feature maps the most?
#
# - **Shows**: one convolution by hand; the feature maps of every layer for one face;
#   for each map of the encoder, the image that activates it most, found by gradient
#   ascent from gray noise.
# - **Takes**: 1 minute on two cores.
# - **Expect**: the mean activation of the three layers becomes 2 to 4 times that for
#   gray noise.
#
# Data: two speakers of the clips that ship with the package (GRID corpus, CC BY 4.0,
# see `deepface_models/demo/clips/ATTRIBUTION.md`); no download needed.

# %%
import keras
import numpy as np
from _common import SYNTHETIC, arguments, load_faces, save, tiles
from keras import layers, ops

from deepface_models.media import grid
from deepface_models.models.autoencoders import ConvolutionalAutoencoder

args = arguments("05_what_layers_see")
people = load_faces(args)
x_train = np.concatenate([faces[1:] for faces in people.values()])
face = people["s1"][0]

# %% [markdown]
# ## One convolution by hand
#
# Nine weights: the pixel on the right minus the one on the left. Slid over a face, they
# answer where it gets lighter from left to right. Nobody wrote the weights of the
# layers below; training found them.

# %%
gray = face.mean(axis=-1) / 255
window = np.array([[-1.0, 0.0, 1.0]] * 3)
rows, columns = (size - 2 for size in gray.shape)
edges = np.array(
    [
        [(gray[y : y + 3, x : x + 3] * window).sum() for x in range(columns)]
        for y in range(rows)
    ]
)
by_keras = ops.conv(gray[None, ..., None], window[..., None, None])
print(f"largest difference to Keras: {np.abs(edges - by_keras[0, ..., 0]).max():.1e}")
save(args, "edges", grid([tiles(np.stack([gray[1:-1, 1:-1], edges / 2 + 0.5]), 128)]))

# %%
model = ConvolutionalAutoencoder((64, 64, 3), widths=(16, 16, 8))
model.compile()
model.fit(x_train, epochs=1 if args.tiny else 40, batch_size=16, verbose=0)

# %% [markdown]
# ## The feature maps of one face
#
# The layers of the model up to any layer are a model, too. Bright areas are where a map
# is active; each map is scaled separately. The maps become smaller and more abstract,
# until the decoder turns them back into a face.


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
labels += [*(f"decoder {i + 1}" for i in range(len(up))), "reconstructed (synthetic)"]
save(args, "maps", grid(rows, labels=labels), SYNTHETIC)

# %% [markdown]
# ## What activates a map the most?
#
# Training usually changes the weights for given images. Here the weights are fixed and
# the images are trained. An `Embedding` layer holds the images, and the loss is minus
# the activation of map i for image i, so that plain `fit` maximizes the activation, on
# every backend.


# %%
def activating_images(layer, steps):
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
    ascent = keras.Sequential([canvas, seen_by_layer])

    def minus_activation(which, maps):
        return -ops.mean(ops.mean(maps, axis=(1, 2)) * which, axis=-1)

    ascent.compile(keras.optimizers.Adam(0.05), minus_activation)
    numbers, which = np.arange(count), np.eye(count, dtype="float32")
    before = -ascent.evaluate(numbers, which, batch_size=count, verbose=0)
    ascent.fit(numbers, which, batch_size=count, epochs=steps, verbose=0)
    after = -ascent.evaluate(numbers, which, batch_size=count, verbose=0)
    return canvas.predict(numbers, verbose=0), before, after


# %%
rows, gains = [], []
for layer in model.encoder.layers:
    if isinstance(layer, layers.Conv2D):
        images, before, after = activating_images(layer, 5 if args.tiny else 150)
        gains.append(after / max(before, 1e-9))
        print(f"{layer.name}: mean activation {before:.3f} for noise, {after:.3f} now")
        rows.append(tiles(images, 64))
names = [f"encoder {i + 1}" for i in range(len(rows))]
save(args, "excite", grid(rows, labels=names), SYNTHETIC)

# %% [markdown]
# The first layer responds to colors and edges, deeper ones to textures of the size of
# their receptive field. A map whose image stays gray is dead: nothing activates it.
#
# ## Try
#
# 1. Write a window that blurs, and one that finds horizontal edges.
# 2. How large is the part of the image that one number of the third layer sees?
# 3. Feed the network a picture of a cat. Which layer still gives a good picture of it?
#
# <details><summary>Answers</summary>
#
# 1. Nine times 1/9; and the window above, transposed.
# 2. 3 pixels after the first convolution, 8 after pooling and the second, 18 after the
#    third: each pooling doubles the step.
# 3. The first: edges are edges. What follows expects faces.
#
# </details>
