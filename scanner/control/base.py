"""What every message on the control socket is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Base of everything on the socket."""

    model_config = ConfigDict(extra="forbid", frozen=True)
