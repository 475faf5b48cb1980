//! From accepted connections to answers.

pub(crate) mod access;
pub(crate) mod answer;
pub(crate) mod connection;
pub(crate) mod delivery;
pub(crate) mod http;
pub(crate) mod limit;
pub(crate) mod live;
pub(crate) mod login;
pub(crate) mod reply;
pub(crate) mod route;
pub(crate) mod token;
pub(crate) mod well;
pub(crate) mod wire;
