# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox survives killed processes and interrupted commands, and leaves the machine as it was."""
