"""Tests of the PostgreSQL modules against a real server.  A package, so that they share names of files with the unit tests."""
