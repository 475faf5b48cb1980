//! From sightings to verdicts: cases are made, registries asked, and what the answers prove is put beside each sighting.
//!
//! - `options`: what the user says about it. `state`: what is kept between runs.
//! - `case`: what is known of a sighting before anything is asked; `secrets`: which logins there are.
//! - `run`: the loop of asking; `transcript`: all of it as a file.

mod case;
mod hidden;
mod options;
mod run;
mod secrets;
mod setup;
mod state;
mod transcript;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use pullmedic_model::finding::Vantage;
use pullmedic_model::object::Objects;
use pullmedic_sight::Seen;
use tokio::time::Instant;

pub(crate) use options::{ClientArguments, ProofArguments};
pub(crate) use transcript::{Kind, Proof, Transcript, objects_of};

pub(crate) use case::{CaseKey, Logins as HeldLogins, Stand};
pub(crate) use case::{image_of, named_secrets, platform_of, runtime_of};
pub(crate) use hidden::Hidden;
pub(crate) use run::{announced, records, verdict};
pub(crate) use secrets::{Held, SecretSource, Secrets};
pub(crate) use setup::{Manner, Setup};
pub(crate) use state::{State, state_folder};

use crate::failure::Failure;

/// How long a proof stands while a cluster is followed: as long as the longest back-off of the kubelet.
const STANDS: Duration = Duration::from_secs(300);

/// Proves sightings, and remembers for how long it did.
pub(crate) struct Prover<'a> {
    setup: Setup,
    options: &'a ProofArguments,
    source: SecretSource<'a>,
    boot_id: Option<String>,
    known: BTreeMap<CaseKey, (Instant, Proof)>,
    hidden: Hidden,
}

impl<'a> Prover<'a> {
    /// Reads the node's view and opens the client; nothing is asked yet.
    ///
    /// # Errors
    /// When an option names something that cannot be read or understood.
    pub(crate) fn new(
        options: &'a ProofArguments,
        source: SecretSource<'a>,
        vantage: Vantage,
    ) -> Result<Prover<'a>, Failure> {
        let setup = Setup::new(&options.client, vantage)?;
        Ok(Prover {
            setup,
            options,
            source,
            boot_id: setup::boot_id(),
            known: BTreeMap::new(),
            hidden: Hidden::default(),
        })
    }

    /// Leaves the secrets that came to be known out of a document.
    pub(crate) fn leave_out(&self, document: &mut serde_json::Value) {
        self.hidden.leave_out_of_value(document);
    }

    /// What of the node's files could not be seen, to be said beside the report: it takes nothing from what was read of
    /// the cluster.
    pub(crate) fn remarks(&self) -> Vec<&str> {
        self.setup.remarks()
    }

    /// Puts a verdict beside each sighting, and gives what was asked for them.
    pub(crate) async fn prove(
        &mut self,
        seen: &mut [Seen],
        objects: &Objects,
        vantage: Vantage,
        now: Timestamp,
    ) -> Vec<Proof> {
        let pinned = self.setup.pinned().to_vec();
        let stand = Stand { vantage, now, boot_id: self.boot_id.clone(), pinned };
        let wanted: BTreeMap<CaseKey, Vec<&Seen>> = run::cases(seen, objects);
        self.known.retain(|key, (at, _)| wanted.contains_key(key) && at.elapsed() < STANDS);
        let secrets = Secrets::new(
            self.source,
            (&self.options.secrets, self.options.search_secrets),
            self.setup.install_key(),
        );
        let mut open = Vec::new();
        for (key, members) in &wanted {
            if self.known.contains_key(key) {
                continue;
            }
            let given = self.options.sandbox_image.as_deref();
            let case = self.setup.case(key, members, objects, &secrets, &stand, given).await;
            open.push((key.clone(), case));
        }
        self.hidden.extend(secrets.hidden());
        open.iter_mut().for_each(|(_, case)| self.hidden.leave_out_of_case(case));
        seen.iter_mut().for_each(|seen| self.hidden.leave_out_of(seen));
        let asked = Instant::now();
        for proof in run::ask(open, self.setup.prober(), self.setup.limits()).await {
            self.known.insert(proof.key.clone(), (asked, proof));
        }
        let proofs =
            self.known.values_mut().map(|(_, Proof { case, records, .. })| (case, records.as_slice()));
        pullmedic_probe::compare(&mut proofs.collect::<Vec<_>>());
        let keys: Vec<CaseKey> = seen.iter().map(|seen| CaseKey::of(seen, objects)).collect();
        for (seen, key) in seen.iter_mut().zip(&keys) {
            seen.verdict = self
                .known
                .get(key)
                .map(|(_, proof)| run::verdict(&proof.case, &proof.records, self.setup.limits()));
        }
        self.known.values().map(|(_, proof)| proof.clone()).collect()
    }
}

/// Verdicts from a transcript: nothing is read and nothing asked.
pub(crate) fn recall(seen: &mut [Seen], objects: &Objects, proofs: &[Proof], options: &ProofArguments) {
    let limits = setup::limits(&options.client);
    let known: BTreeMap<&CaseKey, &Proof> = proofs.iter().map(|proof| (&proof.key, proof)).collect();
    let keys: Vec<CaseKey> = seen.iter().map(|seen| CaseKey::of(seen, objects)).collect();
    for (seen, key) in seen.iter_mut().zip(&keys) {
        seen.verdict = known.get(key).map(|proof| run::verdict(&proof.case, &proof.records, &limits));
    }
}
