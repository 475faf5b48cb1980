//! The nouns of pullmedic. Pure data: no I/O, no clock, no Kubernetes client.
//!
//! - [`cause`]: the closed vocabulary of causes and what a person should know about each.
//! - [`stage`], [`endpoint`]: where in a pull, and at which host, something happened.
//! - [`mod@reference`]: an image string taken apart by the rules of the distribution grammar.
//! - [`object`]: the few fields of Kubernetes objects that we read, decoded tolerantly.
//! - [`hypothesis`]: what a text suggests.
//! - [`sighting`]: one container seen unable to pull.
//! - [`incident`]: sightings of one root cause over time, and what their correlation is told.
//! - [`resource`]: the custom resources that a cluster keeps of them, and of registries.
//! - [`finding`], [`report`]: sightings of one cause with their verdict, and the public form of all of them.
//! - [`subject`]: a finding as a remedy sees it.
//! - [`mod@probe`], [`verdict`]: the replay of a pull as data, and what is held of a container after it.
//! - [`check`]: images that have not failed yet, and what was found about them.
//! - [`shell`]: words for commands that can be pasted.
//! - [`capture`]: text from outside, redacted and capped before anything else sees it; [`echo`]: logins told back in it.

pub mod capture;
pub mod cause;
pub mod check;
pub mod echo;
pub mod endpoint;
pub mod finding;
pub mod hypothesis;
pub mod incident;
pub mod object;
pub mod probe;
pub mod reference;
pub mod report;
pub mod resource;
pub mod shell;
pub mod sighting;
pub mod stage;
pub mod subject;
pub mod verdict;

pub use capture::Captured;
pub use cause::{Actor, Cause, Clears, Grade, Group};
pub use check::CheckReport;
pub use endpoint::Endpoint;
pub use finding::{Certainty, Finding};
pub use hypothesis::{Confidence, Hypothesis};
pub use incident::Incident;
pub use reference::Reference;
pub use report::Report;
pub use sighting::Sighting;
pub use stage::Stage;
pub use subject::Subject;
pub use verdict::Verdict;
