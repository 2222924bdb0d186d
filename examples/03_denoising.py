# %% [markdown]
# # Noisy over clean
#
# An autoencoder gets noisy digits and learns to reconstruct the clean ones.
#
# - **Shows**: clean, noisy and denoised digits, and the result of OpenCV's non-local
#   means for the same noise.
# - **Takes**: 1 minute on two cores.
# - **Expect**: a PSNR of 21.5 dB on scikit-learn's digits; the noisy ones have 9.3 dB,
#   and non-local means gets 13.7 dB.
#
# By default the data are scikit-learn's small digits, which need no download.

# %%
import cv2
import numpy as np
from _common import arguments, load, save, tiles

from deepface_models.media import grid
from deepface_models.models.autoencoders import DenoisingAutoencoder

args = arguments("03_denoising")
(x_train, _), (x_test, _) = load(args)
x_test = x_test[:300]

# %% [markdown]
# ## Training
#
# The model adds new noise to every batch of clean digits by itself. The loss compares
# its output with the clean digits.

# %%
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
