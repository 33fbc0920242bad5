"""A stand-in for Google's REST APIs: Cloud SQL Admin, IAM, Resource Manager, Service Networking and the token endpoint.

`server.py` listens, `discovery.py` checks each request and each answer against Google's own discovery documents, `services.py` says
which module answers which method, and `process.py` starts and stops it all.
"""
