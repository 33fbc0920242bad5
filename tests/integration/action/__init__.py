"""Tests of the action plugin with Ansible itself.  A package, so that they share names of files with other tests."""
