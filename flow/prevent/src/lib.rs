//! Images that have not failed yet: what to ask of them, and what to say.
//!
//! - [`Walk`]: the whole pull of one image, request by request, as far as it goes.

mod walk;

pub use walk::{Depth, Walk, Walked};
