//! The staged network client: name, connect, TLS, token, manifest, blobs.
//!
//! A [`Prober`] executes one [`Ask`](pullmedic_model::probe::Ask) as the runtime would and leaves a
//! [`Record`](pullmedic_model::probe::Record) of every stage: whom it spoke to, what came back, how long it took. It
//! speaks HTTP/1.1 without ALPN, as containerd does. A credential is sent only where its owner lets it, and no secret is
//! part of anything that leaves this crate.
//!
//! | stage | module |
//! |---|---|
//! | settings, credentials, caps | `settings`, `proxy` |
//! | what is shared: answers kept, one flight for one question | `prober` |
//! | budget, rate, hosts that said wait; refused logins | `budget`, `lockout` |
//! | one ask on its way: its steps, one request after another | `walk` |
//! | name | `names`, `guard` (addresses never dialled) |
//! | connect | `connect`, `tunnel` (proxies), `peek` (first bytes), `pool` (connections kept between asks) |
//! | tls | `trust`, `handshake`, `verify` (as Go judges), `chain` |
//! | request and answer | `wire`, `answer`, `challenge`, `scrub` |
//! | challenge, redirect | `fetch` |
//! | token | `token`, `tokens` (those that are kept), `realm` (where one may be fetched) |
//! | what was asked for | `content`, `list`, `manifest`, `digest` |

mod answer;
mod budget;
mod chain;
mod challenge;
mod connect;
mod content;
mod digest;
mod fetch;
mod guard;
mod handshake;
mod list;
mod lockout;
mod manifest;
mod names;
mod peek;
mod pool;
mod prober;
mod proxy;
mod realm;
mod scrub;
mod settings;
mod target;
mod token;
mod tokens;
mod trust;
mod tunnel;
mod verify;
mod walk;
mod wire;

pub use prober::Prober;
pub use proxy::Proxies;
pub use settings::{
    AllowedRealm, ClientCertificate, Credential, Limits, NotOfForm, Pinned, Settings, SetupError, Trust,
};
