# %% [markdown]
# # A map of digits
#
# A variational autoencoder squeezes each digit into two numbers, so that the latent
# space can be drawn on paper.
#
# - **Shows**: where each test digit lies, colored by class (which the model was never
#   told), what lies everywhere else, and digits drawn from nothing.
# - **Takes**: 1 minute on two cores.
# - **Expect**: a loss of 276 on scikit-learn's test digits, 6.2 of it for the prior,
#   and 82% of them nearest to a digit of their own class.
#
# Without arguments it takes scikit-learn's small digits, which need no network.

# %%
import numpy as np
from _common import arguments, load, save, tiles

from deepface_models.callbacks import KLWarmup
from deepface_models.media import grid
from deepface_models.models.autoencoders import (
    VariationalAutoencoder,
    latent_grid,
    latent_scatter,
)

args = arguments("04_latent_space")
(x_train, y_train), (x_test, y_test) = load(args)

# %% [markdown]
# ## Learn
#
# The loss has two parts: how well the digit is drawn, and how far its code is from a
# standard normal distribution (`kl_loss`). The second part starts weak, so that the
# codes first find places apart from each other.

# %%
epochs = 2 if args.tiny else 150
model = VariationalAutoencoder(x_train.shape[1:], latent_size=2, widths=(256, 64))
model.compile()
model.fit(x_train, epochs=epochs, callbacks=[KLWarmup(epochs=epochs // 2)], verbose=0)
losses = model.evaluate(x_test, verbose=0, return_dict=True)
print(", ".join(f"{name} {value:.1f}" for name, value in losses.items()))

# %% [markdown]
# ## The map
#
# Each digit that the model has not seen, at its two numbers.

# %%
codes = model.encode(x_test)
save(args, "scatter", latent_scatter(codes, y_test))

# %% [markdown]
# How well do classes keep apart? Give each test digit the class of the nearest
# training digit on the map; guessing would be right one time in ten.

# %%
apart = ((codes[:, None] - model.encode(x_train[:5000])[None]) ** 2).sum(axis=-1)
right = float(np.mean(y_train[apart.argmin(axis=1)] == y_test))
print(f"{right:.0%} have a nearest neighbor of their own class")

# %% [markdown]
# ## Every place on the map, decoded
#
# Classes turn into each other without a jump. Right is right and up is up, as in the
# scatter.

# %%
save(args, "grid", latent_grid(model, count=15))

# %% [markdown]
# ## Digits that nobody wrote
#
# Codes drawn from the standard normal distribution.

# %%
drawn = tiles(model.sample(30, seed=0))
save(args, "samples", grid([drawn[:10], drawn[10:20], drawn[20:]]))
