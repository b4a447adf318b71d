"""Shares the in-process service with the web tests."""

from tests.web.conftest import client, make_client, quick, shared_client

__all__ = ["client", "make_client", "quick", "shared_client"]
