from tests.short_folder import tmp_path

__all__ = ["tmp_path"]
