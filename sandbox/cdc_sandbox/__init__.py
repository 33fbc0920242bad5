"""The sandbox: everything one pipeline needs, on this machine alone, with no cloud account.

It knows nothing of the collection's plugins; the two meet only in options that every user has (endpoints, a kubeconfig, host
names).  Start reading at `cli.py` (what the commands do) and `settings.py` (which folders, addresses and ports are used).
"""
