"""A bucket of an object store that speaks S3: a put is whole or not at all, and one under `If-None-Match` happens once.

Credentials, region and endpoint are those that the AWS tools use: `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

from lakedrift.errors import StoreError, StoreWriteError, UsageError, reason

__all__ = ["Bucket"]

T = TypeVar("T")
MISSING = ("404", "NoSuchKey")
TAKEN = ("412", "PreconditionFailed", "409", "ConditionalRequestConflict")


class Bucket:
    """A bucket, below a prefix.

    Parameters
    ----------
    client
        A client of boto3.
    bucket, prefix
        Where names begin; the prefix is empty or ends in `/`.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    @classmethod
    def at(cls, place: str) -> Self:
        """Open `s3://bucket/prefix`.

        Raises
        ------
        UsageError
            If boto3 is not installed.
        """
        try:
            import boto3
        except ImportError as error:
            msg = "storing in S3 takes boto3, which is not installed"
            raise UsageError(msg, hint="pip install 'lakedrift[s3]'") from error
        bucket, _, prefix = place.partition("://")[2].partition("/")
        folder = prefix.rstrip("/")
        return cls(boto3.client("s3"), bucket, f"{folder}/" if folder else "")

    def get(self, name: str) -> bytes | None:
        """Return what is there, None where nothing is."""
        found = self._ask("read", name, lambda at: self._client.get_object(**at)["Body"].read(), MISSING)
        return bytes(found) if found is not None else None

    def put(self, name: str, data: bytes) -> None:
        """Put bytes there; StoreWriteError where that cannot be done."""
        self._ask("write", name, lambda at: self._client.put_object(**at, Body=data))

    def put_new(self, name: str, data: bytes) -> bool:
        """Put bytes there unless something is; return whether they were put."""
        put = self._ask("write", name, lambda at: self._client.put_object(**at, Body=data, IfNoneMatch="*"), TAKEN)
        return put is not None

    def names(self, folder: str) -> list[str]:
        """Return the names in `folder/`, sorted."""
        found = (entry for page in self._pages(folder, "/") for entry in page.get("Contents", ()))
        return sorted(entry["Key"].rpartition("/")[2] for entry in found)

    def folders(self, folder: str) -> list[str]:
        """Return what comes between `folder/` and the next `/` of some names, sorted."""
        found = (entry for page in self._pages(folder, "/") for entry in page.get("CommonPrefixes", ()))
        return sorted(entry["Prefix"].split("/")[-2] for entry in found)

    def remove_folder(self, folder: str) -> None:
        """Remove all names that begin with `folder/`."""
        for page in self._pages(folder, ""):
            for entry in page.get("Contents", ()):
                self.remove(entry["Key"][len(self._prefix) :])

    def _pages(self, folder: str, delimiter: str) -> list[dict[str, Any]]:
        pages, start = self._client.get_paginator("list_objects_v2"), f"{self._prefix}{folder}/"
        asked = {"Bucket": self._bucket, "Prefix": start, "Delimiter": delimiter}
        return self._ask("list", folder, lambda _: list(pages.paginate(**asked))) or []

    def remove(self, name: str) -> None:
        """Remove what is there, if anything is."""
        self._ask("remove", name, lambda at: self._client.delete_object(**at))

    def sweep(self, name: str = "") -> None:
        """Nothing is ever left unfinished."""

    def _ask(self, verb: str, name: str, ask: Callable[[dict[str, str]], T], expected: tuple[str, ...] = ()) -> T | None:
        """Return the answer, None where it is one of the refusals expected."""
        from botocore.exceptions import BotoCoreError, ClientError

        place = f"s3://{self._bucket}/{self._prefix}{name}"
        try:
            return ask({"Bucket": self._bucket, "Key": f"{self._prefix}{name}"})
        except ClientError as error:
            if str(error.response.get("Error", {}).get("Code")) in expected:
                return None
            why: Exception = error
        except BotoCoreError as error:
            why = error
        msg = f"cannot {verb} {place!r}: {reason(why)}"
        raise (StoreWriteError if verb in ("write", "remove") else StoreError)(msg) from why
