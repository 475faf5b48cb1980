//! The whole pull of one image, request by request: the manifest as the runtime resolves it, then the platform's
//! manifest, the config and every layer.

use pullmedic_model::Reference;
use pullmedic_model::probe::manifest::{Entry, Manifest, Platform};
use pullmedic_model::probe::route::{Host, Route};
use pullmedic_model::probe::{Ask, Got, LoginName, Record, What};

use crate::platform::fits;

/// How far a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Only whether the manifest may be had: `HEAD`s, which no registry counts as a pull.
    Resolve,
    /// Everything that a pull needs: `GET` of manifests and config, `HEAD` of the layers. Registries that count pulls
    /// count this as one.
    Whole,
}

/// The pull of one image.
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    /// The image.
    pub reference: &'a Reference,
    /// The hosts, in order.
    pub route: &'a Route,
    /// The logins, in order; empty: anonymously.
    pub logins: &'a [LoginName],
    /// The platforms that are wanted; empty: whatever there is.
    pub platforms: &'a [Platform],
    /// How far.
    pub depth: Depth,
}

/// Where a walk stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walked {
    /// This is to be asked next.
    Next(Box<Ask>),
    /// All that was wanted is there.
    Whole,
    /// The index has no entry for this platform.
    NoPlatform(Platform, Vec<Platform>),
    /// The request at this place of the records failed, and with it the walk.
    Failed(usize),
    /// The node's files leave no host to ask.
    NoHost,
}

/// Steps with `?` over requests that are not answered yet.
type Step<T> = Result<T, Walked>;

impl Walk<'_> {
    /// Where the walk stands after `records`; requests are found in them by what was asked.
    pub fn after(&self, records: &[Record]) -> Walked {
        match self.walk(records) {
            Ok(()) => Walked::Whole,
            Err(stands) => stands,
        }
    }

    fn walk(&self, records: &[Record]) -> Step<()> {
        let tag = self.reference.digest.as_ref().or(self.reference.tag.as_ref());
        let wanted = tag.map_or("latest", String::as_str);
        let (host, login, digest) = self.resolve(wanted, records)?;
        if self.depth == Depth::Resolve {
            return Ok(());
        }
        let ask = |what: What| self.ask(host, login, what);
        // A runtime fetches what it resolved, by digest; a tag may have moved in between.
        let top = digest.unwrap_or_else(|| wanted.to_owned());
        let (_, manifest) = manifest_of(records, ask(What::Manifest(top)))?;
        let images = match manifest {
            Manifest::Index(entries) => self.chosen(entries)?,
            _ => return self.only_image(records, manifest, host, login),
        };
        for digest in images {
            let (at, image) = manifest_of(records, ask(What::Manifest(digest)))?;
            match image {
                // Content that points to a further list is not an image that a runtime runs.
                Manifest::Index(_) => return Err(Walked::Failed(at)),
                _ => self.image(records, image, host, login)?,
            }
        }
        Ok(())
    }

    /// The request that resolved the image, and the digest it gave; `None` while none did.
    pub fn resolved<'r>(&self, records: &'r [Record]) -> Option<&'r Record> {
        records
            .iter()
            .find(|record| matches!(record.ask.what, What::ManifestHead(_)) && record.got().is_some())
    }

    /// The platforms that the list of the image has, and the digests under which they stand; `None` when no list was
    /// read. Attestations are left out.
    pub fn listed<'r>(&self, records: &'r [Record]) -> Option<Vec<&'r Entry>> {
        records.iter().find_map(|record| match record.got() {
            Some(Got::Manifest { manifest: Some(Manifest::Index(entries)), .. }) => {
                Some(entries.iter().filter(|entry| !entry.attestation).collect())
            }
            _ => None,
        })
    }

    /// The platform whose image the request at `at` is of; `None` when it is of no entry of a list.
    pub fn platform_of(&self, records: &[Record], at: usize) -> Option<Platform> {
        let asked = match &records.get(at)?.ask.what {
            What::Manifest(digest) | What::Config(digest) | What::BlobHead(digest) => digest,
            _ => return None,
        };
        let holds = |entry: &&&Entry| {
            entry.manifest.digest == *asked
                || records.iter().any(|record| match (&record.ask.what, record.got()) {
                    (
                        What::Manifest(digest),
                        Some(Got::Manifest { manifest: Some(Manifest::Image { config, layers }), .. }),
                    ) => {
                        *digest == entry.manifest.digest
                            && (config.digest == *asked || layers.iter().any(|layer| layer.digest == *asked))
                    }
                    _ => false,
                })
        };
        self.listed(records)?.iter().find(holds)?.platform.clone()
    }

    /// A manifest that was read and holds no image that a runtime runs; `None` when every one does.
    pub fn no_image<'r>(&self, records: &'r [Record]) -> Option<&'r Record> {
        records.iter().find(|record| match record.got() {
            Some(Got::Manifest { manifest: Some(manifest), .. }) => match manifest {
                Manifest::Schema1 | Manifest::Artifact(_) | Manifest::Other(_) => true,
                Manifest::Index(entries) => entries.iter().all(|entry| entry.attestation),
                Manifest::Image { .. } => false,
            },
            _ => false,
        })
    }

    /// The first host and login that have the manifest, as the runtime goes through them, and the digest it has.
    fn resolve(&self, wanted: &str, records: &[Record]) -> Step<(&Host, Option<&LoginName>, Option<String>)> {
        let by_digest = self.reference.digest.is_some();
        let mut first_failed = None;
        for host in self.route.hosts.iter().filter(|host| host.resolve || by_digest) {
            let logins: Vec<Option<&LoginName>> =
                if self.logins.is_empty() { vec![None] } else { self.logins.iter().map(Some).collect() };
            for login in logins {
                match answer(records, self.ask(host, login, What::ManifestHead(wanted.to_owned())))? {
                    (_, Some(Got::Manifest { digest, .. })) => return Ok((host, login, digest.clone())),
                    (_, Some(_)) => return Ok((host, login, None)),
                    (at, None) => first_failed = first_failed.or(Some(at)),
                }
            }
        }
        Err(first_failed.map_or(Walked::NoHost, Walked::Failed))
    }

    /// The digests of the entries for the wanted platforms.
    fn chosen(&self, entries: &[Entry]) -> Step<Vec<String>> {
        let images: Vec<&Entry> = entries.iter().filter(|entry| !entry.attestation).collect();
        if self.platforms.is_empty() {
            return Ok(images.iter().map(|entry| entry.manifest.digest.clone()).collect());
        }
        let have = || images.iter().filter_map(|entry| entry.platform.clone()).collect();
        self.platforms
            .iter()
            .map(|wanted| {
                let fits = |entry: &&&Entry| entry.platform.as_ref().is_none_or(|have| fits(have, wanted));
                let found = images.iter().find(fits);
                found
                    .map(|entry| entry.manifest.digest.clone())
                    .ok_or_else(|| Walked::NoPlatform(wanted.clone(), have()))
            })
            .collect()
    }

    /// An image that stands in no list: its config says for which platform it is.
    fn only_image(
        &self,
        records: &[Record],
        image: &Manifest,
        host: &Host,
        login: Option<&LoginName>,
    ) -> Step<()> {
        if let Manifest::Image { config, .. } = image {
            let (at, got) = answer(records, self.ask(host, login, What::Config(config.digest.clone())))?;
            match got.ok_or(Walked::Failed(at))? {
                Got::Config { platform, .. } if !platform.architecture.is_empty() => {
                    if let Some(wanted) = self.platforms.iter().find(|wanted| !fits(platform, wanted)) {
                        return Err(Walked::NoPlatform(wanted.clone(), vec![platform.clone()]));
                    }
                }
                _ => {}
            }
        }
        self.image(records, image, host, login)
    }

    fn image(
        &self,
        records: &[Record],
        image: &Manifest,
        host: &Host,
        login: Option<&LoginName>,
    ) -> Step<()> {
        // What is no image has neither config nor layers to ask for; the caller sees it in the record.
        let Manifest::Image { config, layers } = image else { return Ok(()) };
        let (at, got) = answer(records, self.ask(host, login, What::Config(config.digest.clone())))?;
        got.ok_or(Walked::Failed(at))?;
        for layer in layers.iter().filter(|layer| !layer.foreign) {
            let (at, got) = answer(records, self.ask(host, login, What::BlobHead(layer.digest.clone())))?;
            got.ok_or(Walked::Failed(at))?;
        }
        Ok(())
    }

    fn ask(&self, host: &Host, login: Option<&LoginName>, what: What) -> Ask {
        Ask { host: host.clone(), repository: self.reference.repository.clone(), what, login: login.cloned() }
    }
}

/// What was answered to a request, with its place; not asked yet, it is the next.
fn answer(records: &[Record], ask: Ask) -> Step<(usize, Option<&Got>)> {
    match records.iter().enumerate().find(|(_, record)| record.ask == ask) {
        Some((at, record)) => Ok((at, record.got())),
        None => Err(Walked::Next(Box::new(ask))),
    }
}

fn manifest_of(records: &[Record], ask: Ask) -> Step<(usize, &Manifest)> {
    match answer(records, ask)? {
        (at, Some(Got::Manifest { manifest: Some(manifest), .. })) => Ok((at, manifest)),
        (at, _) => Err(Walked::Failed(at)),
    }
}
