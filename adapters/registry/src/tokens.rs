//! Tokens that were got, logins that a token service refused, and how hosts want a login.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pullmedic_model::Endpoint;
use pullmedic_model::probe::Step;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

/// Entries kept of each kind; a run that meets more forgets them all and learns anew.
const MOST: usize = 10_000;

/// The spec's life of a token that states none.
const LIFE: Duration = Duration::from_secs(60);

/// Tokens by realm, service, scope and identity of the login (empty: anonymous), and the logins that were refused.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: Mutex<HashMap<Key, Kept>>,
    refused: Mutex<HashMap<Key, (Step, Instant)>>,
}

/// Realm, service, scope, identity.
pub(crate) type Key = [String; 4];

struct Kept {
    header: SecretString,
    grants_pull: Option<bool>,
    until: Instant,
}

impl Tokens {
    /// The header of a token that holds, and whether it grants pull.
    pub(crate) fn get(&self, key: &Key) -> Option<(SecretString, Option<bool>)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.until > Instant::now());
        kept.get(key).map(|kept| (kept.header.clone(), kept.grants_pull))
    }

    /// Keeps a token for half its life: the clock of the server may differ.
    pub(crate) fn put(&self, key: Key, header: SecretString, grants_pull: Option<bool>, life: Option<u64>) {
        let life = life.map_or(LIFE, Duration::from_secs).min(Duration::from_secs(3600)) / 2;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, Kept { header, grants_pull, until: Instant::now() + life });
    }

    /// Whether the token still holds.
    pub(crate) fn is_kept(&self, header: &SecretString) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values()
            .any(|kept| kept.until > Instant::now() && kept.header.expose_secret() == header.expose_secret())
    }

    /// Forgets a token that a registry refused.
    pub(crate) fn forget(&self, header: &SecretString) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.header.expose_secret() != header.expose_secret());
    }

    /// The step in which the service refused this very login not long ago. It is not sent again for another scope: the
    /// refusal was about the login, and each one brings a lock-out nearer.
    pub(crate) fn refusal(&self, [realm, service, _, identity]: &Key, young: Duration) -> Option<Step> {
        let key = [realm.clone(), service.clone(), String::new(), identity.clone()];
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(&key).filter(|(_, at)| at.elapsed() < young).map(|(step, _)| step.clone())
    }

    /// Keeps such a step.
    pub(crate) fn refused(&self, [realm, service, _, identity]: Key, step: Step) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST {
            refused.clear();
        }
        refused.insert([realm, service, String::new(), identity], (step, Instant::now()));
    }
}

/// How hosts were found to want a login: the next ask of the same host, repository and login begins with it, as a
/// runtime's next request of the same pull does.
#[derive(Default)]
pub(crate) struct Habits(Mutex<HashMap<Place, Habit>>);

/// Host and port, repository, identity of the login (empty: anonymous).
pub(crate) type Place = (Endpoint, String, String);

/// What a place took last.
#[derive(Clone)]
pub(crate) enum Habit {
    Basic,
    Bearer(SecretString),
}

impl Habits {
    pub(crate) fn get(&self, place: &Place) -> Option<Habit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }

    pub(crate) fn put(&self, place: Place, habit: Habit) {
        let mut habits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if habits.len() >= MOST {
            habits.clear();
        }
        habits.insert(place, habit);
    }

    pub(crate) fn forget(&self, place: &Place) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
    }
}
