//! What a presented chain says of itself, read apart from whether it is trusted.

use std::net::IpAddr;

use jiff::Timestamp;
use pullmedic_model::Captured;
use pullmedic_model::probe::record::Certificate;
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

/// Names kept of one certificate; some CDNs list a hundred.
const NAMES: usize = 40;

/// The leaf as far as judging it needs.
pub(crate) struct Leaf {
    pub(crate) certificate: Certificate,
    /// Whether it has any subject alternative name.
    pub(crate) has_names: bool,
    pub(crate) common_name: String,
    dns: Vec<String>,
    addresses: Vec<IpAddr>,
    not_before: i64,
    not_after: i64,
    for_servers: bool,
}

/// Where a time stands to the validity of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    NotYet,
    Valid,
    Over,
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(der.as_ref()).ok().map(|(_, certificate)| certificate)
}

fn age(certificate: &X509Certificate<'_>, now: i64) -> Age {
    if now < certificate.validity().not_before.timestamp() {
        Age::NotYet
    } else if now > certificate.validity().not_after.timestamp() {
        Age::Over
    } else {
        Age::Valid
    }
}

/// Reads the first certificate of a chain; `None` when there is none or it does not parse.
pub(crate) fn leaf(chain: &[CertificateDer<'_>]) -> Option<Leaf> {
    let certificate = parse(chain.first()?)?;
    let mut dns = Vec::new();
    let mut addresses = Vec::new();
    let mut has_names = false;
    for extension in certificate.extensions() {
        let ParsedExtension::SubjectAlternativeName(names) = extension.parsed_extension() else { continue };
        has_names = true;
        for name in &names.general_names {
            match name {
                GeneralName::DNSName(name) => dns.push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                _ => {}
            }
        }
    }
    let names = dns.iter().cloned().chain(addresses.iter().map(IpAddr::to_string)).take(NAMES);
    let text = |name: &x509_parser::x509::X509Name<'_>| Captured::new(&short(&name.to_string()));
    let not_before = certificate.validity().not_before.timestamp();
    let not_after = certificate.validity().not_after.timestamp();
    let last = chain.last().and_then(parse);
    let common_name = certificate
        .subject()
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok())
        .unwrap_or_default()
        .to_owned();
    Some(Leaf {
        certificate: Certificate {
            subject: text(certificate.subject()),
            issuer: text(certificate.issuer()),
            names: names.map(|name| Captured::new(&short(&name)).to_string()).collect(),
            not_before: Timestamp::from_second(not_before).ok(),
            not_after: Timestamp::from_second(not_after).ok(),
            chain_ends_at: last.map(|last| text(last.issuer())).unwrap_or_default(),
        },
        has_names,
        common_name,
        dns,
        addresses,
        not_before,
        not_after,
        // Go: no extended key usage at all, or one that allows it.
        for_servers: match certificate.extended_key_usage() {
            Ok(Some(usage)) => usage.value.any || usage.value.server_auth,
            Ok(None) => true,
            Err(_) => false,
        },
    })
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

impl Leaf {
    /// Where `now`, in seconds since 1970, stands to its validity.
    pub(crate) fn age(&self, now: i64) -> Age {
        if now < self.not_before {
            Age::NotYet
        } else if now > self.not_after {
            Age::Over
        } else {
            Age::Valid
        }
    }

    /// Whether Go's `VerifyHostname` takes it for this host.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        match host.parse::<IpAddr>() {
            Ok(address) => self.addresses.iter().any(|named| named.to_canonical() == address.to_canonical()),
            Err(_) => self.dns.iter().any(|pattern| matches_as_go(pattern, host)),
        }
    }

    /// Whether only its legacy common name is for this host, which Go says in words of its own.
    pub(crate) fn is_for_by_common_name_only(&self, host: &str) -> bool {
        !self.has_names && matches_as_go(&self.common_name, host)
    }

    /// Whether its extended key usage allows servers.
    pub(crate) fn is_for_servers(&self) -> bool {
        self.for_servers
    }

    /// One line with what a person needs: `issuer="…" subject="…" names="a,b" not-before=… not-after=…`.
    pub(crate) fn line(&self) -> String {
        let certificate = &self.certificate;
        let time = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        format!(
            "issuer=\"{}\" subject=\"{}\" names=\"{}\" not-before={} not-after={} chain-ends-at=\"{}\"",
            quoted(certificate.issuer.as_str()),
            quoted(certificate.subject.as_str()),
            quoted(&certificate.names.join(",")),
            time(certificate.not_before),
            time(certificate.not_after),
            quoted(certificate.chain_ends_at.as_str()),
        )
    }
}

fn quoted(text: &str) -> String {
    text.replace(['"', '\n', '\r'], "'")
}

/// `crypto/x509`'s matching of a name of a certificate: a star stands for the whole first label only.
fn matches_as_go(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    if host.is_empty() || pattern.is_empty() {
        return false;
    }
    let (pattern, host): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), host.split('.').collect());
    pattern.len() == host.len()
        && pattern.iter().zip(&host).enumerate().all(|(at, (p, h))| (at == 0 && *p == "*") || p == h)
}

/// Whether Go would let this certificate sign another: `CheckSignatureFrom` wants a CA, and key usage that allows it
/// where any is given. webpki looks at neither in an anchor, and not at key usage in an intermediate.
pub(crate) fn may_sign(der: &CertificateDer<'_>) -> bool {
    let Some(certificate) = parse(der) else { return true };
    let is_v3 = certificate.version() == x509_parser::x509::X509Version::V3;
    let is_ca = match certificate.basic_constraints() {
        Ok(Some(constraints)) => constraints.value.ca,
        Ok(None) => !is_v3,
        Err(_) => false,
    };
    let may_sign = match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.key_cert_sign(),
        Ok(None) => true,
        Err(_) => false,
    };
    is_ca && may_sign
}

/// Whether it has a critical extension that Go does not handle and refuses
/// ([`processExtensions`](https://github.com/golang/go/blob/master/src/crypto/x509/parser.go)); webpki handles fewer.
pub(crate) fn is_beyond_go(der: &CertificateDer<'_>) -> bool {
    /// Identifier, issuer and subject key, usage, names, constraints, revocation points, policies and access.
    const HANDLED: [&str; 13] = [
        "2.5.29.14",
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.19",
        "2.5.29.30",
        "2.5.29.31",
        "2.5.29.32",
        "2.5.29.33",
        "2.5.29.35",
        "2.5.29.36",
        "2.5.29.37",
        "2.5.29.54",
        "1.3.6.1.5.5.7.1.1",
    ];
    let Some(certificate) = parse(der) else { return false };
    let is_handled = |oid: String| HANDLED.contains(&oid.as_str());
    certificate
        .extensions()
        .iter()
        .any(|extension| extension.critical && !is_handled(extension.oid.to_id_string()))
}

/// The age of any certificate; `None` when it does not parse.
pub(crate) fn age_of(der: &CertificateDer<'_>, now: i64) -> Option<Age> {
    parse(der).map(|certificate| age(&certificate, now))
}

/// The subject as it stands in the certificate, to compare with an issuer.
pub(crate) fn raw_subject(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    parse(der).map(|certificate| certificate.subject().as_raw().to_vec())
}

/// The issuer as it stands in the certificate.
pub(crate) fn raw_issuer(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    parse(der).map(|certificate| certificate.issuer().as_raw().to_vec())
}
