//! Names, routes, connections, proxies.

mod connection;
mod service;

pub(super) use connection::{
    CONNECT_TIMEOUT, CONNECTION_REFUSED, CONNECTION_RESET, DNS, TLS_HANDSHAKE_TIMEOUT, UNREACHABLE,
};
pub(super) use service::{
    HTTP_ON_HTTPS, MIRROR_MISCONFIGURED, PROXY, REGISTRY_UNAVAILABLE, UPSTREAM_OF_CACHE_FAILED,
};
