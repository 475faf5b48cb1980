//! The console over real connections on this machine: what it answers, what a client may cost it, and whether what it
//! says of its metrics is OpenMetrics.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

mod asked;
mod bounds;
mod exposition;
mod series;
