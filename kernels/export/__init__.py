"""Export: a champion as one file that runs without Kernwright."""
from .champion import champion_source
from .standing import standing_source

__all__ = ["champion_source", "standing_source"]
