//! The replay of a pull as data: what is asked, what came back, and what it is about.
//!
//! - [`ask`]: one request to make, with everything but secret values.
//! - [`record`]: what became of it, stage by stage; records in order are a transcript.
//! - [`class`]: the kinds of refusal that are compared, `verdict.md`'s "status class".
//! - [`login`]: a credential by name; its values live in the adapter that sends it.
//! - [`route`]: the hosts that a runtime asks for an image, in order.
//! - [`manifest`]: a manifest as far as we read it, tolerant of broken ones.
//! - [`case`]: all that is known of a container before anything is asked.

pub mod ask;
pub mod case;
pub mod class;
pub mod login;
pub mod manifest;
pub mod record;
pub mod route;

pub use ask::{Ask, What};
pub use case::Case;
pub use class::Class;
pub use login::{Login, LoginName};
pub use record::{Answer, Certificate, Ended, Got, Record, Step};
pub use route::{Host, Role, Route};
