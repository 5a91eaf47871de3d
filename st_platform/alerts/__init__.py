"""Telling people what broke: what a message says (`message`) and how it gets out (`channel`).

Knows Apprise and nothing of Dagster: whoever finds a problem hands it over as plain values.
"""

from st_platform.alerts.channel import Channel, DeliveryFailed, InvalidChannel
from st_platform.alerts.message import Message, Problem, Severity, messages

__all__ = ["Channel", "DeliveryFailed", "InvalidChannel", "Message", "Problem", "Severity", "messages"]
