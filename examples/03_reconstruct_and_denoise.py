# %% [markdown]
# # Reconstruct, then repair
#
# Four autoencoders reconstruct digits that they never saw. A fifth gets noisy digits,
# and learns to reconstruct the clean ones: it must know what a digit looks like.
#
# - **Shows**: originals over reconstructions for each model, its error, number of
#   parameters and code size; clean, noisy and denoised digits beside OpenCV's non-local
#   means.
# - **Takes**: 2 minutes on two cores.
# - **Expect**: an MSE of 0.0055 (dense), 0.0050 (sparse), 0.0063 (deep) and 0.0053
#   (convolutional), the mean of all digits 0.0623; a PSNR of 21 to 22 dB for noisy
#   digits of 9.3 dB, where non-local means gets 13.7 dB.
#
# By default the data are scikit-learn's small digits, which need no download. `--data
# mnist` or `--data fashion` use larger data sets.

# %%
import cv2
import numpy as np
from _common import arguments, load, save, tiles

from deepface_models.callbacks import ReconstructionGrid
from deepface_models.media import grid
from deepface_models.models.autoencoders import (
    ConvolutionalAutoencoder,
    DeepAutoencoder,
    DenoisingAutoencoder,
    DenseAutoencoder,
    SparseAutoencoder,
    reconstruction_rows,
)

args = arguments("03_reconstruct_and_denoise")
(x_train, _), (x_test, _) = load(args)
shape = x_train.shape[1:]

# %% [markdown]
# ## One model
#
# `fit(x)` needs no target: the input is the target. The callback saves an image of
# reconstructions every few epochs, so that you can follow the training.

# %%
epochs = 2 if args.tiny else 50
watch = ReconstructionGrid(
    x_test[:10], args.output / "while_learning", every=epochs // 2
)

model = DenseAutoencoder(shape)
model.compile()
model.fit(x_train, epochs=epochs, verbose=0, callbacks=[watch])
model.summary()
save(args, "dense", reconstruction_rows(model, x_test[:10]))

# %% [markdown]
# ## Three other models, with the same data and number of epochs
#
# The convolutional model has the fewest parameters but the largest code, 128 numbers
# instead of 32. Its error alone does not show which network is better.

# %%
models = {
    "dense": model,
    "sparse": SparseAutoencoder(shape),
    "deep": DeepAutoencoder(shape),
    "convolutional": ConvolutionalAutoencoder(shape),
}
mse = {}
for name, model in models.items():
    if name != "dense":
        model.compile()
        model.fit(x_train, epochs=epochs, verbose=0)
        save(args, name, reconstruction_rows(model, x_test[:10]))
    decoded = model.reconstruct(x_test)
    mse[name] = float(np.mean((decoded[..., 0] - x_test / 255) ** 2))
    parameters, code = model.count_params(), model.encode(x_test[0]).size
    print(f"{name:14} {parameters:7,} parameters, code {code:3}, MSE {mse[name]:.4f}")

# %% [markdown]
# As a baseline: the error of the mean of all training digits. An error is meaningful
# only in comparison with another one.

# %%
mean = x_train.mean(axis=0) / 255
print(f"the mean digit  MSE {np.mean((mean - x_test / 255) ** 2):.4f}")

# %% [markdown]
# ## Denoising
#
# This model adds new noise to every batch of clean digits by itself. The loss compares
# its output with the clean digits.

# %%
x_test = x_test[:300]
model = DenoisingAutoencoder(x_train.shape[1:], noise="gaussian", amount=0.5)
model.compile()
model.fit(x_train, epochs=2 if args.tiny else 40, verbose=0)

# %%
noisy = model.corrupt(x_test, seed=1)
denoised = model.reconstruct(noisy)

# %% [markdown]
# ## The classical method
#
# Non-local means averages similar patches and needs no training. Its strength `h` must
# be chosen: we try several values and keep the best one. This favors non-local means,
# because the choice needs the clean images.


# %%
def psnr(images):
    clean = x_test[..., None] / 255
    return float(
        np.mean(-10 * np.log10(np.mean((images - clean) ** 2, axis=(1, 2, 3))))
    )


def non_local_means(h):
    as_uint8 = np.rint(noisy[..., 0] * 255).astype("uint8")
    cleaned = [cv2.fastNlMeansDenoising(image, h=h) for image in as_uint8]
    return np.stack(cleaned)[..., None] / 255


classical = max(map(non_local_means, range(20, 201, 20)), key=psnr)

# %%
results = {"noisy": noisy, "non-local means": classical, "autoencoder": denoised}
psnrs = {name: psnr(images) for name, images in results.items()}
for name, value in psnrs.items():
    print(f"{name:16} {value:5.2f} dB")

rows = [x_test, *results.values()]
image = grid([tiles(row[:10]) for row in rows], labels=["clean", *results])
save(args, "denoising", image)

# %% [markdown]
# ## Try
#
# 1. Which of the four models is best? Make their codes equally large before you answer.
# 2. Denoise a photo of your own with this network. Then read [how to train one for
#    it](../guides/denoise.md).
# 3. Train with `amount=0.2`, and test on noise of 0.5, and the other way round.
#
# <details><summary>Answers</summary>
#
# 1. The convolutional code has 128 numbers, the others 32; a fair comparison has equal
#    ones. There is no best model without a code size and a kind of image.
# 2. It draws strokes like those of digits into it: it knows nothing else.
# 3. Noise that is stronger than in training stays; weaker noise is taken away, with
#    some detail. Train for the noise that you have.
#
# </details>
