//! Whether a controller lives and is ready, and why not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The longest reason that is shown, in characters.
const LONGEST: usize = 200;

/// What decides whether a controller lives and is ready. Clones are the same one.
///
/// It *lives* while its main loop ticks: what restarts it when it hangs. It is *ready* when it lives and every
/// [`Condition`] holds: the watches are synced, the history is open. To lead is no condition, so that a hot standby is
/// ready too, and a rolling update goes on.
#[derive(Debug, Clone)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    within: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ticked: Instant,
    stopping: bool,
    /// `None`: it holds.
    conditions: BTreeMap<&'static str, Option<String>>,
}

/// One thing that must hold for a controller to be ready. It does not until it is said to.
#[derive(Debug, Clone)]
pub struct Condition {
    health: Health,
    name: &'static str,
}

/// How it stands: what holds and what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Each part by its name, with why it does not hold; `None`: it does.
    pub parts: Vec<(&'static str, Option<String>)>,
}

impl Health {
    /// One whose main loop must tick at least once in `within`, the first time too.
    pub fn new(within: Duration) -> Health {
        let state = State { ticked: Instant::now(), stopping: false, conditions: BTreeMap::new() };
        Health(Arc::new(Inner { within, state: Mutex::new(state) }))
    }

    /// The main loop came round.
    pub fn tick(&self) {
        self.state().ticked = Instant::now();
    }

    /// It is about to stop: no longer ready, and alive.
    pub fn stopping(&self) {
        self.state().stopping = true;
    }

    /// The condition of this name, which people read: `watches`, `history`. A new one does not hold yet.
    pub fn condition(&self, name: &'static str) -> Condition {
        self.state().conditions.entry(name).or_insert_with(|| Some("not yet".to_owned()));
        Condition { health: self.clone(), name }
    }

    /// Whether it lives.
    pub fn live(&self) -> Standing {
        Standing { parts: vec![self.main_loop(&self.state())] }
    }

    /// Whether it is ready.
    pub fn ready(&self) -> Standing {
        let state = self.state();
        let stopping = state.stopping.then(|| ("running", Some("it is stopping".to_owned())));
        let conditions = state.conditions.iter().map(|(name, why)| (*name, why.clone()));
        Standing { parts: [self.main_loop(&state)].into_iter().chain(stopping).chain(conditions).collect() }
    }

    fn main_loop(&self, state: &State) -> (&'static str, Option<String>) {
        let ago = state.ticked.elapsed();
        let late = ago > self.0.within;
        let why = || {
            format!(
                "it last came round {} s ago, and must within {} s",
                ago.as_secs(),
                self.0.within.as_secs()
            )
        };
        ("main-loop", late.then(why))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    /// It holds.
    pub fn holds(&self) {
        self.health.state().conditions.insert(self.name, None);
    }

    /// It does not, for this reason. Who can reach the port reads it: it names nothing of a namespace.
    pub fn fails(&self, why: &str) {
        let why = why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
        self.health.state().conditions.insert(self.name, Some(why));
    }
}

impl Standing {
    /// Whether every part holds.
    pub fn holds(&self) -> bool {
        self.parts.iter().all(|(_, why)| why.is_none())
    }

    /// A line for each part, as Kubernetes' own health endpoints write them; without `verbose` only those that do not
    /// hold.
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        for (name, why) in &self.parts {
            // A String takes whatever is written.
            let _ = match why {
                Some(why) => writeln!(text, "[-]{name} failed: {why}"),
                None if verbose => writeln!(text, "[+]{name} ok"),
                None => Ok(()),
            };
        }
        if self.holds() {
            text.push_str("ok\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_lives_while_its_main_loop_ticks() {
        let health = Health::new(Duration::from_secs(30));
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(health.live().holds());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(
            health.live().text(false),
            "[-]main-loop failed: it last came round 31 s ago, and must within 30 s\n"
        );
        assert!(!health.ready().holds());
        health.clone().tick();
        assert!(health.live().holds());
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_ready_when_every_condition_holds() {
        let health = Health::new(Duration::from_secs(30));
        let (watches, history) = (health.condition("watches"), health.condition("history"));
        assert_eq!(health.ready().text(false), "[-]history failed: not yet\n[-]watches failed: not yet\n");
        watches.holds();
        history.fails("the disk\nis\u{1b}[2J full");
        assert_eq!(health.ready().text(false), "[-]history failed: the disk is [2J full\n");
        assert!(health.live().holds(), "a condition restarts nothing");
        history.holds();
        assert_eq!(health.ready().text(true), "[+]main-loop ok\n[+]history ok\n[+]watches ok\nok\n");
        assert_eq!(health.ready().text(false), "ok\n");
        health.condition("history");
        assert!(health.ready().holds(), "to ask for it again changes nothing");
        health.stopping();
        assert_eq!(health.ready().text(false), "[-]running failed: it is stopping\n");
        assert!(health.live().holds());
    }
}
