# %% [markdown]
# # A space without holes: variational autoencoders
#
# Between the codes of a plain autoencoder there are holes, which decode to nothing. A
# *variational* autoencoder turns an image into a small cloud instead of a point, and a
# second loss, the KL divergence, pulls all clouds together around 0. So every point
# near 0 belongs to some cloud, decodes to a digit, and new digits can be drawn at
# random. Here each code has two numbers, so that the whole space can be plotted.
#
# - **Shows**: the latents of the test digits, colored by class (labels are not used for
#   training), the decoded latents of a grid, and new digits sampled from the prior.
# - **Takes**: 1 minute on two cores.
# - **Expect**: a loss of 275 on scikit-learn's test digits, 6.3 of which is the KL
#   loss; for 81% the nearest training digit in latent space has the same class.
#
# By default the data are scikit-learn's small digits, which need no download.

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

args = arguments("06_sampling")
(x_train, y_train), (x_test, y_test) = load(args)

# %% [markdown]
# ## Training
#
# The loss has two parts: the reconstruction loss, and the KL divergence of the code
# from a standard normal distribution (`kl_loss`). The weight of the second part starts
# small, so that the codes first spread out.

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
# Each test digit is plotted at its two latents.

# %%
codes = model.encode(x_test)
save(args, "scatter", latent_scatter(codes, y_test))

# %% [markdown]
# How well are the classes separated? Each test digit gets the class of the nearest
# training digit in latent space. Guessing would be right one time in ten.

# %%
distances = ((codes[:, None] - model.encode(x_train[:5000])[None]) ** 2).sum(axis=-1)
accuracy = float(np.mean(y_train[distances.argmin(axis=1)] == y_test))
print(f"{accuracy:.0%} have a nearest neighbor of their own class")

# %% [markdown]
# ## A grid of latents, decoded
#
# Classes change into each other smoothly. The axes are those of the map.

# %%
save(args, "grid", latent_grid(model, count=15))

# %% [markdown]
# ## New digits
#
# Codes sampled from the standard normal distribution, decoded.

# %%
samples = tiles(model.sample(30, seed=0))
save(args, "samples", grid([samples[:10], samples[10:20], samples[20:]]))

# %% [markdown]
# ## Try
#
# 1. Train with `beta=0` and with `beta=20`. How do loss, map and new digits change?
# 2. Use `latent_size=8`. Are the reconstructions better? Are the samples?
# 3. Call `model.fit_prior(x_train)` before `model.sample`. What has it changed?
#
# <details><summary>Answers</summary>
#
# 1. 0 leaves holes, as in [chapter 4](04_latent_space.ipynb): many samples are nothing.
#    20 makes all clouds alike: every sample is nearly the same gray digit.
# 2. The reconstructions are better; samples need not be, because more of the space lies
#    between the classes.
# 3. It moves and turns the codes so that their mean is 0 and their numbers are
#    uncorrelated: reconstructions stay, samples come from where the digits are.
#
# </details>
