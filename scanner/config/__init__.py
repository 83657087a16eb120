"""The appliance's configuration: `config.toml` to frozen models, with every problem reported at once."""
