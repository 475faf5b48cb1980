//! A small registry with repositories, tags, logins and a dialect of refusal.

use std::collections::{BTreeMap, BTreeSet};

use pullmedic_model::probe::manifest::{Descriptor, Manifest};
use pullmedic_model::probe::{Ask, Got, Record, What};

use super::world::{answered, challenged, got};

/// A registry.
#[derive(Default, Clone)]
pub(crate) struct Registry {
    /// Tags by repository.
    pub(crate) tags: BTreeMap<String, Vec<String>>,
    /// Secrets whose login is good; with `None` in it, anonymous is.
    pub(crate) lets_in: BTreeSet<Option<String>>,
    /// Secrets whose login is known and may not pull.
    pub(crate) knows: BTreeSet<String>,
    /// A token service, instead of Basic.
    pub(crate) token: Option<String>,
    /// Whether a right that is wanting is answered as what is absent.
    pub(crate) closed_catalog: bool,
    /// What `Manifest` gives.
    pub(crate) manifests: BTreeMap<String, Manifest>,
    /// Blobs that are gone.
    pub(crate) gone: BTreeSet<String>,
    /// Blobs whose bytes are others.
    pub(crate) damaged: BTreeSet<String>,
}

impl Registry {
    /// Open to everybody.
    pub(crate) fn open(tags: &[(&str, &[&str])]) -> Registry {
        let mut registry = Registry::closed(tags, &[]);
        registry.lets_in.insert(None);
        registry
    }

    /// Lets in the logins of these secrets only.
    pub(crate) fn closed(tags: &[(&str, &[&str])], secrets: &[&str]) -> Registry {
        Registry {
            tags: tags
                .iter()
                .map(|(repository, tags)| {
                    ((*repository).to_owned(), tags.iter().map(|&tag| tag.to_owned()).collect())
                })
                .collect(),
            lets_in: secrets.iter().map(|&secret| Some(secret.to_owned())).collect(),
            ..Registry::default()
        }
    }

    pub(crate) fn with_token_service(mut self, realm: &str) -> Registry {
        self.token = Some(realm.to_owned());
        self
    }

    pub(crate) fn answer(&self, ask: &Ask) -> Record {
        let who = ask.login.as_ref().map(|login| login.secret.clone());
        let open = self.lets_in.contains(&None);
        let known = who.as_ref().is_some_and(|secret| self.knows.contains(secret));
        if who.is_some() && open && !self.lets_in.contains(&who) && !known {
            // A wrong login is refused also where none is needed.
            return self.refuse(ask, true);
        }
        if !open && !self.lets_in.contains(&who) {
            let knows_it = known && ask.what == What::Ping;
            return if knows_it { got(ask, Got::Ping) } else { self.refuse(ask, !known) };
        }
        if known && ask.what != What::Ping {
            return self.refuse(ask, false);
        }
        self.tell(ask)
    }

    fn refuse(&self, ask: &Ask, unknown: bool) -> Record {
        match &self.token {
            Some(realm) if unknown && ask.login.is_some() => {
                challenged(ask, "bearer", realm, Some((401, "UNAUTHORIZED: no")))
            }
            Some(realm) => challenged(ask, "bearer", realm, None),
            None if !unknown => answered(ask, 403, "DENIED: requested access is denied"),
            None => challenged(ask, "basic", ask.host.endpoint.as_str(), None),
        }
    }

    fn tell(&self, ask: &Ask) -> Record {
        let tags = self.tags.get(&ask.repository);
        match &ask.what {
            What::Name => got(ask, Got::Name(Vec::new())),
            What::Ping => got(ask, Got::Ping),
            What::Referrers(_) => got(ask, Got::Referrers { artifacts: Vec::new(), complete: true }),
            What::Catalog if self.closed_catalog => answered(ask, 401, "UNAUTHORIZED: no catalog"),
            What::Catalog => {
                got(ask, Got::Catalog { names: self.tags.keys().cloned().collect(), complete: true })
            }
            What::Tags => match tags {
                Some(tags) => got(ask, Got::Tags { names: tags.clone(), complete: true }),
                None => answered(ask, 404, "NAME_UNKNOWN: repository name not known to registry"),
            },
            What::ManifestHead(wanted) | What::Manifest(wanted) => {
                let by_tag = tags.is_some_and(|tags| tags.contains(wanted));
                let by_digest = tags.is_some() && *wanted == part("d1").digest;
                if !by_tag && !by_digest && !self.manifests.contains_key(wanted) {
                    return answered(ask, 404, "MANIFEST_UNKNOWN: manifest unknown");
                }
                let body = self.manifests.get(wanted).cloned();
                let manifest = if matches!(ask.what, What::Manifest(_)) { body } else { None };
                let digest = if by_tag { format!("sha256:{:0>64}", "d1") } else { wanted.clone() };
                got(
                    ask,
                    Got::Manifest {
                        digest: Some(digest),
                        media_type: String::new(),
                        size: Some(500),
                        manifest,
                    },
                )
            }
            What::BlobHead(digest) if self.gone.contains(digest) => answered(ask, 404, ""),
            What::BlobHead(_) => got(ask, Got::Blob { size: Some(10), whole: None }),
            What::Blob(digest) => {
                got(ask, Got::Blob { size: Some(10), whole: Some(!self.damaged.contains(digest)) })
            }
            What::Config(_) => {
                let platform = super::case("a/b").0.platform.unwrap();
                got(ask, Got::Config { platform, created: None })
            }
        }
    }
}

/// A descriptor of a digest that ends in `tail`.
pub(crate) fn part(tail: &str) -> Descriptor {
    Descriptor {
        digest: format!("sha256:{tail:0>64}"),
        size: Some(10),
        media_type: String::new(),
        foreign: false,
    }
}
