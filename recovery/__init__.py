# SPDX-License-Identifier: GPL-3.0-or-later
"""Injects faults into a pipeline on the sandbox under write load, and compares every written change with every received event."""
