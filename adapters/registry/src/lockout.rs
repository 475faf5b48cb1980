//! At most two refusals for one user at one host in ten minutes, so that a diagnosis locks no account (security row 26).
//!
//! Kept between runs in a file that only its owner may read. It holds HMACs of host and user under a random key of its
//! own, classes and times; nothing in it is made of a password.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use jiff::{SignedDuration, Timestamp};
use pullmedic_model::Endpoint;
use pullmedic_model::probe::Class;
use pullmedic_model::probe::record::NotAsked;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

const MOST: usize = 2;
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// A larger file is none of ours.
const LARGEST: u64 = 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    version: u32,
    /// The HMAC key, hexadecimal.
    key: String,
    refusals: Vec<Refusal>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    /// HMAC of host and user. Nothing that is made of a password is written: the key stands beside it.
    who: String,
    class: Class,
    at: Timestamp,
}

/// The refusals of this run and, with a file, of earlier ones.
pub(crate) struct LockOut {
    path: Option<PathBuf>,
    kept: Mutex<Kept>,
    /// One login of a user is tried at a time until it is known to be good.
    gates: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    good: Mutex<HashSet<String>>,
}

/// The right to send a login once.
pub(crate) struct Pass<'a> {
    lockout: &'a LockOut,
    who: String,
    identity: String,
    _turn: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl LockOut {
    pub(crate) fn new(path: Option<PathBuf>) -> LockOut {
        let fresh = Kept { version: 1, key: fresh_key(), refusals: Vec::new() };
        let kept = path.as_deref().and_then(read).unwrap_or(fresh);
        LockOut { path, kept: Mutex::new(kept), gates: Mutex::default(), good: Mutex::default() }
    }

    /// Waits for the user's turn at the host that receives the login; refused when it was refused too often.
    pub(crate) async fn enter(
        &self,
        receiver: &Endpoint,
        user: &SecretString,
        password: &SecretString,
    ) -> Result<Pass<'_>, NotAsked> {
        let (who, identity) = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let key = hmac::Key::new(hmac::HMAC_SHA256, kept.key.as_bytes());
            let user = user.expose_secret();
            // Bare tokens have no user name; all of a host count as one account.
            let who = mac(&key, &[receiver.as_str(), user]);
            let identity = mac(&key, &[receiver.as_str(), user, password.expose_secret()]);
            (who, identity)
        };
        let is_good = || self.good.lock().unwrap_or_else(PoisonError::into_inner).contains(&identity);
        if is_good() {
            return Ok(Pass { lockout: self, who, identity, _turn: None });
        }
        let gate = {
            let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(gates.entry(who.clone()).or_default())
        };
        let turn = gate.lock_owned().await;
        if is_good() {
            return Ok(Pass { lockout: self, who, identity, _turn: None });
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.merge(&mut kept, Timestamp::now());
        let mut times: Vec<Timestamp> =
            kept.refusals.iter().filter(|refusal| refusal.who == who).map(|refusal| refusal.at).collect();
        times.sort_unstable();
        match times.last() {
            Some(last) if times.len() >= MOST => Err(NotAsked::LockOut { refused_at: *last }),
            _ => Ok(Pass { lockout: self, who, identity, _turn: Some(turn) }),
        }
    }

    /// Takes in what other runs wrote, and forgets what is past.
    fn merge(&self, kept: &mut Kept, now: Timestamp) {
        if let Some(other) = self.path.as_deref().and_then(read).filter(|other| other.key == kept.key) {
            for refusal in other.refusals {
                if !kept.refusals.contains(&refusal) {
                    kept.refusals.push(refusal);
                }
            }
        }
        // One from the future (a clock that was set back) would never end.
        kept.refusals.retain(|refusal| refusal.at + WINDOW > now && refusal.at <= now + WINDOW);
    }
}

impl Pass<'_> {
    /// The login was taken.
    pub(crate) fn accepted(self) {
        self.lockout.good.lock().unwrap_or_else(PoisonError::into_inner).insert(self.identity);
    }

    /// The login was refused. One that was taken in this run is right, so that refusal was about something else (Harbor
    /// answers 401 where the right is missing); it counts the next time.
    pub(crate) fn refused(self, class: Class) {
        if self.lockout.good.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.identity) {
            return;
        }
        let now = Timestamp::now();
        let mut kept = self.lockout.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.lockout.merge(&mut kept, now);
        kept.refusals.push(Refusal { who: self.who, class, at: now });
        if let Some(path) = &self.lockout.path {
            // A state that cannot be kept still counts within this run.
            let _ = write(path, &kept);
        }
    }
}

fn mac(key: &hmac::Key, parts: &[&str]) -> String {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    hex(context.sign().as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fresh_key() -> String {
    let mut key = [0; 32];
    SystemRandom::new().fill(&mut key).expect("the system's randomness does not fail");
    hex(&key)
}

/// What a file holds; `None` when it is absent, unreadable, too large or not ours.
fn read(path: &Path) -> Option<Kept> {
    std::fs::metadata(path).ok().filter(|metadata| metadata.is_file() && metadata.len() <= LARGEST)?;
    let kept: Kept = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (kept.version == 1 && kept.key.len() == 64).then_some(kept)
}

/// Writes beside and renames, so that another run never reads half a file.
fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(&serde_json::to_vec(kept)?)?;
    drop(file);
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    async fn refuse(lockout: &LockOut, user: &str, password: &str) -> bool {
        let host = Endpoint::parse("r.test").expect("an endpoint");
        match lockout.enter(&host, &secret(user), &secret(password)).await {
            Ok(pass) => {
                pass.refused(Class::Status(401));
                true
            }
            Err(_) => false,
        }
    }

    #[tokio::test]
    async fn a_third_refusal_is_not_risked_and_other_users_are_free() {
        let lockout = LockOut::new(None);
        assert!(refuse(&lockout, "robot", "one").await);
        assert!(refuse(&lockout, "robot", "two").await);
        assert!(!refuse(&lockout, "robot", "three").await);
        assert!(refuse(&lockout, "other", "one").await);
    }

    #[tokio::test]
    async fn the_next_run_remembers_and_the_file_tells_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/refusals.json");
        let first = LockOut::new(Some(path.clone()));
        assert!(refuse(&first, "robot", "hunter2").await && refuse(&first, "robot", "hunter3").await);
        assert!(!refuse(&LockOut::new(Some(path.clone())), "robot", "hunter4").await);
        let text = std::fs::read_to_string(&path).expect("the file");
        assert!(!text.contains("robot") && !text.contains("hunter") && !text.contains("r.test"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(&path, "{ broken").expect("written");
        assert!(refuse(&LockOut::new(Some(path)), "robot", "hunter5").await, "a broken file is none");
    }

    #[tokio::test]
    async fn ten_at_once_are_two() {
        let lockout = Arc::new(LockOut::new(None));
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..10 {
            let lockout = Arc::clone(&lockout);
            tasks.spawn(async move { refuse(&lockout, "robot", &format!("wrong{at}")).await });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|sent| *sent).count(), 2);
    }
}
