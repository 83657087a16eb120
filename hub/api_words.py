"""What the routes of the API describe themselves with in the OpenAPI document."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from hub.problems import MEDIA_TYPE

CBOR_TYPE = "application/cbor"
BINARY = {"type": "string", "format": "binary"}
CBOR_ANSWER: dict[str, object] = {"description": "Deterministic CBOR", "content": {CBOR_TYPE: {"schema": BINARY}}}
DeviceId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Device id, hexadecimal.")]


class ProblemDocument(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str | None = None
    known_size: int | None = Field(None, description="409: entries of this log that the hub has.")
    known_root: str | None = Field(None, description="409: root of the known log, hexadecimal.")


def refusals(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Describe answers that refuse, all in one form."""
    content = {MEDIA_TYPE: {"schema": ProblemDocument.model_json_schema()}}
    return {status: {"description": "Refused", "content": content} for status in statuses}
