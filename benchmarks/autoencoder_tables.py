"""The tables of `autoencoders.py`."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from harness import markdown

CLOSE, FAST = 0.02, 1.05  # the loss within, the time at most
SAME_BITS = 11  # numbers of float32 that take as much room as 49 codes of 7 bits


def beside_plain(models: dict[str, Any]) -> str:
    rows = []
    for name, m in models.items():
        row = [name, f"{m['parameters']:,}", f"{m['loss']:.4f}"]
        if "plain_loss" not in m:
            rows.append([*row, "", "", seconds(m["seconds"]), "", ""])
            continue
        low, middle, high = m["time_quartiles"]
        row += [f"{m['plain_loss']:.4f}", f"{m['loss_ratio']:.4f}"]
        row += [seconds(m["seconds"]), seconds(m["plain_seconds"])]
        rows.append([*row, f"{middle:.3f} ({low:.2f} to {high:.2f})"])
    head = ("model", "parameters", "held-out loss", "plain's", "ratio", "s an epoch")
    return markdown((*head, "plain's", "ratio (quartiles)"), rows)


def beside_pca(models: dict[str, Any], pca: dict[str, Any]) -> str:
    rows = []
    for name, m in models.items():
        if str(m["numbers"]) not in pca:
            continue
        p = pca[str(m["numbers"])]
        values = (m["mse"], p["mse"], m["bce"], p["bce"])
        rows.append([name, str(m["numbers"]), *(f"{value:.4f}" for value in values)])
    head = ("model", "numbers a code", "MSE", "PCA's", "BCE", "PCA's")
    return markdown(head, rows)


def denoised(models: dict[str, Any], found: dict[str, Any]) -> str:
    nlm = "OpenCV non-local means, h={}, patch {}"
    rows = [
        ["noisy", found["noisy"]],
        [nlm.format(*found["nlm_default_patch_settings"]), found["nlm_default_patch"]],
        [nlm.format(*found["nlm_settings"]), found["nlm"]],
        [f"PCA, {found['pca_components']} components", found["pca"]],
    ]
    if "denoising" in models:
        rows.append(["plain Keras script", models["denoising"]["plain_psnr"]])
        rows.append(["DenoisingAutoencoder, same noise", models["denoising"]["psnr"]])
    if "denoising_fresh" in models:
        own = models["denoising_fresh"]["psnr"]
        rows.append(["DenoisingAutoencoder, fresh noise each batch", own])
    return markdown(("images", "PSNR (dB)"), [[a, f"{b:.2f}"] for a, b in rows])


def notes(models: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    floor = found["bce_floor"]
    yield f"A perfect reconstruction has a BCE of {floor:.4f}: pixels are gray."
    for name in ("dense", "sparse"):
        if name in models:
            m = models[name]
            yield (
                f"Codes of {name}: {m['code_mean']:.2f} on average, "
                f"{m['code_zeros']:.0%} are 0."
            )
    if "masked" in models:
        m = models["masked"]
        yield (
            f"Hidden patches: MSE {m['hidden_mse']:.4f} (masked), "
            f"{m['linear_hidden_mse']:.4f} (best linear guess from the seen pixels)."
        )
    if "vector_quantized" in models:
        yield (
            f"A code of vector_quantized takes 43 bytes, as {SAME_BITS} numbers of "
            f"float32; PCA with those: MSE {found['pca'][str(SAME_BITS)]['mse']:.4f}."
        )
    for name, m in models.items():
        if abs(m.get("loss_ratio", 1.0) - 1.0) > CLOSE:
            yield f"MISSED: the loss of {name} is {m['loss_ratio']:.3f} of the plain's."
        ratio = m.get("time_quartiles", (1.0, 1.0))[1]
        if ratio > FAST:
            work = m["processor_quartiles"][1]
            yield (
                f"MISSED: {name} takes {ratio:.3f} of the plain's time ({work:.3f} of "
                "its processor time, which a busy machine disturbs less)."
            )


def seconds(epochs: list[float]) -> str:
    """The median epoch, without the first, which compiles."""
    return f"{statistics.median(epochs[1:] or epochs):.2f}"
