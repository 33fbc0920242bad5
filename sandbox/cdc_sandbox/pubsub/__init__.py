"""Pub/Sub in the sandbox: builds the Go program of `sandbox/pubsub`, issues its certificate, starts and stops it."""
