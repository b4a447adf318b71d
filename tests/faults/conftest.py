"""Shares the in-process service with the web tests."""

from tests.web.conftest import client, eventually, make_client

__all__ = ["client", "eventually", "make_client"]
