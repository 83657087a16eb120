"""Who signs, and who opens sealed parts."""
