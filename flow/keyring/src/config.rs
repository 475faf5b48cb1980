//! A secret's data to its entries, as the kubelet decodes them.
//!
//! <https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/credentialprovider/secrets/secrets.go> and `config.go`
//! one folder up. Only `username`, `password` and `auth` count; `identitytoken`, `credsStore` and the like are not read.

use std::collections::BTreeMap;
use std::fmt;

use pullmedic_model::object::Secret;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::json::{self, Kind, Value, is_field};
use crate::{base64, login};

/// One entry of `auths`. `Debug` prints no value of it, and its key only as it may be shown.
#[derive(Clone)]
pub struct Entry {
    /// Its key, as written: not to be shown, since people write `user:password@host`.
    pub key: String,
    /// The user name; empty when none is given, and the entry counts all the same.
    pub user: SecretString,
    /// The password; may be empty too.
    pub password: SecretString,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &login::shown_key(&self.key)).finish_non_exhaustive()
    }
}

/// A secret that does not decode. It fails the pull, whatever the pod's other secrets hold: kubelets from 1.33 on give the
/// decoder's words as the waiting reason and ask no registry, older ones say `ErrImagePull`. Names the place, never a
/// value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{defect} at {path} of secret {secret}")]
pub struct Malformed {
    /// The secret's name.
    pub secret: String,
    /// Where: `auths["registry.acme.test"].auth`, or the data key as `data[".dockerconfigjson"]`.
    pub path: String,
    /// What is wrong there.
    pub defect: String,
}

/// The entries of a pull secret, by key. `None`: the kubelet passes over the secret in silence, because its type is
/// another or its data is absent or empty.
///
/// # Errors
/// Where the kubelet cannot decode it; also where a user or password is not UTF-8, which the kubelet decodes and cannot
/// hand on.
pub fn entries(secret: &Secret) -> Result<Option<Vec<Entry>>, Malformed> {
    let Some(raw) = decode(secret)? else { return Ok(None) };
    let entries = raw.into_iter().map(|(key, pair)| match pair.texts() {
        Some((user, password)) => Ok(Entry { key, user, password }),
        None => Err(not_utf8(secret, &key)),
    });
    entries.collect::<Result<Vec<_>, _>>().map(Some)
}

/// User and password as the kubelet holds them. Go's texts may be any bytes.
#[derive(Default)]
pub(crate) struct Pair {
    pub(crate) user: Zeroizing<Vec<u8>>,
    pub(crate) password: Zeroizing<Vec<u8>>,
}

impl Pair {
    /// Both as text; `None` when one is no UTF-8, which no message of the runtime interface can carry.
    pub(crate) fn texts(&self) -> Option<(SecretString, SecretString)> {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(SecretString::from);
        Some((text(&self.user)?, text(&self.password)?))
    }
}

pub(crate) fn not_utf8(secret: &Secret, key: &str) -> Malformed {
    let legacy = Form::of(secret) == Some(Form::Legacy);
    Malformed {
        secret: secret.metadata.name.clone(),
        path: format!("{}.auth", entry_path(key, legacy)),
        defect: "a user or password that is not UTF-8".to_owned(),
    }
}

/// The two forms of pull secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `kubernetes.io/dockerconfigjson`: entries under `auths`.
    Config,
    /// `kubernetes.io/dockercfg`: entries at the top.
    Legacy,
}

impl Form {
    /// By the secret's type; `None` for every other.
    pub(crate) fn of(secret: &Secret) -> Option<Form> {
        match secret.kind.as_str() {
            "kubernetes.io/dockerconfigjson" => Some(Form::Config),
            "kubernetes.io/dockercfg" => Some(Form::Legacy),
            _ => None,
        }
    }

    /// The key of `data` that is read; the other one is not, even where this one is absent.
    pub(crate) const fn data_key(self) -> &'static str {
        match self {
            Form::Config => ".dockerconfigjson",
            Form::Legacy => ".dockercfg",
        }
    }
}

/// The entries of a pull secret by their keys as written; a key that stands twice keeps its last entry.
pub(crate) fn decode(secret: &Secret) -> Result<Option<BTreeMap<String, Pair>>, Malformed> {
    let Some(form) = Form::of(secret) else { return Ok(None) };
    let malformed = |Defect { path, defect }| Malformed {
        secret: secret.metadata.name.clone(),
        path: if path.is_empty() { format!("data[{:?}]", form.data_key()) } else { path },
        defect,
    };
    let Some(data) = secret.data.get(form.data_key()) else { return Ok(None) };
    let text = base64::padded(data.expose_secret().as_bytes())
        .ok_or_else(|| malformed(Defect::new("", "not base64")))?;
    if text.is_empty() {
        return Ok(None);
    }
    json::check(&text)
        .map_err(|at| malformed(Defect::new("", &format!("not JSON from byte {} on", at + 1))))?;
    let value = Value::of(&text);
    let mut all = BTreeMap::new();
    match form {
        Form::Legacy => auths(value, "", &mut all),
        Form::Config => config(value, &mut all),
    }
    .map_err(malformed)?;
    Ok(Some(all))
}

/// A defect and the path to it, empty for the whole data.
struct Defect {
    path: String,
    defect: String,
}

impl Defect {
    fn new(path: &str, defect: &str) -> Defect {
        Defect { path: path.to_owned(), defect: defect.to_owned() }
    }
}

fn config(value: Value<'_>, all: &mut BTreeMap<String, Pair>) -> Result<(), Defect> {
    if !matches!(value.kind(), Kind::Object | Kind::Null) {
        return Err(Defect::new("", "not an object"));
    }
    for (name, value) in value.members() {
        if is_field(&name, "auths") {
            auths(value, "auths", all)?;
        } else if is_field(&name, "httpheaders") {
            // The kubelet's struct has this field, so its type is checked though nothing reads it.
            if !matches!(value.kind(), Kind::Object | Kind::Null) {
                return Err(Defect::new("HttpHeaders", "not an object"));
            }
            if value.members().any(|(_, header)| !matches!(header.kind(), Kind::Text | Kind::Null)) {
                return Err(Defect::new("HttpHeaders", "a header that is not a text"));
            }
        }
    }
    Ok(())
}

/// Adds the entries of one `auths`. Where it stands twice, Go adds the second to the first, and a `null` empties it.
fn auths(value: Value<'_>, path: &str, all: &mut BTreeMap<String, Pair>) -> Result<(), Defect> {
    match value.kind() {
        Kind::Object => {}
        Kind::Null => all.clear(),
        Kind::List | Kind::Text | Kind::Number | Kind::Bool => {
            return Err(Defect::new(path, "not an object"));
        }
    }
    for (key, value) in value.members() {
        let pair = entry(value, &|| entry_path(&key, path.is_empty()))?;
        all.insert(key.to_string(), pair);
    }
    Ok(())
}

pub(crate) fn entry_path(key: &str, legacy: bool) -> String {
    format!("{}[{:?}]", if legacy { "" } else { "auths" }, login::shown_key(key))
}

/// One entry; `null` is one with neither user nor password.
fn entry(value: Value<'_>, path: &dyn Fn() -> String) -> Result<Pair, Defect> {
    if !matches!(value.kind(), Kind::Object | Kind::Null) {
        return Err(Defect::new(&path(), "not an object"));
    }
    let mut pair = Pair::default();
    let mut auth = Zeroizing::new(String::new());
    for (name, value) in value.members() {
        let Some(field) = FIELDS.iter().find(|field| is_field(&name, field)) else { continue };
        let text = match value.kind() {
            Kind::Null => continue,
            Kind::Text => value.text().unwrap_or_default(),
            Kind::Object | Kind::List | Kind::Number | Kind::Bool => {
                return Err(Defect::new(&format!("{}.{field}", path()), "not a text"));
            }
        };
        match *field {
            "username" => pair.user = Zeroizing::new(text.as_bytes().to_vec()),
            "password" => pair.password = Zeroizing::new(text.as_bytes().to_vec()),
            "auth" => auth = text,
            _email => {}
        }
    }
    if auth.is_empty() {
        return Ok(pair);
    }
    decode_auth(&auth).map_err(|defect| Defect::new(&format!("{}.auth", path()), defect))
}

/// The fields whose types are checked; `email` is not used further.
pub(crate) const FIELDS: [&str; 4] = ["username", "password", "email", "auth"];

/// `auth` to user and password: padded base64 when it ends in `=`, white space aside, else unpadded.
pub(crate) fn decode_auth(auth: &str) -> Result<Pair, &'static str> {
    let is_padded = auth.trim().ends_with('=');
    let bytes = if is_padded { base64::padded(auth.as_bytes()) } else { base64::unpadded(auth.as_bytes()) };
    let bytes = bytes.ok_or("not base64")?;
    let colon = bytes.iter().position(|&byte| byte == b':').ok_or("no colon in the decoded text")?;
    Ok(Pair {
        user: Zeroizing::new(bytes[..colon].to_vec()),
        password: Zeroizing::new(bytes[colon + 1..].to_vec()),
    })
}
