# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox holds: it survives kills, and it leaves the machine as it was."""
