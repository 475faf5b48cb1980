//! The view of a node: its runtime, hosts and trust files, read from a copy.
