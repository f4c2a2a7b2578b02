"""Finds the subpackages of the repository's folders, which install below `kernwright` (see pyproject.toml)."""
from setuptools import find_packages, setup

FOLDERS = ("kernels", "workers", "search", "configs")
found = find_packages(include=[pattern for folder in FOLDERS for pattern in (folder, f"{folder}.*")])
setup(packages=["kernwright", *(f"kernwright.{name}" for name in found)])
