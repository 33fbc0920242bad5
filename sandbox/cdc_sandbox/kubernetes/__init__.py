"""The sandbox's Kubernetes: the real one, built from source, with a control plane and one node on this machine."""
