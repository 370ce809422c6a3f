# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers say in NETCONF, for peer.py."""
