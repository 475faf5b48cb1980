//! Verdicts to graded remedies, as exact changes.
