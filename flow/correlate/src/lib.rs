//! Waiting containers and verdicts to incidents and their life: one incident a cause, from the first second to its end.
//!
//! Pure and synchronous: time comes with what is told, and equal inputs give equal incidents, ids included. What
//! happens at one moment may be told in any order.
//!
//! - [`Correlator`]: is told one thing at a time ([`Correlator::take`]) and says what changed, when time next matters
//!   ([`Correlator::due`]) and which proofs are wanted ([`Correlator::wants`]).
//! - [`Settings`]: debounce, quiet, reopening, caps.
//! - [`Queue`]: which of the proofs that are wanted is run next, fair between namespaces and registries.
//! - [`recording`]: what was told, as a file, and its replay.
//! - `cause`: what each cause means for an incident, in one table. `key`: what makes containers one incident, and which
//!   of them one proof answers. `groups`: joining, splitting and merging. `life`: phases. `scope`: how far a fault
//!   reaches, by comparison with `pulls`. `pace`: when it is asked about again, `news`: when sooner.

mod agenda;
mod cause;
mod correlator;
mod groups;
mod intake;
mod judged;
mod key;
mod life;
mod live;
mod member;
mod news;
mod pace;
mod pulls;
mod queue;
mod ran;
pub mod recording;
mod restore;
mod scope;
mod settings;
mod summary;
mod timeline;
mod wanted;
mod wants;

pub use correlator::Correlator;
pub use queue::{Limits, Queue};
pub use settings::Settings;
pub use wanted::{Change, Wanted, Weight, Why};
