"""The metadata server of the sandbox's node, with the paths of GKE's: a pod without a key gets tokens as its Kubernetes service account.

workloads.py   which pod has an address, and as whom it runs
credentials.py the token of a pod, in both forms of Workload Identity Federation for GKE
server.py      the paths
process.py     the program: up, down, status
"""
