//! Idle connections, kept from one ask to the next.
//!
//! Go's transport keeps them too, so the runtime's second request does not dial either. A connection goes in when the body
//! of its last answer was read to its end, and comes out for the same [`Key`] only. Its address was checked when it was
//! dialled, and no name is asked again for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::connect::Reach;

/// How long a connection may stand idle: long enough to bridge a slow token service or a wait for one's turn, and well
/// below the 60 s after which load balancers give up an idle connection
/// ([AWS](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html)), some of
/// them without a word, which would look like a registry that does not answer.
const IDLE: Duration = Duration::from_secs(15);

/// For one key: what a host is asked at once by a check, which spreads over hosts.
const PER_HOST: usize = 8;

/// In all: eight hosts' worth, so that many hosts do not hold many sockets.
const IN_ALL: usize = 64;

/// What makes one connection as good as another. The address is no part of it: it is the connection's own, dialled once
/// under this reach.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) https: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Which addresses might be dialled: what a redirect was refused, it does not get by way of another ask.
    pub(crate) reach: Reach,
    /// The trust settings it was made with, a client certificate among them.
    pub(crate) trust: String,
    pub(crate) skip_verify: bool,
    /// The proxy it goes through; `None`: none.
    pub(crate) proxy: Option<String>,
}

/// Idle connections by key, or whatever stands for them in a test.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    idle: Arc<Mutex<HashMap<Key, Vec<Idle<T>>>>>,
}

#[derive(Debug)]
struct Idle<T> {
    connection: T,
    dialled: Instant,
    since: Instant,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool { idle: Arc::default() }
    }
}

impl<T: Send + 'static> Pool<T> {
    /// Keeps a connection, or drops it where there are enough.
    pub(crate) fn put(&self, key: Key, connection: T, dialled: Instant) {
        let now = Instant::now();
        let mut idle = lock(&self.idle);
        sweep(&mut idle, now);
        if idle.values().map(Vec::len).sum::<usize>() >= IN_ALL {
            return;
        }
        let same = idle.entry(key).or_default();
        if same.len() < PER_HOST {
            same.push(Idle { connection, dialled, since: now });
        }
        drop(idle);
        // Nobody may ask again: what is over is closed all the same.
        let idle = Arc::downgrade(&self.idle);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            if let Some(idle) = idle.upgrade() {
                sweep(&mut lock(&idle), Instant::now());
            }
        });
    }

    /// The connection that was idle for the shortest time, if one is there that was dialled less than `age` ago.
    pub(crate) fn take(&self, key: &Key, age: Duration) -> Option<T> {
        let now = Instant::now();
        let mut idle = lock(&self.idle);
        sweep(&mut idle, now);
        let same = idle.get_mut(key)?;
        same.retain(|idle| now.saturating_duration_since(idle.dialled) < age);
        same.pop().map(|idle| idle.connection)
    }
}

fn lock<T>(idle: &Mutex<HashMap<Key, Vec<Idle<T>>>>) -> MutexGuard<'_, HashMap<Key, Vec<Idle<T>>>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sweep<T>(idle: &mut HashMap<Key, Vec<Idle<T>>>, now: Instant) {
    idle.retain(|_, same| {
        same.retain(|idle| now.saturating_duration_since(idle.since) < IDLE);
        !same.is_empty()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: Duration = Duration::from_secs(60);

    fn key(host: &str) -> Key {
        Key {
            https: true,
            host: host.to_owned(),
            port: 443,
            reach: Reach::Any,
            trust: String::new(),
            skip_verify: false,
            proxy: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_kept_past_its_time_even_if_nobody_asks() {
        let pool = Pool::default();
        let witness = Arc::new(());
        pool.put(key("r.test"), Arc::clone(&witness), Instant::now());
        tokio::time::sleep(IDLE - Duration::from_secs(1)).await;
        assert_eq!(Arc::strong_count(&witness), 2);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(Arc::strong_count(&witness), 1, "dropped without another call");
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_connection_is_not_used_however_busy_it_was() {
        let pool = Pool::default();
        let dialled = Instant::now();
        for _ in 0..6 {
            pool.put(key("r.test"), (), dialled);
            tokio::time::sleep(Duration::from_secs(9)).await;
            assert!(pool.take(&key("r.test"), AGE).is_some());
        }
        pool.put(key("r.test"), (), dialled);
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert!(
            pool.take(&key("r.test"), AGE).is_none(),
            "what it saw at its dial is too old to be told again"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_comes_first_and_there_are_not_many() {
        let pool = Pool::default();
        let now = Instant::now();
        for at in 0..20 {
            pool.put(key("r.test"), at, now);
        }
        let taken: Vec<i32> = std::iter::from_fn(|| pool.take(&key("r.test"), AGE)).collect();
        assert_eq!(taken, [7, 6, 5, 4, 3, 2, 1, 0], "eight of a host");
        for host in 0..20 {
            for at in 0..5 {
                pool.put(key(&format!("r{host}.test")), at, now);
            }
        }
        let all = (0..20).map(|host| key(&format!("r{host}.test")));
        let all = all.flat_map(|key| std::iter::from_fn(move || Some(key.clone())).take(5));
        assert_eq!(all.filter_map(|key| pool.take(&key, AGE)).count(), IN_ALL);
    }

    #[tokio::test(start_paused = true)]
    async fn each_part_of_the_key_keeps_connections_apart() {
        let pool = Pool::default();
        pool.put(key("r.test"), (), Instant::now());
        let base = key("r.test");
        for other in [
            key("s.test"),
            Key { https: false, ..base.clone() },
            Key { port: 444, ..base.clone() },
            Key { reach: Reach::Global, ..base.clone() },
            Key { reach: Reach::Redirect { from_loopback: false }, ..base.clone() },
            Key { trust: "node".to_owned(), ..base.clone() },
            Key { skip_verify: true, ..base.clone() },
            Key { proxy: Some("proxy.test:3128".to_owned()), ..base.clone() },
        ] {
            assert!(pool.take(&other, AGE).is_none(), "{other:?}");
        }
        assert!(pool.take(&base, AGE).is_some());
    }
}
