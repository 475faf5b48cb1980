//! The run's certificate authority, and certificates of every kind.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::configuration::{Certificate, Tls};

type Issuer = CertifiedIssuer<'static, KeyPair>;

pub(crate) struct Authority {
    root: Issuer,
    intermediate: Issuer,
    stranger: Issuer,
}

impl Authority {
    pub(crate) fn new() -> Result<Self, rcgen::Error> {
        let root = CertifiedIssuer::self_signed(authority("pullmedic testkit root"), KeyPair::generate()?)?;
        let params = authority("pullmedic testkit intermediate");
        let intermediate = CertifiedIssuer::signed_by(params, KeyPair::generate()?, &root)?;
        let stranger =
            CertifiedIssuer::self_signed(authority("an authority nobody knows"), KeyPair::generate()?)?;
        Ok(Self { root, intermediate, stranger })
    }

    pub(crate) fn pem(&self) -> String {
        self.root.pem()
    }

    /// A client certificate of the run's authority and its key, in PEM.
    pub(crate) fn client(&self, name: &str) -> Result<(String, String), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name = common_name(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.root)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// How a listener speaks TLS; `names` go into the certificate.
    pub(crate) fn server(&self, tls: &Tls, names: &[String]) -> Result<Arc<ServerConfig>, String> {
        let (chain, key) = self.certificate(&tls.certificate, names)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(words)?;
        let builder = if tls.client_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.root.der().clone()).map_err(words)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().map_err(words)?)
        } else {
            builder.with_no_client_auth()
        };
        Ok(Arc::new(builder.with_single_cert(chain, key).map_err(words)?))
    }

    fn certificate(
        &self,
        kind: &Certificate,
        names: &[String],
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
        if let Certificate::Files { cert, key } = kind {
            let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert).map_err(words)?.collect();
            return Ok((chain.map_err(words)?, PrivateKeyDer::from_pem_file(key).map_err(words)?));
        }
        let key = KeyPair::generate().map_err(words)?;
        let mut params = leaf(names).map_err(words)?;
        let issuer = match kind {
            Certificate::UnknownAuthority => &self.stranger,
            Certificate::MissingIntermediate | Certificate::WithIntermediate => &self.intermediate,
            _ => &self.root,
        };
        match kind {
            Certificate::Expired => {
                params.not_before = rcgen::date_time_ymd(2020, 1, 1);
                params.not_after = rcgen::date_time_ymd(2021, 1, 1);
            }
            Certificate::NotYetValid => {
                params.not_before = rcgen::date_time_ymd(2199, 1, 1);
                params.not_after = rcgen::date_time_ymd(2200, 1, 1);
            }
            Certificate::OtherNames => {
                let (before, after) = (params.not_before, params.not_after);
                params = leaf(&["other.invalid".to_owned()]).map_err(words)?;
                (params.not_before, params.not_after) = (before, after);
            }
            Certificate::CommonNameOnly => params.subject_alt_names.clear(),
            Certificate::Trusted
            | Certificate::UnknownAuthority
            | Certificate::MissingIntermediate
            | Certificate::WithIntermediate
            | Certificate::SelfSigned
            | Certificate::Files { .. } => {}
        }
        let certificate = match kind {
            Certificate::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, issuer),
        };
        let mut chain = vec![certificate.map_err(words)?.der().clone()];
        if *kind == Certificate::WithIntermediate {
            chain.push(self.intermediate.der().clone());
        }
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(words)?;
        Ok((chain, key))
    }
}

fn words(error: impl ToString) -> String {
    error.to_string()
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2120, 1, 1);
    params
}

/// The well leaf: Go and Apple want no more than 825 days, so it runs for a year around now.
fn leaf(names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names.to_vec())?;
    let first = names.iter().find(|name| name.parse::<IpAddr>().is_err()).or(names.first());
    params.distinguished_name = common_name(first.map_or("localhost", String::as_str));
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    let now = time::OffsetDateTime::from(std::time::SystemTime::now());
    params.not_before = now - time::Duration::days(1);
    params.not_after = now + time::Duration::days(365);
    Ok(params)
}
