# %% [markdown]
# # Noisy over clean
#
# An autoencoder sees noisy digits and learns to draw the clean ones.
#
# - **Shows**: clean, noisy and denoised digits, and OpenCV's non-local means on the
#   same noise.
# - **Takes**: 1 minute on two cores.
# - **Expect**: a PSNR of 21.5 dB on scikit-learn's digits; the noisy ones have 9.3 dB,
#   and non-local means gets 13.7 dB.
#
# Without arguments it takes scikit-learn's small digits, which need no network.

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
# ## Learn
#
# The model adds fresh noise to every batch of clean digits by itself and compares
# what it draws with the clean ones.

# %%
model = DenoisingAutoencoder(x_train.shape[1:], noise="gaussian", amount=0.5)
model.compile()
model.fit(x_train, epochs=2 if args.tiny else 40, verbose=0)

# %%
noisy = model.corrupt(x_test, seed=1)
denoised = model.reconstruct(noisy)

# %% [markdown]
# ## The classical way
#
# Non-local means averages patches that look alike; it learns nothing. Its strength `h`
# is a choice: we try many and keep the best, which is more than fair, since that takes
# the clean images to know.


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
found = {"noisy": noisy, "non-local means": classical, "autoencoder": denoised}
psnrs = {name: psnr(images) for name, images in found.items()}
for name, value in psnrs.items():
    print(f"{name:16} {value:5.2f} dB")

rows = [x_test, *found.values()]
image = grid([tiles(row[:10]) for row in rows], labels=["clean", *found])
save(args, "denoising", image)
