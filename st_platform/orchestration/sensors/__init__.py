"""Sensors: `alerts` tells people what broke, `marts` asks for models whose sources changed."""
