//! What is asked for, from request to what was got.

use http::Method;
use pullmedic_model::Stage;
use pullmedic_model::probe::record::{Body, Got, NotAsked};
use pullmedic_model::probe::{Class, What};

use crate::connect::Reach;
use crate::digest::{Digest, Hasher, Wanted, is_repository};
use crate::fetch::{Resource, challenges};
use crate::manifest::{self, Unreadable};
use crate::walk::{Reply, Stop, Walk, class_of_status};
use crate::wire::header;

/// Where a manifest is asked for.
const MANIFESTS: &str = "manifests";

/// Where containerd asks for it next, by digest.
const BLOBS: &str = "blobs";

/// containerd's list (`core/remotes/docker/resolver.go`): with another one some registries answer 404.
const ACCEPT: &str = "application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, */*";

/// containerd's `MaxManifestSize`: a manifest that says it is larger is rejected.
const LARGEST_MANIFEST: u64 = 4 * 1048 * 1048;

impl Walk<'_> {
    /// Walks the ask to its end.
    pub(crate) async fn run(&mut self) -> Result<Got, Stop> {
        let what = self.ask.what.clone();
        self.check(&what)?;
        match what {
            What::Name => {
                let target = self.target();
                self.addresses(&target, Reach::Any).await.map(Got::Name)
            }
            What::Ping => self.ping().await,
            What::ManifestHead(wanted) => self.manifest_head(&wanted).await,
            What::Manifest(wanted) => self.manifest(MANIFESTS, &wanted).await,
            What::Config(digest) => self.config(&digest).await,
            What::BlobHead(digest) => self.blob_head(&digest).await,
            What::Blob(digest) => self.blob(&digest).await,
            What::Tags => self.tags().await,
            What::Catalog => self.catalog().await,
            What::Referrers(digest) => self.referrers(&digest).await,
        }
    }

    /// Refuses what must not stand in a URL.
    fn check(&self, what: &What) -> Result<(), Stop> {
        let ours = |text: &str| Err(Stop::NotAsked(NotAsked::Ours(text.to_owned())));
        let wants_repository = !matches!(what, What::Name | What::Ping | What::Catalog);
        if wants_repository && !is_repository(&self.ask.repository) {
            return ours("the repository is not one that can be asked for");
        }
        let path = &self.ask.host.path;
        let good_path = path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\'))
            && !path.split('/').any(|segment| matches!(segment, "." | ".."))
            && (path.is_empty() || path.starts_with('/'));
        if !good_path {
            return ours("the path of the host is not one that can be asked for");
        }
        match what {
            What::ManifestHead(wanted) | What::Manifest(wanted) if Wanted::parse(wanted).is_none() => {
                ours("neither a tag nor a digest")
            }
            What::Config(digest) | What::BlobHead(digest) | What::Blob(digest) | What::Referrers(digest)
                if Digest::parse(digest).is_none() =>
            {
                ours("not a digest")
            }
            What::Name
            | What::Ping
            | What::ManifestHead(_)
            | What::Manifest(_)
            | What::Config(_)
            | What::BlobHead(_)
            | What::Blob(_)
            | What::Tags
            | What::Catalog
            | What::Referrers(_) => Ok(()),
        }
    }

    /// The URL path of something of the repository; `?ns=` for a mirror.
    pub(crate) fn path(&self, rest: &str) -> String {
        let host = &self.ask.host;
        let repository = &self.ask.repository;
        let path = if repository.is_empty() {
            format!("{}/{rest}", host.path)
        } else {
            format!("{}/{repository}/{rest}", host.path)
        };
        match &host.namespace {
            Some(namespace) => {
                let value: String = url::form_urlencoded::byte_serialize(namespace.as_bytes()).collect();
                let sign = if path.contains('?') { '&' } else { '?' };
                format!("{path}{sign}ns={value}")
            }
            None => path,
        }
    }

    fn resource(&self, stage: Stage, method: Method, rest: &str, accept: &'static str) -> Resource {
        let path = self.path(rest);
        Resource {
            stage,
            method,
            path,
            accept,
            hash: None,
            cap: self.shared.limits.manifest,
            anonymous_token: true,
        }
    }

    /// The stop of an answer that is no success.
    pub(crate) fn unless_success(&mut self, reply: &Reply) -> Result<(), Stop> {
        let body = self.steps[reply.step].answer.as_ref().map_or(Body::Empty, |answer| answer.body);
        if (200..300).contains(&reply.status) {
            return match body {
                Body::Html => Err(self.refuse(reply.step, Class::NotARegistry, "a web page")),
                Body::Empty | Body::Json | Body::Other => Ok(()),
            };
        }
        if reply.status == 400 && self.says_tls_is_wanted(reply) {
            return Err(self.refuse(
                reply.step,
                Class::TlsOnPlainPort,
                "the server says that this port speaks TLS",
            ));
        }
        if reply.status == 400 && is_about_client_certificate(&reply.body) {
            let why = "the server says that it wants a client certificate";
            return Err(self.refuse(reply.step, Class::ClientCertificateWanted, why));
        }
        Err(self.refuse(reply.step, class_of_status(reply.status), ""))
    }

    /// Go's server and nginx answer plain HTTP on their TLS port in plain words.
    fn says_tls_is_wanted(&self, reply: &Reply) -> bool {
        let text = String::from_utf8_lossy(&reply.body);
        !self.target().https
            && ["HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port"]
                .iter()
                .any(|words| text.contains(words))
    }

    async fn ping(&mut self) -> Result<Got, Stop> {
        let path = format!("{}/", self.ask.host.path);
        let resource = Resource {
            stage: Stage::Ping,
            method: Method::GET,
            path,
            accept: "",
            hash: None,
            cap: self.shared.limits.error,
            // `/v2/` asks for no scope, so an anonymous token proves nothing.
            anonymous_token: false,
        };
        let reply = self.fetch(&resource).await?;
        // Without a login a challenge is the API's answer.
        if reply.status == 401 && self.held.is_none() && !challenges(&reply).is_empty() {
            self.steps[reply.step].failed = None;
            return Ok(Got::Ping);
        }
        self.unless_success(&reply)?;
        Ok(Got::Ping)
    }

    async fn manifest_head(&mut self, wanted: &str) -> Result<Got, Stop> {
        let resource = self.resource(Stage::Manifest, Method::HEAD, &format!("{MANIFESTS}/{wanted}"), ACCEPT);
        let mut reply = self.fetch(&resource).await?;
        let mut place = MANIFESTS;
        if reply.status == 405 {
            self.steps[reply.step].failed = None;
            return self.manifest(place, wanted).await;
        }
        if reply.status == 404
            && let Some(instead) = self.as_blob(wanted).await?
        {
            self.steps[reply.step].failed = None;
            (reply, place) = (instead, BLOBS);
        }
        self.unless_success(&reply)?;
        let said = header(&reply.headers, "docker-content-digest").map(str::to_owned);
        let size: Option<u64> = header(&reply.headers, "content-length").and_then(|value| value.parse().ok());
        let asked = Digest::parse(wanted);
        let digest = match &said {
            None => None,
            Some(said) => match Digest::parse(said) {
                Some(digest) => Some(digest),
                None => {
                    let why = "the digest of the header is none";
                    return Err(self.refuse(reply.step, Class::WrongContent, why));
                }
            },
        };
        self.compare(&reply, asked.as_ref(), digest.as_ref(), "the digest of the header")?;
        if size.is_some_and(|size| size > LARGEST_MANIFEST) {
            return Err(self.refuse(
                reply.step,
                Class::TooBig,
                "it says that it is larger than a manifest may be",
            ));
        }
        // containerd: without digest or length the body must tell.
        if (digest.is_none() && asked.is_none()) || size.is_none() {
            return self.manifest(place, wanted).await;
        }
        let digest = digest.or(asked).map(|digest| digest.to_string());
        Ok(Got::Manifest { digest, media_type: media_type(&reply), size, manifest: None })
    }

    /// containerd resolves a digest that is 404 among the manifests once more among the blobs, for old registries
    /// ([`Resolve`](https://github.com/containerd/containerd/blob/main/core/remotes/docker/resolver.go)). Only a `HEAD`
    /// does: its `Fetch` of a manifest never goes there, and other runtimes do not know it. `None`: the 404 is the answer,
    /// as it is for containerd when it gets another one, or none that a login passes.
    async fn as_blob(&mut self, wanted: &str) -> Result<Option<Reply>, Stop> {
        if Digest::parse(wanted).is_none() || !self.is_containerd {
            return Ok(None);
        }
        let resource = self.resource(Stage::Manifest, Method::HEAD, &format!("{BLOBS}/{wanted}"), ACCEPT);
        match self.fetch(&resource).await {
            Ok(reply) if matches!(reply.status, 401 | 404) => Ok(None),
            Ok(reply) => Ok(Some(reply)),
            Err(Stop::Refused { .. }) => Ok(None),
            Err(stop @ Stop::NotAsked(_)) => Err(stop),
        }
    }

    async fn manifest(&mut self, place: &str, wanted: &str) -> Result<Got, Stop> {
        let resource = self.resource(Stage::Manifest, Method::GET, &format!("{place}/{wanted}"), ACCEPT);
        let reply = self.fetch(&resource).await?;
        self.unless_success(&reply)?;
        self.unless_whole(&reply)?;
        let asked = Digest::parse(wanted);
        let said = header(&reply.headers, "docker-content-digest").and_then(Digest::parse);
        for other in [asked.as_ref(), said.as_ref()].into_iter().flatten() {
            let mut hasher = other.hasher();
            hasher.update(&reply.body);
            self.compare(&reply, Some(other), Some(&hasher.finish()), "the digest of the body")?;
        }
        let digest = asked.or(said).unwrap_or_else(|| {
            let mut hasher = Hasher::sha256();
            hasher.update(&reply.body);
            hasher.finish()
        });
        let (media_type, manifest) = match manifest::parse(&reply.body, &media_type(&reply)) {
            Ok(read) => read,
            Err(Unreadable::NotJson) => {
                return Err(self.refuse(reply.step, Class::NotARegistry, "no JSON where a manifest must be"));
            }
            Err(Unreadable::TooMany) => {
                return Err(self.refuse(reply.step, Class::TooBig, "more entries than a manifest can need"));
            }
            Err(Unreadable::BadDigest(place)) => {
                let why = format!("{place} of the manifest is no digest");
                return Err(self.refuse(reply.step, Class::WrongContent, &why));
            }
        };
        Ok(Got::Manifest {
            digest: Some(digest.to_string()),
            media_type,
            size: Some(reply.length),
            manifest: Some(manifest),
        })
    }

    async fn config(&mut self, digest: &str) -> Result<Got, Stop> {
        let resource = self.resource(Stage::Config, Method::GET, &format!("blobs/{digest}"), "*/*");
        let reply = self.fetch(&resource).await?;
        self.unless_success(&reply)?;
        self.unless_whole(&reply)?;
        if let Some(asked) = Digest::parse(digest) {
            let mut hasher = asked.hasher();
            hasher.update(&reply.body);
            self.compare(&reply, Some(&asked), Some(&hasher.finish()), "the digest of the body")?;
        }
        match manifest::config(&reply.body) {
            Some((platform, created)) => Ok(Got::Config { platform, created }),
            None => {
                Err(self.refuse(reply.step, Class::WrongContent, "no JSON where an image's config must be"))
            }
        }
    }

    async fn blob_head(&mut self, digest: &str) -> Result<Got, Stop> {
        let resource = self.resource(Stage::Blob, Method::HEAD, &format!("blobs/{digest}"), "*/*");
        let reply = self.fetch(&resource).await?;
        self.unless_success(&reply)?;
        let size = header(&reply.headers, "content-length").and_then(|value| value.parse().ok());
        Ok(Got::Blob { size, whole: None })
    }

    async fn blob(&mut self, digest: &str) -> Result<Got, Stop> {
        let mut resource = self.resource(Stage::Blob, Method::GET, &format!("blobs/{digest}"), "*/*");
        resource.hash = Digest::parse(digest);
        let reply = self.fetch(&resource).await?;
        self.unless_success(&reply)?;
        let size = header(&reply.headers, "content-length").and_then(|value| value.parse().ok());
        // Past our own cap nothing is known of the rest.
        if reply.fault == Some(Class::TooBig) {
            return Ok(Got::Blob { size, whole: None });
        }
        self.unless_whole(&reply)?;
        self.compare(&reply, resource.hash.as_ref(), reply.digest.as_ref(), "the digest of the body")?;
        Ok(Got::Blob { size: Some(reply.length), whole: Some(true) })
    }

    /// The stop of a body that is not whole.
    pub(crate) fn unless_whole(&mut self, reply: &Reply) -> Result<(), Stop> {
        let Some(fault) = reply.fault else { return Ok(()) };
        let why = match fault {
            Class::TooBig => "the body is larger than its cap".to_owned(),
            Class::Stalled => format!("the body stopped, or came too slowly, after {} bytes", reply.length),
            Class::WrongContent => "the body is encoded though no encoding was accepted".to_owned(),
            _ => format!("the body broke off after {} bytes", reply.length),
        };
        Err(self.refuse(reply.step, fault, &why))
    }

    fn compare(
        &mut self,
        reply: &Reply,
        asked: Option<&Digest>,
        got: Option<&Digest>,
        what: &str,
    ) -> Result<(), Stop> {
        match (asked, got) {
            (Some(asked), Some(got)) if asked.is_comparable(got) && asked != got => {
                let why = format!("{what} is {got}, not {asked}");
                Err(self.refuse(reply.step, Class::WrongContent, &why))
            }
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }
}

fn media_type(reply: &Reply) -> String {
    let value = header(&reply.headers, "content-type").unwrap_or_default();
    let value: String = value.split(';').next().unwrap_or_default().trim().chars().take(200).collect();
    pullmedic_model::Captured::new(&value).to_string()
}

/// nginx asks for a client certificate and answers its absence in HTTP.
fn is_about_client_certificate(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("No required SSL certificate was sent")
}
