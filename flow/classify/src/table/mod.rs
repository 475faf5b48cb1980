//! The table: what upstream's words mean. One file for each family, one row for each thing said.
//!
//! A row reads: *when the text says all of these words (and none of those), the cause is this; these others
//! stay open; upstream prints it there.* Words are matched whatever their case, outside names, addresses,
//! URLs and digests; `|` parts alternatives of one word. Among rows that fit, the deepest decides
//! ([`crate::Depth`]), then the one with more words, then the one whose words stand last.
//!
//! `certain` means that nothing else prints the words; `strong` that one cause leads; `weak` that it is a
//! guess. The causes after `or` stay open, or, with a certain cause, may stand behind it.

mod absent;
mod content;
mod credentials;
mod disk;
mod limits;
mod network;
mod platform;
mod policy;
mod reference;
mod registry;
mod runtime;
mod secret;
mod statuses;
mod store;
mod tls;
mod unpack;
mod vendors;

use crate::rule::Rule;

/// Every family.
const FAMILIES: &[&[Rule]] = &[
    reference::ROWS,
    secret::ROWS,
    policy::ROWS,
    network::ROWS,
    tls::ROWS,
    credentials::ROWS,
    vendors::ROWS,
    absent::ROWS,
    platform::ROWS,
    content::ROWS,
    limits::ROWS,
    registry::ROWS,
    statuses::ROWS,
    disk::ROWS,
    unpack::ROWS,
    store::ROWS,
    runtime::ROWS,
];

/// Every row.
pub(crate) fn rows() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.iter())
}
