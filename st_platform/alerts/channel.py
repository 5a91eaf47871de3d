"""How a message leaves: one Apprise URL (Slack, Teams, e-mail, PagerDuty, ntfy, a webhook …), tried several times.

Knows Apprise and its habit of answering False instead of raising. The URL holds a secret and is shown only masked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import stamina

from st_platform.alerts.message import Message, Severity

ATTEMPTS = 3
TIMEOUT_SECONDS = 20


class InvalidChannel(Exception):
    """The alert URL is none that Apprise can use."""

    what = "the alert URL is of no kind that Apprise knows"
    where = "ST_ALERT_URL"
    fix = "See https://github.com/caronc/apprise/wiki for the form of each service, e.g. ntfy://host/topic."

    def __init__(self) -> None:
        super().__init__(f"{self.what} ({self.where}). {self.fix}")


class DeliveryFailed(Exception):
    """The channel took no message, however often it was tried."""

    def __init__(self, where: str, attempts: int) -> None:
        self.what = f"an alert could not be delivered in {attempts} attempts"
        self.where = where
        self.fix = "Check ST_ALERT_URL and whether the service answers; `st-platform doctor` tries it."
        super().__init__(f"{self.what} ({self.where}). {self.fix}")


class _NotTaken(Exception):
    pass


class Channel:
    """Where alerts go.

    >>> Channel("json://127.0.0.1:8080/").send(message)

    Raises:
        InvalidChannel: Apprise does not understand `url`.
    """

    def __init__(self, url: str, *, attempts: int = ATTEMPTS, first_wait: float = 1.0) -> None:
        import apprise

        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None:
            raise InvalidChannel
        if "overflow=" not in url:
            service.overflow_mode = apprise.OverflowMode.SPLIT
        self._apprise = apprise.Apprise()
        self._apprise.add(service)
        self._attempts = attempts
        self._first_wait = first_wait
        self.address = _masked(service.url(privacy=True))

    def send(self, message: Message) -> None:
        """Deliver `message`, or raise.

        Raises:
            DeliveryFailed: no attempt was taken.
        """
        try:
            for attempt in stamina.retry_context(
                on=_NotTaken, attempts=self._attempts, timeout=None, wait_initial=self._first_wait, wait_max=10
            ):
                with attempt:
                    self._try(message)
        except _NotTaken as error:
            raise DeliveryFailed(self.address, self._attempts) from error

    def _try(self, message: Message) -> None:
        import apprise

        taken = self._apprise.notify(
            body=message.body,
            title=message.title,
            notify_type=apprise.NotifyType.FAILURE
            if message.severity is Severity.ERROR
            else apprise.NotifyType.WARNING,
            body_format=apprise.NotifyFormat.TEXT,
            timeout=TIMEOUT_SECONDS,
        )
        if not taken:
            raise _NotTaken


def _masked(url: str) -> str:
    """Service and host only: some services keep their token in the path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/…"
