"""A stand-in for Google's REST APIs: Cloud SQL Admin, IAM, Resource Manager, Service Networking, Secret Manager and the token endpoint.

`server.py` listens, `application.py` takes each request through log-in, checks and permission to its service, `services.py` says which
service answers which method, and `process.py` starts and stops it all.  `contract/` checks requests and answers against Google's own
discovery documents, `iam/` knows callers and policies, `cloudsql/` has the instances; small services are files beside them.
"""
