# %% [markdown]
# # Extra: how well does an autoencoder compress?
#
# Bits per image, compared with JPEG of the same quality and with principal components
# (PCA) of the same code size.
#
# - **Shows**: similarity (SSIM) over bits of autoencoder, PCA and JPEG for held-out
#   digits, and the size of the decoder.
# - **Takes**: 2 minutes on two cores.
# - **Expect**: 16 numbers of 5 bits, 80 bits an image, at an SSIM of 0.906 on
#   scikit-learn's digits; PCA has 0.871 with as many bits; JPEG needs 512 bits without
#   its tables and 3,056 with them. With 32 numbers PCA is better: 0.951 and 0.916.
#
# By default the data are scikit-learn's small digits, which need no download.

# %%
import cv2
import numpy as np
from _common import arguments, load, save, tiles
from keras import ops

from deepface_models.losses import dssim
from deepface_models.media import grid
from deepface_models.models.autoencoders import DeepAutoencoder

args = arguments("11_compression")
(x_train, _), (x_test, _) = load(args)
x_test = x_test[:300]
clean = x_test[..., None] / 255


def ssim(images):
    maps = dssim(np.float32(clean), np.float32(images.reshape(clean.shape)))
    return float(1 - 2 * ops.convert_to_numpy(ops.mean(maps)))


# %% [markdown]
# ## Quantized codes
#
# A float32 code needs 32 bits per number, most of which are noise. So each number is
# rounded to one of `2 ** bits` levels between the minimum and the maximum of the
# training data: bits per image = numbers x bits. Both methods are quantized in the same
# way.


# %%
def quantized(codes, like, bits):
    low, high = like.min(axis=0), like.max(axis=0)
    step = np.maximum(high - low, 1e-6) / (2**bits - 1)
    return low + step * np.clip(np.rint((codes - low) / step), 0, 2**bits - 1)


# %% [markdown]
# ## PCA
#
# The best linear encoder and decoder for the squared error, before quantization. The
# singular value decomposition computes it without training.

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
# A JPEG file of such a small image consists mostly of tables, which are the same for
# all images. So two sizes are given: the whole file, and the data after the tables.


# %%
def jpeg(quality):
    files = [
        cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for x in x_test
    ]
    data = [len(file) - file.tobytes().index(b"\xff\xda") for file in files]
    decoded = [cv2.imdecode(file, cv2.IMREAD_GRAYSCALE) for file in files]
    whole = 8 * np.mean([file.size for file in files])
    return np.stack(decoded) / 255, whole, 8 * np.mean(data)


# %% [markdown]
# ## At equal SSIM
#
# For each code size: the lowest JPEG quality with at least the same SSIM. Low JPEG
# qualities differ much, and there is a lowest one, so the file may be better than
# necessary. The table therefore has its SSIM, too.

# %%
jpegs = [jpeg(quality) for quality in range(1, 100, 20 if args.tiny else 1)]
similar = [ssim(decoded) for decoded, *_ in jpegs]
bits, table = 5, []
print("         autoencoder   PCA   JPEG at the same similarity")
print("numbers  bits   SSIM   SSIM  SSIM  bits without tables  whole file")
for size in sizes:
    ours, linear = ssim(autoencoder(size, bits)), ssim(pca(size, bits))
    above = [i for i, value in enumerate(similar) if value >= ours]
    match = above[0] if above else len(jpegs) - 1
    decoded, whole, data = jpegs[match]
    table.append((size * bits, ours, linear, data, whole))
    print(
        f"{size:7} {size * bits:5} {ours:6.3f} {linear:6.3f} {similar[match]:5.3f} "
        f"{data:20.0f} {whole:11.0f}"
    )

# %% [markdown]
# JPEG has a minimum size: that of its lowest quality.

# %%
print(
    f"JPEG at quality 1: SSIM {similar[0]:.3f}, {jpegs[0][2]:.0f} bits without tables"
)

# %% [markdown]
# The decoder has to be transmitted once, too. After how many images does it pay off?

# %%
size, (code_bits, ours, _, data, whole) = sizes[2], table[2]
decoder_bits = 32 * models[size].decoder.count_params()
print(f"The decoder of {size} numbers: {decoder_bits / 8e6:.2f} MB, pays off after")
print(f"{decoder_bits / (data - code_bits):,.0f} images beside JPEG without tables,")
print(f"{decoder_bits / (whole - code_bits):,.0f} beside whole JPEG files")

# %%
above = [
    images for (images, *_), value in zip(jpegs, similar, strict=True) if value >= ours
]
rows = {
    f"original, {8 * x_test[0].size:,} bits": x_test,
    f"autoencoder, {code_bits} bits": autoencoder(size, bits),
    f"PCA, {code_bits} bits": pca(size, bits).reshape(x_test.shape),
    f"JPEG, {data:.0f} bits and tables": above[0] if above else jpegs[-1][0],
}
image = grid([tiles(row[:10]) for row in rows.values()], labels=list(rows))
save(args, "compression", image)
