//! Images that have not failed yet: what to ask of them, and what to say. Pure.
//!
//! - [`in_manifest`], [`in_workload`], [`in_pod`]: who asks for which images; [`ImagePath`]: where custom resources do.
//! - [`Walk`]: the whole pull of one image, request by request, as far as it goes.
//! - [`resolved`], [`platform_of`], [`holds_no_image`]: what its answers hold.
//! - [`selected`], [`coverage`]: platforms that nodes have and images lack.
//! - [`Running`]: whether a tag has moved since a pod pulled it.
//! - [`traps`]: what will bite later in how an image is asked for; [`pinned`]: the image by its digest.

mod asked;
mod content;
mod moved;
mod path;
mod platform;
mod trap;
mod walk;

pub use asked::{Account, Asked, account_in_manifest, in_manifest, in_pod, in_workload, owner_of};
pub use content::{holds_no_image, platform_of, resolved};
pub use moved::{Moved, Running, running_digest};
pub use path::{ImagePath, NotAPath};
pub use platform::{Coverage, coverage, selected};
pub use trap::{pinned, traps};
pub use walk::{Depth, Walk, Walked};
