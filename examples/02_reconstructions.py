# %% [markdown]
# # Originals over reconstructions
#
# Four autoencoders learn digits and draw digits that they have never seen.
#
# - **Shows**: a row of originals over a row of reconstructions for each model, and
#   its error beside its number of weights and the size of its code.
# - **Takes**: 1 minute on two cores.
# - **Expect**: an MSE of 0.0055 (dense), 0.0050 (sparse), 0.0063 (deep) and 0.0053
#   (convolutional) on scikit-learn's digits; the mean of all digits has 0.0623.
#
# Without arguments it takes scikit-learn's small digits, which need no network.
# `--data mnist` or `--data fashion` take the larger sets.

# %%
import numpy as np
from _common import arguments, load, save

from deepface_models.callbacks import ReconstructionGrid
from deepface_models.models.autoencoders import (
    ConvolutionalAutoencoder,
    DeepAutoencoder,
    DenseAutoencoder,
    SparseAutoencoder,
    reconstruction_rows,
)

args = arguments("02_reconstructions")
(x_train, _), (x_test, _) = load(args)
shape = x_train.shape[1:]

# %% [markdown]
# ## One model
#
# `fit(x)` needs no target: the input is the target. The callback draws an image
# every few epochs, so that you can watch the model learn.

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
# ## Its relatives, on the same data for as many epochs
#
# The convolutional model has the fewest weights but the largest code, 128 numbers
# instead of 32: its error says little about which network is better.

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
    drawn = model.reconstruct(x_test)
    mse[name] = float(np.mean((drawn[..., 0] - x_test / 255) ** 2))
    weights, code = model.count_params(), model.encode(x_test[0]).size
    print(f"{name:14} {weights:7,} weights, code {code:3}, MSE {mse[name]:.4f}")

# %% [markdown]
# What would the mean of all digits score? An error only means something beside
# another one.

# %%
mean = x_train.mean(axis=0) / 255
print(f"the mean digit  MSE {np.mean((mean - x_test / 255) ** 2):.4f}")
