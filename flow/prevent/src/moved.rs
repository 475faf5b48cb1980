//! Whether a tag has moved since a pod pulled it (S30).

use pullmedic_model::probe::manifest::{Entry, Manifest, Platform};
use pullmedic_model::probe::{Ask, Class, Ended, Got, Record, What};
use pullmedic_model::{Certainty, Reference};

use crate::platform::taken;

/// What runs, and the tag it was pulled by.
#[derive(Debug, Clone)]
pub struct Running<'a> {
    /// The image as the pod names it; it has no digest.
    pub reference: &'a Reference,
    /// The request that resolved the tag at its origin.
    pub resolved: &'a Ask,
    /// The digest that runs.
    pub digest: &'a str,
    /// The platform of the pod's node; `None`: unknown, any counts.
    pub platform: Option<&'a Platform>,
    /// Whether manifests may be read (`GET`); on a metered host each counts as a pull.
    pub may_read: bool,
}

/// How what runs stands to its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// This is to be asked next.
    Next(Box<Ask>),
    /// The tag still names what runs.
    Not,
    /// The tag names this digest now, and what runs is another image.
    To(String, Certainty),
    /// It cannot be told; why.
    Unknown(String),
}

/// The digest of an `imageID` that can be compared with that of a tag of `reference`.
///
/// containerd writes `registry/repo@sha256:…`, the digest it resolved; dockershim put `docker-pullable://` before it. A
/// bare digest is that of the image's config.
///
/// # Errors
/// Why it cannot be compared.
pub fn running_digest(image_id: &str, reference: &Reference) -> Result<String, String> {
    let id = image_id.split_once("://").map_or(image_id, |(_, rest)| rest);
    let Some((name, digest)) = id.rsplit_once('@') else {
        return Err("the runtime tells only the image's config, which is not what a tag names".to_owned());
    };
    match Reference::parse(id) {
        Ok(runs) if runs.host == reference.host && runs.repository == reference.repository => {
            Ok(digest.to_owned())
        }
        Ok(_) => Err(format!("the runtime tells that it runs from {name}, another repository")),
        Err(_) => Err("the runtime tells what it runs in an unknown form".to_owned()),
    }
}

impl Running<'_> {
    /// How it stands after `records`; requests are found in them by what was asked.
    pub fn after(&self, records: &[Record]) -> Moved {
        self.compare(records).unwrap_or_else(|stands| stands)
    }

    fn compare(&self, records: &[Record]) -> Result<Moved, Moved> {
        let now = match answer(records, self.resolved.clone())? {
            Ended::Got(Got::Manifest { digest: Some(digest), .. }) => digest.clone(),
            Ended::Got(_) => return Ok(Moved::Unknown("the registry tells no digest of the tag".to_owned())),
            Ended::Refused { .. } | Ended::NotAsked(_) => {
                return Ok(Moved::Unknown("the tag could not be resolved".to_owned()));
            }
        };
        if now == self.digest {
            return Ok(Moved::Not);
        }
        if !self.may_read {
            let text = format!(
                "the tag names {now} now, and {} runs: whether they hold the same image was not read",
                self.digest
            );
            return Ok(Moved::Unknown(text));
        }
        let new = match self.images(&now, records)? {
            Ok(digests) => digests,
            Err(why) => return Ok(Moved::Unknown(why)),
        };
        if new.iter().any(|digest| digest == self.digest) {
            return Ok(Moved::Not);
        }
        let ask = self.ask(self.digest);
        if let Ended::Refused { class: Class::Status(404), .. } = answer(records, ask)? {
            // Gone, so whether it was a list with the same image in it cannot be seen any more.
            return Ok(Moved::To(now, Certainty::Likely));
        }
        Ok(match self.images(self.digest, records)? {
            Ok(old) if old.iter().any(|digest| new.contains(digest)) => Moved::Not,
            Ok(_) => Moved::To(now, Certainty::Proven),
            Err(why) => Moved::Unknown(why),
        })
    }

    /// The digests of images that `digest` stands for on the node's platform: its own, or those of its list.
    fn images(&self, digest: &str, records: &[Record]) -> Result<Result<Vec<String>, String>, Moved> {
        let manifest = match answer(records, self.ask(digest))? {
            Ended::Got(Got::Manifest { manifest: Some(manifest), .. }) => manifest,
            Ended::Got(_) | Ended::Refused { .. } | Ended::NotAsked(_) => {
                return Ok(Err(format!("{digest} could not be read")));
            }
        };
        Ok(Ok(match manifest {
            Manifest::Index(entries) => {
                let images: Vec<&Entry> = entries.iter().filter(|entry| !entry.attestation).collect();
                let taken = self.platform.map_or_else(|| images.clone(), |node| taken(&images, node));
                taken.iter().map(|entry| entry.manifest.digest.clone()).collect()
            }
            Manifest::Image { .. } | Manifest::Schema1 | Manifest::Artifact(_) | Manifest::Other(_) => {
                vec![digest.to_owned()]
            }
        }))
    }

    fn ask(&self, digest: &str) -> Ask {
        Ask { what: What::Manifest(digest.to_owned()), ..self.resolved.clone() }
    }
}

fn answer(records: &[Record], ask: Ask) -> Result<&Ended, Moved> {
    match records.iter().find(|record| record.ask == ask) {
        Some(record) => Ok(&record.ended),
        None => Err(Moved::Next(Box::new(ask))),
    }
}
