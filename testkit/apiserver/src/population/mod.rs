//! As many pods as a large cluster has, in the memory of a small one.

mod row;

pub(crate) use row::Row;
