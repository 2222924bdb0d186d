"""Autoencoders: those of the Keras tutorial, and generative and masked ones."""

from deepface_models.models.autoencoders.adversarial import AdversarialAutoencoder
from deepface_models.models.autoencoders.base import Autoencoder
from deepface_models.models.autoencoders.beta import BetaVAE
from deepface_models.models.autoencoders.components import principal_components
from deepface_models.models.autoencoders.convolutional import ConvolutionalAutoencoder
from deepface_models.models.autoencoders.corruption import corrupt
from deepface_models.models.autoencoders.deep import DeepAutoencoder
from deepface_models.models.autoencoders.denoising import DenoisingAutoencoder
from deepface_models.models.autoencoders.dense import DenseAutoencoder
from deepface_models.models.autoencoders.favorites import layer_favorites
from deepface_models.models.autoencoders.images import (
    latent_grid,
    latent_walk,
    reconstruction_rows,
)
from deepface_models.models.autoencoders.maps import layer_maps, map_layers
from deepface_models.models.autoencoders.masked import MaskedAutoencoder
from deepface_models.models.autoencoders.scatter import latent_scatter
from deepface_models.models.autoencoders.sequence import SequenceAutoencoder
from deepface_models.models.autoencoders.sparse import SparseAutoencoder
from deepface_models.models.autoencoders.variational import VariationalAutoencoder
from deepface_models.models.autoencoders.vector_quantized import (
    VectorQuantizedAutoencoder,
)

__all__ = [
    "AdversarialAutoencoder",
    "Autoencoder",
    "BetaVAE",
    "ConvolutionalAutoencoder",
    "DeepAutoencoder",
    "DenoisingAutoencoder",
    "DenseAutoencoder",
    "MaskedAutoencoder",
    "SequenceAutoencoder",
    "SparseAutoencoder",
    "VariationalAutoencoder",
    "VectorQuantizedAutoencoder",
    "corrupt",
    "latent_grid",
    "latent_scatter",
    "latent_walk",
    "layer_favorites",
    "layer_maps",
    "map_layers",
    "principal_components",
    "reconstruction_rows",
]
