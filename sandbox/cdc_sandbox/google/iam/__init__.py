"""IAM, IAM Credentials and Resource Manager: projects, service accounts, keys, policies, and who may do what.

`service.py` says which file answers which method.  `accounts.py` keeps service accounts and keys, `tokens.py` logs callers in,
`permissions.py` judges them by `policies.py`, `roles.py` and `conditions.py`.
"""
