"""Isolation: a warm process that is forked for every build and measurement, and the limits a fork runs under."""
from .client import Child, ChildFailure, SandboxError, WarmProcess
from .limits import Limits

__all__ = ["Child", "ChildFailure", "Limits", "SandboxError", "WarmProcess"]
