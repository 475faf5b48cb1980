//! Asks until the verdict is reached: the decision says what, the client asks, and every answer goes back.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use pullmedic_model::Verdict;
use pullmedic_model::object::Objects;
use pullmedic_model::probe::{Case, Record};
use pullmedic_probe::{Limits, Next};
use pullmedic_registry::Prober;
use pullmedic_sight::Seen;

use super::case::CaseKey;
use super::transcript::Proof;

/// How many cases are asked about at once. Requests to one host are limited by the client; this bounds sockets.
const AT_ONCE: usize = 16;

/// Sightings by case, in the order of their keys.
pub(crate) fn cases<'a>(seen: &'a [Seen], objects: &Objects) -> BTreeMap<CaseKey, Vec<&'a Seen>> {
    let mut cases: BTreeMap<CaseKey, Vec<&Seen>> = BTreeMap::new();
    for seen in seen {
        cases.entry(CaseKey::of(seen, objects)).or_default().push(seen);
    }
    cases
}

/// Asks about every case, several at once; proofs come in the order of the cases.
pub(crate) async fn ask(cases: Vec<(CaseKey, Case)>, prober: &Prober, limits: &Limits) -> Vec<Proof> {
    let done = AtomicUsize::new(0);
    let all = cases.len();
    let work = stream::iter(cases)
        .map(|(key, case)| {
            let done = &done;
            async move {
                let records = records(&case, prober, limits).await;
                done.fetch_add(1, Ordering::Relaxed);
                Proof { key, case, records }
            }
        })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    announced(work, || (done.load(Ordering::Relaxed), all, prober.requests())).await
}

/// Asks about one case until the verdict is reached; every answer, in order.
pub(crate) async fn records(case: &Case, prober: &Prober, limits: &Limits) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        match pullmedic_probe::next(case, &records, limits) {
            Next::Ask(asks) => {
                let answers = asks.iter().map(|ask| prober.ask(ask, case.runtime.as_ref()));
                records.extend(join_all(answers).await);
            }
            Next::Done(_) => return records,
        }
    }
}

/// The verdict: from a case and its records alone, so that a transcript gives the same.
pub(crate) fn verdict(case: &Case, records: &[Record], limits: &Limits) -> Verdict {
    match pullmedic_probe::next(case, records, limits) {
        Next::Done(verdict) => *verdict,
        // A transcript that was cut short still has what it has.
        Next::Ask(_) => pullmedic_probe::judge(case, records),
    }
}

/// Says how far the asking is when it takes more than a second.
pub(crate) async fn announced<T>(work: impl Future<Output = T>, far: impl Fn() -> (usize, usize, u32)) -> T {
    let mut work = std::pin::pin!(work);
    let terminal = std::io::stderr().is_terminal();
    let mut said = false;
    loop {
        tokio::select! {
            biased;
            result = &mut work => {
                if said {
                    // Talk only: nothing depends on it.
                    let _ = write!(std::io::stderr(), "\r\x1b[K");
                }
                return result;
            }
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                if terminal {
                    let (done, all, requests) = far();
                    let _ = write!(
                        std::io::stderr(),
                        "\r\x1b[Kasking registries: {done} of {all} images settled, {requests} requests"
                    );
                    said = true;
                }
            }
        }
    }
}
