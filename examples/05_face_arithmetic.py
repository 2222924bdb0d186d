# %% [markdown]
# # Sums with faces
#
# A face as a vector: go from one to the other in a straight line, or add what makes
# the one differ from the other.
#
# - **Shows**: a walk between two people through the latent space, beside fading the
#   images into each other, and a person plus the difference of two people.
# - **Takes**: 1 minute on two cores.
# - **Expect**: an MSE of 0.0017 on held-out faces; sums at a distance of 0.033 to the
#   nearest face of the other person and 0.129 to that of their own.
#
# Data: two speakers of the clips that ship with the package (GRID corpus, CC BY 4.0,
# see `deepface_models/demo/clips/ATTRIBUTION.md`); no network needed. Everything drawn
# here is synthetic, and its file says so; label it if you show it.

# %%
import numpy as np
from _common import SYNTHETIC, arguments, load_faces, save, tiles

from deepface_models.callbacks import KLWarmup
from deepface_models.media import grid
from deepface_models.models.autoencoders import VariationalAutoencoder

args = arguments("05_face_arithmetic")
people = load_faces(args)
held_out = {name: faces[::10] for name, faces in people.items()}
taken = [np.delete(f, np.s_[::10], axis=0) for f in people.values()]
x_train = np.concatenate(taken)

# %% [markdown]
# ## Learn
#
# One model for both people. It is not told who is who. Every tenth face is held out.

# %%
epochs = 1 if args.tiny else 80
model = VariationalAutoencoder((64, 64, 3), 32, "convolutional", beta=20.0)
model.compile()
warmup = KLWarmup(epochs=max(1, epochs // 2))
model.fit(x_train, epochs=epochs, callbacks=[warmup], verbose=0)

faces = np.concatenate(list(held_out.values()))
mse = float(np.mean((model.reconstruct(faces) - faces / 255) ** 2))
print(f"MSE {mse:.4f} on {len(faces)} held-out faces")

# %% [markdown]
# ## Interpolation
#
# Above the walk from one code to the other, decoded; below the two images faded
# into each other. Fading shows two faces at once; a good latent space shows one.

# %%
steps = 8
a, b = held_out["s1"][0], held_out["mb"][0]
walk = model.interpolate(a, b, steps)
share = np.linspace(0, 1, steps).reshape(-1, 1, 1, 1)
fade = (1 - share) * a / 255 + share * b / 255
image = grid(
    [tiles(walk, 64), tiles(fade, 64)],
    labels=["latent (synthetic)", "pixels (synthetic)"],
)
save(args, "interpolation", image, SYNTHETIC)

# %% [markdown]
# ## Arithmetic
#
# The mean code of a person is what all their images have in common. The difference
# of two such means turns the one person into the other and should leave expression
# and pose as they are, because both people have them.

# %%
means = {name: model.encode(found).mean(axis=0) for name, found in people.items()}
shown = held_out["s1"][:8]
codes = model.encode(shown)
half = codes + 0.5 * (means["mb"] - means["s1"])
whole = codes + (means["mb"] - means["s1"])
rows = {
    "s1": shown,
    "drawn (synthetic)": model.decode(codes),
    "+ (mb - s1) / 2 (synthetic)": model.decode(half),
    "+ (mb - s1) (synthetic)": model.decode(whole),
}
image = grid([tiles(row, 64) for row in rows.values()], labels=list(rows))
save(args, "arithmetic", image, SYNTHETIC)

# %% [markdown]
# Did it work? Each sum should lie nearer to the other person's faces than to its own
# person's.


# %%
def distance(drawn, name):
    apart = drawn[:, None] - people[name][None, ::4] / 255
    return float(np.sqrt((apart**2).mean(axis=(2, 3, 4)).min(axis=1)).mean())


near = {name: distance(model.decode(whole), name) for name in people}
print(
    "distance of the sums to the nearest face: "
    + ", ".join(f"{v:.3f} to {k}" for k, v in near.items())
)
