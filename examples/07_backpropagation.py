# %% [markdown]
# # One step of backpropagation, number by number
#
# A network of 17 numbers is trained for one step by hand, in numpy, and then by
# Keras. Both end with the same weights.
#
# - **Shows**: forward pass, chain rule, gradient step; an image of the network.
# - **Takes**: seconds on two cores, nearly all of it to start Keras.
# - **Expect**: a loss of 0.0865 before the step and 0.0809 after it, and no weight
#   that differs from Keras' by more than 1e-6.

# %%
import keras
import numpy as np
from _common import arguments, save
from PIL import Image, ImageDraw, ImageFont

args = arguments("07_backpropagation")
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## The network
#
# An autoencoder of three numbers: squeezed into two, then drawn again. Each layer is
# `sigmoid(x @ w + b)`; row i, column j of `w` leads from number i to number j.

# %%
x = np.array([0.9, 0.1, 0.5])
w1 = np.array([[0.4, -0.2], [0.1, 0.5], [-0.3, 0.2]])
b1 = np.array([0.1, -0.1])
w2 = np.array([[0.6, -0.4, 0.3], [-0.1, 0.2, -0.5]])
b2 = np.array([0.0, 0.1, 0.2])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(w1, b1, w2, b2):
    hidden = sigmoid(x @ w1 + b1)
    output = sigmoid(hidden @ w2 + b2)
    return hidden, output, np.mean((output - x) ** 2)


# %% [markdown]
# ## Forward
#
# The output should be the input; the loss is the mean squared difference.

# %%
hidden, output, loss = forward(w1, b1, w2, b2)
print("input  ", x)
print("hidden ", hidden)
print("output ", output)
print(f"loss    {loss:.4f}")

# %% [markdown]
# ## Backward
#
# The chain rule, from the loss back to the first layer: how much does the loss change
# if this number changes a little? Each line multiplies what came from the line above
# by the slope of one more operation.

# %%
d_output = 2 * (output - x) / 3  # slope of the mean square
d_sum2 = d_output * output * (1 - output)  # slope of the sigmoid
d_w2, d_b2 = np.outer(hidden, d_sum2), d_sum2
d_hidden = w2 @ d_sum2  # the same weights, walked backwards
d_sum1 = d_hidden * hidden * (1 - hidden)
d_w1, d_b1 = np.outer(x, d_sum1), d_sum1

names = ("d_output", "d_sum2", "d_w2", "d_hidden", "d_sum1", "d_w1")
for name in names:
    print(f"{name}\n{globals()[name]}")

# %% [markdown]
# Is that right? Nudge one weight and see what the loss does.

# %%
nudge = np.zeros_like(w1)
nudge[0, 1] = 1e-4
up, down = forward(w1 + nudge, b1, w2, b2)[2], forward(w1 - nudge, b1, w2, b2)[2]
print(f"by the chain rule {d_w1[0, 1]:.8f}, by nudging {(up - down) / 2e-4:.8f}")

# %% [markdown]
# ## The step
#
# Every weight moves against its gradient.

# %%
rate = 0.5
by_hand = [w1 - rate * d_w1, b1 - rate * d_b1, w2 - rate * d_w2, b2 - rate * d_b2]
loss_after = forward(*by_hand)[2]
print(f"loss {loss:.4f} -> {loss_after:.4f}")

# %% [markdown]
# ## The same step by Keras

# %%
layers = keras.layers
model = keras.Sequential(
    [
        keras.Input((3,)),
        layers.Dense(2, activation="sigmoid"),
        layers.Dense(3, activation="sigmoid"),
    ]
)
model.set_weights([w1, b1, w2, b2])
model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
model.train_on_batch(x[None], x[None])

pairs = zip(by_hand, model.get_weights(), strict=True)
difference = max(np.abs(ours - theirs).max() for ours, theirs in pairs)
print(f"largest difference of a weight: {difference:.1e}")
np.testing.assert_array_less(difference, 1e-6)  # Keras computes in float32

# %% [markdown]
# ## As an image
#
# In circles what flows forward; at the lines what flows back: the gradient of each
# weight. The thicker the line, the more this weight moves: blue ones grow, orange
# ones shrink.


# %%
def draw_network(values, gradients):
    image = Image.new("RGB", (1280, 720), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(28)
    places = [
        [np.array([200 + 440 * k, 720 * (i + 1) / (len(v) + 1)]) for i in range(len(v))]
        for k, v in enumerate(values)
    ]
    texts = []
    for k, gradient in enumerate(gradients):
        for (i, j), slope in np.ndenumerate(gradient):
            start, end = places[k][i], places[k + 1][j]
            color = (0, 114, 178) if slope < 0 else (213, 94, 0)
            draw.line([*start, *end], color, round(2 + 400 * abs(slope)))
            at = (0.26, 0.38)[j] if k == 0 else (0.74, 0.62)[i]  # clear of each other
            texts.append((start + (end - start) * at, f"{slope:+.4f}"))
    for at, text in texts:
        draw.text(
            tuple(at), text, "black", font, "mm", stroke_width=6, stroke_fill="white"
        )
    for layer, points in zip(values, places, strict=True):
        for value, point in zip(layer, points, strict=True):
            draw.circle(tuple(point), 56, "white", "black", 4)
            draw.text(tuple(point), f"{value:.3f}", "black", font, "mm")
    return np.array(image)


save(args, "network", draw_network([x, hidden, output], [d_w1, d_w2]))
