//! What to ask next, and what the answers prove.
