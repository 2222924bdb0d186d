# %% [markdown]
# # How well does an autoencoder compress?
#
# Bits per image, honestly counted, against JPEG at the same quality and against
# principal components (PCA) with as many numbers.
#
# - **Shows**: similarity (SSIM) over bits for autoencoder, PCA and JPEG on digits that
#   none of them has seen, and what the decoder costs on top.
# - **Takes**: 2 minutes on two cores.
# - **Expect**: 16 numbers of 5 bits, 80 bits an image, at an SSIM of 0.907 on
#   scikit-learn's digits; PCA has 0.871 with as many, JPEG takes 512 bits without its
#   tables, 3,056 with them. With 32 numbers PCA is ahead: 0.951 to 0.922.
#
# Without arguments it takes scikit-learn's small digits, which need no network.

# %%
import cv2
import numpy as np
from _common import arguments, load, save, tiles
from keras import ops

from deepface_models.losses import dssim
from deepface_models.media import grid
from deepface_models.models.autoencoders import DeepAutoencoder

args = arguments("08_compression")
(x_train, _), (x_test, _) = load(args)
x_test = x_test[:300]
clean = x_test[..., None] / 255


def ssim(images):
    maps = dssim(np.float32(clean), np.float32(images.reshape(clean.shape)))
    return float(1 - 2 * ops.convert_to_numpy(ops.mean(maps)))


# %% [markdown]
# ## Codes of whole numbers
#
# A code of float32 numbers would cost 32 bits each, most of them noise. Round each
# number to one of `2 ** bits` steps between the least and the largest that the
# training data needs: bits per image = numbers x bits. Both methods get the same.


# %%
def quantized(codes, like, bits):
    low, high = like.min(axis=0), like.max(axis=0)
    step = np.maximum(high - low, 1e-6) / (2**bits - 1)
    return low + step * np.clip(np.rint((codes - low) / step), 0, 2**bits - 1)


# %% [markdown]
# ## PCA
#
# The best that any linear encoder and decoder can do, for squared error and before
# rounding; the singular value decomposition finds it, without training.

# %%
flat = x_train.reshape(len(x_train), -1) / 255
mean = flat.mean(axis=0)
directions = np.linalg.svd(flat - mean, full_matrices=False)[2]


def pca(size, bits):
    axes = directions[:size]
    test = x_test.reshape(len(x_test), -1) / 255
    codes = quantized((test - mean) @ axes.T, (flat - mean) @ axes.T, bits)
    return np.clip(mean + codes @ axes, 0, 1)


# %% [markdown]
# ## Autoencoder

# %%
sizes = (4, 8, 16, 32)
models = {}
for size in sizes:
    models[size] = DeepAutoencoder(x_train.shape[1:], widths=(256, 128, size))
    models[size].compile()
    models[size].fit(x_train, epochs=2 if args.tiny else 60, verbose=0)


def autoencoder(size, bits):
    model = models[size]
    return model.decode(quantized(model.encode(x_test), model.encode(x_train), bits))


# %% [markdown]
# ## JPEG
#
# A JPEG file of so small an image is mostly tables, the same ones for all images.
# Counted are therefore both the whole file and what follows the tables.


# %%
def jpeg(quality):
    files = [
        cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for x in x_test
    ]
    data = [len(file) - file.tobytes().index(b"\xff\xda") for file in files]
    drawn = np.stack([cv2.imdecode(file, cv2.IMREAD_GRAYSCALE) for file in files]) / 255
    whole = 8 * np.mean([file.size for file in files])
    return drawn, whole, 8 * np.mean(data)


# %% [markdown]
# ## At equal SSIM
#
# For each code: the lowest JPEG quality with at least its SSIM. JPEG's low qualities
# lie far apart, and it cannot go below the first of them, so the file may be better
# than needed: its own SSIM stands beside it.

# %%
cascade = [jpeg(quality) for quality in range(1, 100, 20 if args.tiny else 1)]
similar = [ssim(drawn) for drawn, *_ in cascade]
bits, table = 5, []
print("         autoencoder   PCA   JPEG at the same similarity")
print("numbers  bits   SSIM   SSIM  SSIM  bits without tables  whole file")
for size in sizes:
    ours, linear = ssim(autoencoder(size, bits)), ssim(pca(size, bits))
    above = [i for i, value in enumerate(similar) if value >= ours]
    match = above[0] if above else len(cascade) - 1
    drawn, whole, data = cascade[match]
    table.append((size * bits, ours, linear, data, whole))
    print(
        f"{size:7} {size * bits:5} {ours:6.3f} {linear:6.3f} {similar[match]:5.3f} "
        f"{data:20.0f} {whole:11.0f}"
    )

# %% [markdown]
# JPEG has a floor: at its lowest quality it still takes so many bits.

# %%
print(
    f"JPEG at quality 1: SSIM {similar[0]:.3f}, {cascade[0][2]:.0f} bits without tables"
)

# %% [markdown]
# The decoder has to be sent too, once. After how many images is it paid for?

# %%
size, (code_bits, ours, _, data, whole) = sizes[2], table[2]
decoder_bits = 32 * models[size].decoder.count_params()
print(f"The decoder of {size} numbers: {decoder_bits / 8e6:.2f} MB, paid for after")
print(f"{decoder_bits / (data - code_bits):,.0f} images beside JPEG without tables,")
print(f"{decoder_bits / (whole - code_bits):,.0f} beside whole JPEG files")

# %%
above = [
    drawn for (drawn, *_), value in zip(cascade, similar, strict=True) if value >= ours
]
rows = {
    f"original, {8 * x_test[0].size:,} bits": x_test,
    f"autoencoder, {code_bits} bits": autoencoder(size, bits),
    f"PCA, {code_bits} bits": pca(size, bits).reshape(x_test.shape),
    f"JPEG, {data:.0f} bits and tables": above[0] if above else cascade[-1][0],
}
image = grid([tiles(row[:10]) for row in rows.values()], labels=list(rows))
save(args, "compression", image)
