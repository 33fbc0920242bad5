"""Tests of the Google modules against the stand-in and Pub/Sub.  A package, so that they share names of files with the unit tests."""
