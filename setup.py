"""Which packages there are; everything else is in setup.cfg."""

from setuptools import find_packages, setup

# `weights/` lies beside the code and is installed inside of it (see setup.cfg).
setup(packages=[*find_packages(include=["deepface_models*"]), "deepface_models.weights"])
