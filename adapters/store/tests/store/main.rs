//! The history on real files: what is kept, what is found again, and what every fault of a disk or a file does to it.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod built;
mod faults;
mod full;
mod keeping;
mod killed;
mod room;
