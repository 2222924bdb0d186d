# %% [markdown]
# # Originals over reconstructions
#
# Four autoencoders are trained on digits and reconstruct digits that they never saw.
#
# - **Shows**: a row of originals over a row of reconstructions for each model, and
#   its error, number of parameters and code size.
# - **Takes**: 1 minute on two cores.
# - **Expect**: an MSE of 0.0055 (dense), 0.0050 (sparse), 0.0063 (deep) and 0.0053
#   (convolutional) on scikit-learn's digits; the mean of all digits has
#   0.0623.
#
# By default the data are scikit-learn's small digits, which need no download.
# `--data mnist` or `--data fashion` use larger data sets.

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
