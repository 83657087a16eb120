"""What devices are measured with: streams with damage, and people before a thermometer."""
