"""Sheets that people hold in their hands: a code on paper with its instructions, ready for a printer."""
