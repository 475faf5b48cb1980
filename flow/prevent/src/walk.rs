//! The whole pull of one image, request by request: the manifest as the runtime resolves it, then the platform's
//! manifest, the config and every layer.

use pullmedic_model::Reference;
use pullmedic_model::probe::manifest::{Entry, Manifest, Platform};
use pullmedic_model::probe::route::{Host, Route};
use pullmedic_model::probe::{Ask, Got, LoginName, Record, What};

use crate::platform::taken;

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
                taken(&images, wanted)
                    .first()
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
            // A config that names none, as of hand-made images, runs anywhere.
            if let Got::Config { platform, .. } = got.ok_or(Walked::Failed(at))?
                && !platform.architecture.is_empty()
                && let Some(wanted) = self.platforms.iter().find(|wanted| !wanted.runs(platform))
            {
                return Err(Walked::NoPlatform(wanted.clone(), vec![platform.clone()]));
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
        Ask {
            host: host.clone(),
            repository: self.reference.repository.clone(),
            what,
            login: login.cloned(),
            again: 0,
        }
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
