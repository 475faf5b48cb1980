//! Trust settings made ready for handshakes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret, SecretString};

use crate::chain::{Age, age_of, may_sign, raw_subject};
use crate::settings::{SetupError, Trust};

/// Authorities, our own certificate and headers of one trust setting.
pub(crate) struct Trusted {
    /// Authorities that may sign now.
    pub(crate) roots: RootCertStore,
    /// Every certificate that is trusted itself, whether or not it may sign: Go takes a leaf that is among the roots.
    pub(crate) itself: HashSet<Vec<u8>>,
    /// Subjects of authorities that are listed and not in their time: Go refuses a chain to them for that reason.
    pub(crate) out_of_time: HashMap<Vec<u8>, Age>,
    pub(crate) client: Option<Arc<CertifiedKey>>,
    pub(crate) headers: Vec<(String, SecretString)>,
}

impl fmt::Debug for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trusted").field("authorities", &self.itself.len()).finish_non_exhaustive()
    }
}

/// All trust settings by name; the system's own is read when it is first needed.
pub(crate) struct Trusts {
    named: BTreeMap<String, Arc<Trusted>>,
    system: OnceLock<Arc<Trusted>>,
    pub(crate) provider: Arc<CryptoProvider>,
}

impl Trusts {
    pub(crate) fn new(settings: BTreeMap<String, Trust>) -> Result<Trusts, SetupError> {
        let provider = Arc::new(CryptoProvider {
            // Go's curves but for P-521, and no post-quantum share: its large ClientHello can itself cause the stall
            // that we report, and containerd 1.x does not send it.
            kx_groups: vec![kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
            ..default_provider()
        });
        let named = settings
            .into_iter()
            .map(|(name, trust)| {
                let trusted = trusted(&name, trust, &provider)?;
                Ok((name, Arc::new(trusted)))
            })
            .collect::<Result<_, SetupError>>()?;
        Ok(Trusts { named, system: OnceLock::new(), provider })
    }

    /// The setting of that name; one that was not given is the system's.
    pub(crate) fn get(&self, name: &str) -> Arc<Trusted> {
        match self.named.get(name) {
            Some(trusted) => Arc::clone(trusted),
            None => Arc::clone(self.system.get_or_init(|| Arc::new(Trusted::of(system(), None, Vec::new())))),
        }
    }
}

/// The system's authorities; `SSL_CERT_FILE` and `SSL_CERT_DIR` say where, as for Go.
fn system() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

fn trusted(name: &str, trust: Trust, provider: &CryptoProvider) -> Result<Trusted, SetupError> {
    let failed = |defect| SetupError::Trust { name: name.to_owned(), defect };
    // No authorities of its own (a client certificate or headers only) leaves the system's in place.
    let mut authorities =
        if trust.replaces_system && !trust.authorities.is_empty() { Vec::new() } else { system() };
    for bundle in &trust.authorities {
        let before = authorities.len();
        for certificate in CertificateDer::pem_slice_iter(bundle) {
            authorities.push(certificate.map_err(|_| failed("a bundle of authorities is not PEM"))?);
        }
        if authorities.len() == before {
            return Err(failed("a bundle of authorities holds no certificate"));
        }
    }
    let client = match trust.client {
        None => None,
        Some(client) => {
            let chain: Vec<_> = CertificateDer::pem_slice_iter(&client.chain)
                .collect::<Result<_, _>>()
                .map_err(|_| failed("the client certificate is not PEM"))?;
            let key = PrivateKeyDer::from_pem_slice(client.key.expose_secret().as_bytes())
                .map_err(|_| failed("the client's key is not PEM"))?;
            let key = CertifiedKey::from_der(chain, key, provider)
                .map_err(|_| failed("the client's certificate and key do not fit together"))?;
            Some(Arc::new(key))
        }
    };
    Ok(Trusted::of(authorities, client, trust.headers))
}

impl Trusted {
    pub(crate) fn of(
        authorities: Vec<CertificateDer<'static>>,
        client: Option<Arc<CertifiedKey>>,
        headers: Vec<(String, SecretString)>,
    ) -> Trusted {
        let now = i64::try_from(UnixTime::now().as_secs()).unwrap_or(i64::MAX);
        let mut trusted = Trusted {
            roots: RootCertStore::empty(),
            itself: HashSet::new(),
            out_of_time: HashMap::new(),
            client,
            headers,
        };
        for authority in authorities {
            trusted.itself.insert(authority.as_ref().to_vec());
            if !may_sign(&authority) {
                continue;
            }
            // webpki does not look at an anchor's dates; Go does.
            match age_of(&authority, now) {
                Some(age @ (Age::Over | Age::NotYet)) => {
                    trusted.out_of_time.extend(raw_subject(&authority).map(|subject| (subject, age)));
                }
                // One that does not parse signs nothing; Go skips it too.
                Some(Age::Valid) | None => drop(trusted.roots.add(authority)),
            }
        }
        trusted
    }
}
