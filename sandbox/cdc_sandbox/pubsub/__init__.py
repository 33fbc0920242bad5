"""Pub/Sub of the sandbox: builds the Go program of `sandbox/pubsub`, makes its certificate, starts and stops it."""
