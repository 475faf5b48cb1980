//! Keeps what we sent from coming back: a server may quote our own login or token in its answer.

use std::sync::{PoisonError, RwLock};

use pullmedic_model::capture::REDACTED;
use pullmedic_model::{Captured, echo};
use secrecy::{ExposeSecret, SecretString};

/// The secrets that were sent since the start: a server may quote one ask's token in the answer to another.
#[derive(Default)]
pub(crate) struct Scrub(RwLock<Vec<SecretString>>);

/// Shorter ones would blank every other word; what is that short is no secret.
const SHORTEST: usize = 4;

impl Scrub {
    /// Adds a secret and the forms in which it is sent.
    pub(crate) fn add(&self, user: &SecretString, password: &SecretString) {
        for form in echo::forms(user.expose_secret(), password.expose_secret()) {
            self.push(form);
        }
    }

    /// Adds one secret.
    pub(crate) fn push(&self, secret: String) {
        let secret = SecretString::from(secret);
        let known = |kept: &SecretString| kept.expose_secret() == secret.expose_secret();
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if secret.expose_secret().len() >= SHORTEST && !all.iter().any(known) {
            all.push(secret);
        }
    }

    /// The text without them.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), REDACTED);
            }
        }
        text
    }

    /// The text without them, redacted and capped.
    pub(crate) fn captured(&self, text: &str) -> Captured {
        Captured::new(&self.text(text))
    }
}
