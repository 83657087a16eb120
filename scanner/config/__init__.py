"""The appliance's configuration: `config.toml` to frozen models, with every problem reported at once."""

from scanner.config.loader import load, load_document
from scanner.config.model import Configuration
from scanner.config.problems import ConfigError, Problem, describe
from scanner.config.reader import Document

__all__ = ["ConfigError", "Configuration", "Document", "Problem", "describe", "load", "load_document"]
