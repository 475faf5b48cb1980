//! The page of each cause.
use super::{Cause, Page};

static EMPTY: Page = Page { meaning: "", shows: &[], proof: "", lookalikes: &[], mend: &[], prevent: "" };

pub(super) const fn of(_cause: Cause) -> &'static Page {
    &EMPTY
}
