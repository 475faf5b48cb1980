//! Pull secrets to logins, by the rules of the kubelet.
//!
//! Pure: no client, no clock, no file. Values of secrets are held here and nowhere else in `flow/*`; no `Debug`,
//! `Display` or error of this crate shows one. The rules are those of `pkg/credentialprovider` of Kubernetes 1.37,
//! down to the JSON, base64 and URL readers of Go below it; `tests/differential.rs` holds the two against each other.
//!
//! - `json`, `base64`, `url`, `glob`: as Go's `encoding/json`, `encoding/base64`, `net/url` and `path/filepath` read.
//! - `config`: a secret's data to its entries, or the place of its defect.
//! - `key`: what a key of `auths` is filed under, and which images it matches.
//! - [`matching`]: what is sent for an image, in order. [`state()`]: how one secret stands toward an image.
//! - [`may_go_to`]: the hosts to which a login may be sent.
//! - [`rekeyed`], [`normalised`]: a secret with one defect less, for a fix.
//! - [`secrets_of_template`]: which names a pod gets from its template and ServiceAccount.

mod base64;
mod config;
mod glob;
mod json;
mod key;
mod keyring;
mod login;
mod mend;
mod near;
mod template;
mod url;

pub use config::{Entry, Malformed, entries};
pub use keyring::{Found, matching, nearly_matching};
pub use mend::{CannotMend, Mended, Reason, normalised, rekeyed};
pub use near::{may_go_to, state};
pub use pullmedic_model::probe::login::{KeyDiffers, NearKey, SecretState};
pub use template::secrets_of_template;
