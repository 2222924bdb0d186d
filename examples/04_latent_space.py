# %% [markdown]
# # The latent space
#
# The encoder turns an image into a few numbers, its *code* or latent vector. What do
# the numbers mean? What is between two codes, and what is their sum?
#
# - **Shows**: what each number of a code adds to an image (base vectors),
#   interpolation, arithmetic with codes, and the classes as a map.
# - **Takes**: half a minute on two cores.
# - **Expect**: an MSE of 0.0157 with eight numbers; for 90% of the digits the nearest
#   code is one of the same class, for 95% the nearest image.
#
# The data are scikit-learn's small digits, which need no download.

# %%
import numpy as np
from _common import arguments, load, save, tiles

from deepface_models.media import grid
from deepface_models.models.autoencoders import DeepAutoencoder, latent_scatter

args = arguments("04_latent_space")
(x_train, y_train), (x_test, y_test) = load(args)
model = DeepAutoencoder(x_train.shape[1:], widths=(256, 64, 8))
model.compile()
model.fit(x_train, epochs=2 if args.tiny else 80, verbose=0)
codes, known = model.encode(x_test), model.encode(x_train)
mse = float(np.mean((model.reconstruct(x_test)[..., 0] - x_test / 255) ** 2))
print(f"{x_test[0].size} pixels, {codes.shape[1]} numbers, MSE {mse:.4f}")

# %% [markdown]
# ## Base vectors
#
# A vector is a sum of base vectors: (3, 2) is 3 times (1, 0) plus 2 times (0, 1). For a
# code, the base vectors are the single numbers. Each row starts at the mean code and
# changes one number from its smallest to its largest usual value.
# No number stands for a thing that has a name: training asks only that all of them
# together describe the image. A row that never changes is a *dead* number: the
# activation ReLU cuts off what is below 0, and what is 0 for every image is not trained
# any more.

# %%
mean, low, high = known.mean(0), *np.percentile(known, (2, 98), axis=0)
rows = []
for number in range(codes.shape[1]):
    walk = np.tile(mean, (9, 1))
    walk[:, number] = np.linspace(low[number], high[number], 9)
    rows.append(tiles(model.decode(walk)))
save(args, "base", grid(rows, labels=[f"number {i + 1}" for i in range(len(rows))]))

# %% [markdown]
# ## Between two codes
#
# Half of one code plus half of another is a code, too. Decoded, it is one digit; half
# of one image plus half of another shows two digits at once.

# %%
zero, one = (np.flatnonzero(y_test == digit)[0] for digit in (0, 1))
weight = np.linspace(0, 1, 9)[:, None]
between = model.decode((1 - weight) * codes[zero] + weight * codes[one])
blended = (1 - weight[..., None]) * x_test[zero] + weight[..., None] * x_test[one]
image = grid([tiles(between), tiles(blended / 255)], labels=["codes", "pixels"])
save(args, "between", image)

# %% [markdown]
# ## Arithmetic
#
# The mean code of all threes minus that of all eights is the *direction* from eight to
# three. Added to the code of one eight, it should open it on the left, and keep its
# slant and thickness.

# %%
means = {digit: known[y_train == digit].mean(0) for digit in range(10)}
eights = codes[y_test == 8][:9]
moved = [model.decode(eights + t * (means[3] - means[8])) for t in (0, 0.5, 1)]
labels = ["8", "+ (3 - 8) / 2", "+ (3 - 8)"]
save(args, "arithmetic", grid([tiles(row) for row in moved], labels=labels))

# %% [markdown]
# ## Classes
#
# Nobody told the network which digit is which, but equal digits look alike, so their
# codes lie together. Each test digit gets the class of its nearest training digit: by
# code, and by pixels for comparison. Guessing would be right one time in ten.


# %%
def accuracy(test, train):
    distances = ((test[:, None] - train[None]) ** 2).sum(-1)
    return float(np.mean(y_train[distances.argmin(1)] == y_test))


flat = [x.reshape(len(x), -1) / 255 for x in (x_test, x_train)]
by_code, by_pixels = accuracy(codes, known), accuracy(*flat)
print(f"right by {codes.shape[1]} numbers: {by_code:.0%}, by pixels: {by_pixels:.0%}")

# %% [markdown]
# The two directions in which the codes differ most, as a map:

# %%
save(args, "classes", latent_scatter(codes, y_test))

# %% [markdown]
# ## Try
#
# 1. Walk beyond the usual values: `np.linspace(3 * low, 3 * high)`. What do you see?
# 2. Which pair of digits has the shortest way between their mean codes? Guess first.
# 3. Use two numbers instead of eight. What happens to MSE, arithmetic and map?
#
# <details><summary>Answers</summary>
#
# 1. Nothing that is a digit: the decoder was never trained there. [Chapter
#    6](06_sampling.ipynb) makes a space without such holes.
# 2. `min((np.linalg.norm(means[a] - means[b]), a, b) for a in means for b in means if a
#    < b)`. Digits that are drawn alike are near: 1 and 8, 3 and 9, depending on the
#    training.
# 3. The MSE grows, digits that look alike become one, and the map is the space itself.
#
# </details>
