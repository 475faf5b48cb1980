//! What those who run a cluster say about a registry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Metadata;
use super::schema::{HostOrBelow, HostPort};
use crate::Endpoint;

/// Hosts, realms and mirrors of one profile, each.
const ENTRIES: usize = 32;
/// The longest bundle of authorities, in bytes: some forty certificates.
const BUNDLE: usize = 64 * 1024;

/// What is known of a registry beforehand, for the whole cluster. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryProfile {
    /// [`API_VERSION`](super::API_VERSION).
    pub api_version: String,
    /// `RegistryProfile`.
    pub kind: String,
    /// Its name.
    pub metadata: Metadata,
    /// What is said.
    pub spec: Spec,
}

impl RegistryProfile {
    /// The kind's name.
    pub const KIND: &str = "RegistryProfile";
    /// As paths write the kind.
    pub const PLURAL: &str = "registryprofiles";
}

/// What is said about a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.plainHttp) || !self.plainHttp || self.hosts.all(host, !host.startsWith('*'))",
        "message": "plain HTTP is for hosts that are named whole",
    },
    {
        "rule": "!has(self.internal) || !self.internal || self.hosts.all(host, !host.startsWith('*'))",
        "message": "hosts of the cluster's inside are named whole",
    },
]))]
pub struct Spec {
    /// Hosts, each with an optional port, that this is about: `registry.acme.test:5000`. `*.acme.test` is every name of
    /// one or more labels before it; where several profiles fit, the one that names most of the host counts.
    #[schemars(with = "Vec<HostOrBelow>", length(min = 1, max = ENTRIES), extend("x-kubernetes-list-type" = "set"))]
    pub hosts: Vec<String>,
    /// Certificates in PEM that nodes trust for these hosts, beside those of the image's own system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = BUNDLE), extend("x-kubernetes-validations" = [
        {"rule": "self.contains('-----BEGIN CERTIFICATE-----')", "message": "no certificate in PEM"},
        {"rule": "!self.contains('PRIVATE KEY-----')", "message": "it holds a private key"},
    ]))]
    pub certificate_authorities: Option<String>,
    /// Where nodes ask first, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = ENTRIES))]
    pub mirrors: Vec<Mirror>,
    /// Token services that may be given a login for these hosts, beside the registry itself: `https://auth.acme.test`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = ENTRIES), inner(length(min = 9, max = 512), pattern(r"^https://[A-Za-z0-9._:%\[\]-]+([/?].*)?$")))]
    pub realms: Vec<String>,
    /// Whether plain HTTP may be spoken with these hosts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub plain_http: bool,
    /// Whether these hosts may be asked at all, to prove a fault.
    #[serde(default = "yes")]
    pub probe: bool,
    /// Whether these hosts may be asked although they are names of the cluster's inside (`….svc.cluster.local`) or single
    /// labels.
    #[serde(default, skip_serializing_if = "is_false")]
    pub internal: bool,
    /// How often these hosts may be asked; absent: as every other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateBudget>,
}

/// A mirror of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mirror {
    /// Its host, with an optional port.
    #[schemars(with = "HostPort")]
    pub host: String,
    /// Whether plain HTTP is spoken with it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub plain_http: bool,
}

/// How often a host may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateBudget {
    /// Requests a minute, on average.
    #[schemars(range(min = 1, max = 600))]
    pub per_minute: u32,
    /// Requests at once, before the average counts; absent: as many as a minute allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 600))]
    pub burst: Option<u32>,
}

/// A profile that holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The object's name.
    pub name: String,
    /// The hosts, at least one.
    pub hosts: Vec<HostPattern>,
    /// Certificates in PEM; `None` when none are said. That they are certificates is for whoever trusts them to find out.
    pub certificate_authorities: Option<String>,
    /// Mirrors with whether they speak plain HTTP.
    pub mirrors: Vec<(Endpoint, bool)>,
    /// Token services.
    pub realms: Vec<Realm>,
    /// Whether plain HTTP may be spoken.
    pub plain_http: bool,
    /// Whether they may be asked.
    pub probe: bool,
    /// Whether they may be asked although they are of the cluster's inside.
    pub internal: bool,
    /// How often; `None`: as every other.
    pub rate: Option<RateBudget>,
}

/// Which hosts a profile is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostPattern {
    /// One.
    Exactly(Endpoint),
    /// All below this host, on this port. The host is without `*.`.
    Below(Endpoint),
}

/// A token service, by its host and port: `https` is a condition of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Realm(pub Endpoint);

/// What does not hold together in a profile, as a fragment: `spec.hosts[0] "a b": not a host with an optional port`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field} {value:?}: {problem}")]
pub struct BadProfile {
    /// The field.
    pub field: String,
    /// Its value, at most 64 characters of it; never of a certificate.
    pub value: String,
    /// What is wrong.
    pub problem: &'static str,
}

impl Profile {
    /// Checks a profile.
    ///
    /// # Errors
    /// With everything that is wrong, in the order of the fields. A profile counts whole or not at all: one that is read in
    /// part could allow what its author meant to forbid.
    pub fn of(profile: &RegistryProfile) -> Result<Profile, Vec<BadProfile>> {
        let spec = &profile.spec;
        let mut wrong = Wrong::default();
        let hosts = wrong.all("spec.hosts", &spec.hosts, |host| HostPattern::parse(host));
        wrong.count("spec.hosts", spec.hosts.len(), 1);
        wrong.count("spec.realms", spec.realms.len(), 0);
        wrong.count("spec.mirrors", spec.mirrors.len(), 0);
        let mirrors = wrong.all("spec.mirrors", &spec.mirrors, |mirror| {
            Endpoint::parse(&mirror.host)
                .map(|host| (host, mirror.plain_http))
                .map_err(|_| (mirror.host.as_str(), NOT_A_HOST))
        });
        let realms = wrong.all("spec.realms", &spec.realms, |realm| Realm::parse(realm));
        for host in spec.hosts.iter().filter(|host| host.starts_with("*.")) {
            if spec.plain_http {
                wrong.add("spec.plainHttp", host, "plain HTTP is for hosts that are named whole");
            }
            if spec.internal {
                wrong.add("spec.internal", host, "hosts of the cluster's inside are named whole");
            }
        }
        if let Some(bundle) = &spec.certificate_authorities {
            if bundle.len() > BUNDLE {
                wrong.add("spec.certificateAuthorities", "", "more than 64 KiB");
            }
            if bundle.contains("PRIVATE KEY-----") {
                wrong.add("spec.certificateAuthorities", "", "it holds a private key");
            }
            if !bundle.contains("-----BEGIN CERTIFICATE-----") {
                wrong.add("spec.certificateAuthorities", "", "no certificate in PEM");
            }
        }
        if let Some(rate) = spec.rate {
            let counts = std::iter::once(rate.per_minute).chain(rate.burst);
            for count in counts.filter(|count| !(1..=600).contains(count)) {
                wrong.add("spec.rate", &count.to_string(), "not between 1 and 600");
            }
        }
        wrong.0.is_empty().then_some(()).ok_or(wrong.0)?;
        Ok(Profile {
            name: profile.metadata.name.clone(),
            hosts,
            certificate_authorities: spec.certificate_authorities.clone(),
            mirrors,
            realms,
            plain_http: spec.plain_http,
            probe: spec.probe,
            internal: spec.internal,
            rate: spec.rate,
        })
    }

    /// Of several profiles the one for this host: the one that names most of it, of equals the first by name.
    pub fn for_host<'a>(profiles: &'a [Profile], host: &Endpoint) -> Option<&'a Profile> {
        let fits = profiles.iter().filter_map(|profile| {
            let best = profile.hosts.iter().filter_map(|pattern| pattern.fits(host)).max()?;
            Some((best, profile))
        });
        fits.min_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.name.cmp(&other.name)))
            .map(|(_, profile)| profile)
    }
}

const NOT_A_HOST: &str = "not a host with an optional port";

impl HostPattern {
    /// Reads `host`, `host:port` or `*.host`.
    fn parse(text: &str) -> Result<HostPattern, (&str, &'static str)> {
        let (host, is_below) = match text.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let endpoint = Endpoint::parse(host).map_err(|_| (text, NOT_A_HOST))?;
        if !is_below {
            return Ok(HostPattern::Exactly(endpoint));
        }
        // `*.com` would be a part of the world.
        let name = crate::endpoint::without_port(endpoint.as_str());
        let is_name = !name.starts_with('[') && name.parse::<std::net::Ipv4Addr>().is_err();
        if !is_name || !name.trim_matches('.').contains('.') {
            return Err((text, "a wildcard needs two labels of a name below it"));
        }
        Ok(HostPattern::Below(endpoint))
    }

    /// How well this fits a host, more is better; `None`: not at all.
    fn fits(&self, host: &Endpoint) -> Option<(bool, usize)> {
        match self {
            HostPattern::Exactly(exactly) => (exactly == host).then(|| (true, exactly.as_str().len())),
            HostPattern::Below(below) => {
                let label = host.as_str().strip_suffix(below.as_str())?.strip_suffix('.')?;
                (!label.is_empty()).then(|| (false, below.as_str().len()))
            }
        }
    }
}

impl Realm {
    /// Reads `https://host[:port][/path]`. Only host and port count; the path is what the registry says.
    fn parse(text: &str) -> Result<Realm, (&str, &'static str)> {
        let rest = text.strip_prefix("https://").ok_or((text, "not an https:// address"))?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.contains('@') {
            return Err(("", "it holds a user"));
        }
        Endpoint::parse(host).map(Realm).map_err(|_| (text, NOT_A_HOST))
    }
}

#[derive(Default)]
struct Wrong(Vec<BadProfile>);

impl Wrong {
    fn add(&mut self, field: &str, value: &str, problem: &'static str) {
        let value = value.chars().take(64).collect();
        self.0.push(BadProfile { field: field.to_owned(), value, problem });
    }

    fn count(&mut self, field: &str, count: usize, least: usize) {
        if count < least || count > ENTRIES {
            self.add(
                field,
                &count.to_string(),
                if least > 0 { "not 1 to 32 entries" } else { "more than 32 entries" },
            );
        }
    }

    fn all<'a, T, U>(
        &mut self,
        field: &str,
        values: &'a [T],
        read: impl Fn(&'a T) -> Result<U, (&'a str, &'static str)>,
    ) -> Vec<U> {
        let mut good = Vec::new();
        for (place, value) in values.iter().enumerate().take(ENTRIES) {
            match read(value) {
                Ok(value) => good.push(value),
                Err((value, problem)) => self.add(&format!("{field}[{place}]"), value, problem),
            }
        }
        good
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str, spec: &str) -> RegistryProfile {
        let text = format!(
            r#"{{"apiVersion":"pullmedic.dev/v1alpha1","kind":"RegistryProfile","metadata":{{"name":{name:?}}},"spec":{spec}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_profile_is_read_with_its_defaults() {
        let read =
            Profile::of(&profile("acme", r#"{"hosts":["Registry.Acme.test:443","*.ecr.test"]}"#)).unwrap();
        let endpoint = |text| Endpoint::parse(text).unwrap();
        assert_eq!(
            read.hosts,
            [HostPattern::Exactly(endpoint("registry.acme.test")), HostPattern::Below(endpoint("ecr.test"))]
        );
        assert!(read.probe && !read.plain_http && !read.internal && read.rate.is_none());
    }

    #[test]
    fn everything_wrong_is_said_and_nothing_of_a_certificate() {
        for (spec, fields) in [
            (r#"{"hosts":[]}"#, vec!["spec.hosts"]),
            (r#"{"hosts":["*.test"]}"#, vec!["spec.hosts[0]"]),
            (r#"{"hosts":["*.0.0.1"]}"#, vec![]),
            (r#"{"hosts":["*.10.0.0.1"]}"#, vec!["spec.hosts[0]"]),
            (r#"{"hosts":["a b","*"]}"#, vec!["spec.hosts[0]", "spec.hosts[1]"]),
            (
                r#"{"hosts":["*.acme.test"],"plainHttp":true,"internal":true}"#,
                vec!["spec.plainHttp", "spec.internal"],
            ),
            (
                r#"{"hosts":["a.test"],"realms":["http://a.test","https://u:CANARY@a.test/t","https:///x","ftp"]}"#,
                vec!["spec.realms[0]", "spec.realms[1]", "spec.realms[2]", "spec.realms[3]"],
            ),
            (r#"{"hosts":["a.test"],"mirrors":[{"host":"https://m.test"}]}"#, vec!["spec.mirrors[0]"]),
            (r#"{"hosts":["a.test"],"rate":{"perMinute":0,"burst":601}}"#, vec!["spec.rate", "spec.rate"]),
            (
                r#"{"hosts":["a.test"],"certificateAuthorities":"-----BEGIN RSA PRIVATE KEY-----CANARY"}"#,
                vec!["spec.certificateAuthorities", "spec.certificateAuthorities"],
            ),
        ] {
            let wrong = Profile::of(&profile("acme", spec)).err().unwrap_or_default();
            assert_eq!(wrong.iter().map(|bad| bad.field.as_str()).collect::<Vec<_>>(), fields, "{spec}");
            assert!(!wrong.iter().any(|bad| bad.to_string().contains("CANARY")), "{wrong:?}");
        }
    }

    #[test]
    fn the_profile_that_names_most_of_a_host_counts() {
        let all: Vec<Profile> = [
            ("a", r#"{"hosts":["*.acme.test"]}"#),
            ("b", r#"{"hosts":["*.eu.acme.test"]}"#),
            ("c", r#"{"hosts":["registry.eu.acme.test:5000"]}"#),
            ("d", r#"{"hosts":["*.eu.acme.test"]}"#),
        ]
        .map(|(name, spec)| Profile::of(&profile(name, spec)).unwrap())
        .into();
        for (host, name) in [
            ("x.acme.test", Some("a")),
            ("x.y.acme.test", Some("a")),
            ("registry.eu.acme.test", Some("b")),
            ("registry.eu.acme.test:5000", Some("c")),
            ("acme.test", None),
            ("evilacme.test", None),
            ("x.acme.test:5000", None),
        ] {
            let found = Profile::for_host(&all, &Endpoint::parse(host).unwrap());
            assert_eq!(found.map(|profile| profile.name.as_str()), name, "{host}");
        }
    }
}
