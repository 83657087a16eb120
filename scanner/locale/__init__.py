"""The words that visitors and staff read, one TOML file a language."""

from scanner.locale.texts import LocaleError, Texts, languages

__all__ = ["LocaleError", "Texts", "languages"]
