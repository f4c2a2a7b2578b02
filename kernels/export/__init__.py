"""Export: a champion as one file that runs without Kernwright."""
from .champion import champion_source

__all__ = ["champion_source"]
