//! Remedies from what a replay showed: which, how graded, exact, undone, and harmless whatever a name holds.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod built;
mod causes;
mod exact;
mod files;
mod harm;
mod shell;
