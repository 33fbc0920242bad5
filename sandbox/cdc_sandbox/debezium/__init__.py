"""Debezium Server for the sandbox: the real distribution, in an image made on this machine."""
