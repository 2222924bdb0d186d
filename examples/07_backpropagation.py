# %% [markdown]
# # One step of backpropagation, number by number
#
# A network with 17 parameters is trained for one step by hand, in NumPy, and then by
# Keras. Both give the same weights.
#
# - **Shows**: forward pass, chain rule and gradient step; a diagram of the network.
# - **Takes**: seconds on two cores, nearly all of them to import Keras.
# - **Expect**: a loss of 0.0865 before the step and 0.0809 after it, and weights
#   that differ from those of Keras by at most 1e-6.

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
# An autoencoder for three numbers: it compresses them to two and reconstructs them.
# Each layer is `sigmoid(x @ w + b)`; row i, column j of `w` connects input i to output
# j.

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
# ## Forward pass
#
# The output should equal the input; the loss is the mean squared difference.

# %%
hidden, output, loss = forward(w1, b1, w2, b2)
print("input  ", x)
print("hidden ", hidden)
print("output ", output)
print(f"loss    {loss:.4f}")

# %% [markdown]
# ## Backward pass
#
# The chain rule, from the loss back to the first layer: how much does the loss change
# if a number changes a little? Each line multiplies the result of an earlier line by
# the derivative of one more operation.

# %%
d_output = 2 * (output - x) / 3  # derivative of the mean square
d_sum2 = d_output * output * (1 - output)  # derivative of the sigmoid
d_w2, d_b2 = np.outer(hidden, d_sum2), d_sum2
d_hidden = w2 @ d_sum2  # the same weights, transposed
d_sum1 = d_hidden * hidden * (1 - hidden)
d_w1, d_b1 = np.outer(x, d_sum1), d_sum1

names = ("d_output", "d_sum2", "d_w2", "d_hidden", "d_sum1", "d_w1")
for name in names:
    print(f"{name}\n{globals()[name]}")

# %% [markdown]
# Is that right? Compare with a finite difference: change one weight a little.

# %%
nudge = np.zeros_like(w1)
nudge[0, 1] = 1e-4
up, down = forward(w1 + nudge, b1, w2, b2)[2], forward(w1 - nudge, b1, w2, b2)[2]
print(
    f"by the chain rule {d_w1[0, 1]:.8f}, by finite difference {(up - down) / 2e-4:.8f}"
)

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
# ## The same step in Keras

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
# ## A diagram
#
# The circles show the activations of the forward pass, the lines the gradient of each
# weight. The thicker the line, the more the weight changes: blue weights increase,
# orange ones decrease.


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
