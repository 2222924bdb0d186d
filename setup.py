"""Which packages there are; everything else is in setup.cfg."""

from setuptools import find_packages, setup

# `weights/` lies beside the code and is installed inside of it (see setup.cfg).
packages = find_packages(include=["deepface_models*"])
setup(packages=[*packages, "deepface_models.weights"])
