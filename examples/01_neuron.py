# %% [markdown]
# # A neuron, and how it learns
#
# A neuron multiplies each of its inputs by a weight, adds the products and a bias, and
# squeezes the sum into 0 to 1. Learning changes weights and bias a little, so that the
# output comes nearer to what it should be. Everything in this course is made of this.
#
# - **Shows**: one neuron by hand; then one step of backpropagation through a network of
#   17 numbers, in NumPy and in Keras; a diagram of the network.
# - **Takes**: seconds on two cores, nearly all of them to import Keras.
# - **Expect**: a loss of 0.0865 before the step and 0.0809 after it, and weights that
#   differ from those of Keras by at most 1e-6.

# %%
import keras
import numpy as np
from _common import arguments, save
from PIL import Image, ImageDraw, ImageFont

args = arguments("01_neuron")
np.set_printoptions(precision=4, suppress=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# %% [markdown]
# ## One neuron
#
# Two inputs and two weights. The output is far from the target, 1. How much does the
# loss, the squared difference, change if a weight changes a little? By the chain rule,
# multiply: the loss by the output, the output by the sum, the sum by the weight. This
# slope is the weight's *gradient*. A step against it makes the loss smaller; many steps
# are a training.

# %%
inputs, weights, bias, target = np.array([0.5, -1.0]), np.array([0.2, 0.4]), 0.0, 1.0
for step in range(5):
    y = sigmoid(inputs @ weights + bias)
    print(
        f"step {step}: weights {weights}, output {y:.4f}, loss {(y - target) ** 2:.4f}"
    )
    slope = 2 * (y - target) * y * (1 - y)  # of the loss, by the sum
    weights, bias = weights - 2.0 * slope * inputs, bias - 2.0 * slope

# %% [markdown]
# ## A network
#
# This one is an autoencoder for three numbers: it compresses them to two and
# reconstructs them. Each layer is `sigmoid(x @ w + b)`; row i, column j of `w` connects
# input i to output j.

# %%
x = np.array([0.9, 0.1, 0.5])
w1 = np.array([[0.4, -0.2], [0.1, 0.5], [-0.3, 0.2]])
b1 = np.array([0.1, -0.1])
w2 = np.array([[0.6, -0.4, 0.3], [-0.1, 0.2, -0.5]])
b2 = np.array([0.0, 0.1, 0.2])


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

# %% [markdown]
# ## Try
#
# 1. Give the single neuron a target of 0. Which way do the weights go, and why do the
#    two go in opposite directions?
# 2. Set `rate = 50`. What happens to the loss, and why?
# 3. Repeat the step 1,000 times by hand. Can three numbers go through two?
#
# <details><summary>Answers</summary>
#
# 1. The sum must fall, so the weight of the positive input falls and that of the
#    negative input rises: a gradient is the slope times the input, with its sign.
# 2. The slope is true for small changes only. A long step lands beyond the valley; the
#    loss can rise.
# 3. For one example, yes, almost exactly: the bias alone could do it. For many
#    different examples, only if they follow a rule. The next chapter shows that.
#
# </details>
