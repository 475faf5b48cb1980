//! What a chore does, one line a step with the time it took, and waiting for a condition.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a condition is looked at again. Short beside the seconds that a component takes to start, long beside the
/// cost of a look.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Prints each step with its time.
pub(crate) struct Steps {
    started: Instant,
}

impl Steps {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Does one step and prints its name and time; a failing one says its name in the error.
    pub(crate) fn step<T>(&self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let began = Instant::now();
        let outcome = work().with_context(|| format!("step \"{name}\" failed"))?;
        println!("{:>7.1} s  {name}", began.elapsed().as_secs_f64());
        Ok(outcome)
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// Looks at a condition until it holds or `limit` is over. `look` answers `Ok(None)` for "not yet, because …", told by
/// the second closure only when time is up.
pub(crate) fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
    why_not: impl FnOnce() -> String,
) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if began.elapsed() > limit {
            bail!("{what} did not come about within {} s: {}", limit.as_secs(), why_not());
        }
        thread::sleep(LOOK_AGAIN);
    }
}
