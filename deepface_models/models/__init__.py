"""The model zoo: autoencoders and face swaps."""
