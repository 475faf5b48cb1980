//! Something asked for is not at its source.

mod content;
mod reference;

pub(super) use content::{BLOB_MISSING, CONTENT_CORRUPT, PLATFORM_MISMATCH, UNSUPPORTED_MANIFEST};
pub(super) use reference::{DIGEST_NOT_FOUND, NOT_FOUND_OR_DENIED, REPOSITORY_NOT_FOUND, TAG_NOT_FOUND};
