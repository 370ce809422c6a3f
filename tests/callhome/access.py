# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers may do by rules (RFC 8341), for peer.py. Each of them takes one call or more."""
