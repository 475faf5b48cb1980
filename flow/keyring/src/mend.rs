//! A pull secret with one defect less, for a fix that is tried and shown without its values.

use std::fmt;

use pullmedic_model::object::Secret;
use pullmedic_model::verdict::SecretDefect;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::config::{self, FIELDS, Form, decode_auth, entry_path};
use crate::json::is_field;
use crate::{base64, login};

/// The change of data that was base64 of base64.
const TWICE: &str = "encoded once instead of twice";

/// The change of an `auth` that was `user:password` as it stands.
const PLAIN: &str = "auth encoded in base64";

/// A secret as it should be. `Debug` prints no value of it.
#[derive(Debug, Clone)]
pub struct Mended {
    /// The whole secret with its new data, to be tried as it is.
    pub secret: Secret,
    /// The key of `data` that changed: `.dockerconfigjson` or `.dockercfg`.
    pub data_key: &'static str,
    /// What now stands under it, decoded: JSON.
    pub content: SecretString,
    /// What was changed, one thing each, without values; never empty.
    pub changes: Vec<String>,
}

/// Why a secret cannot be mended; says the place, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {path}")]
pub struct CannotMend {
    /// Where, as in [`crate::Malformed`].
    pub path: String,
    /// What stands in the way.
    pub reason: Reason,
}

/// What stands in the way of mending a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is no pull secret, or holds no data.
    NotAPullSecret,
    /// What it holds is not JSON of that form.
    Unreadable,
    /// The key to rename is not there.
    NoSuchKey,
    /// The new key is there already.
    KeyTaken,
    /// A user or password cannot be made out.
    NoLogin,
    /// Nothing is wrong that can be mended.
    NothingToMend,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::NotAPullSecret => "no pull secret",
            Reason::Unreadable => "not readable",
            Reason::NoSuchKey => "no such key",
            Reason::KeyTaken => "key taken",
            Reason::NoLogin => "no user and password to be made out",
            Reason::NothingToMend => "nothing to mend",
        })
    }
}

/// The secret with the key `from` renamed to `to`. `from` is the key as written, or as `LoginName` shows it where only
/// one key is shown so. What stands under it, and everything else, stays.
///
/// # Errors
/// Why it cannot be done.
pub fn rekeyed(secret: &Secret, from: &str, to: &str) -> Result<Mended, CannotMend> {
    let mut config = Config::read(secret)?;
    let legacy = config.form == Form::Legacy;
    let cannot = |key: &str, reason| CannotMend { path: entry_path(key, legacy), reason };
    let auths = config.auths()?;
    let from = match auths.keys().filter(|key| login::shown_key(key) == from).collect::<Vec<_>>()[..] {
        _ if auths.contains_key(from) => from.to_owned(),
        [key] => key.clone(),
        _ => return Err(cannot(from, Reason::NoSuchKey)),
    };
    if auths.contains_key(to) {
        return Err(cannot(to, Reason::KeyTaken));
    }
    let entry = auths.remove(&from).unwrap_or_default();
    auths.insert(to.to_owned(), entry);
    let change = format!("key {:?} becomes {:?}", login::shown_key(&from), login::shown_key(to));
    config.written(secret, vec![change])
}

/// The secret with every entry as it should be written: `username` and `password` without white space around them,
/// `auth` made of the two. They are taken from `auth` where it decodes; also where it is base64 of another alphabet,
/// twice encoded, or not encoded at all; else from the two fields.
///
/// # Errors
/// Why it cannot be done, [`Reason::NothingToMend`] among it.
pub fn normalised(secret: &Secret) -> Result<Mended, CannotMend> {
    let mut config = Config::read(secret)?;
    let legacy = config.form == Form::Legacy;
    let mut changes = std::mem::take(&mut config.changes);
    for (key, entry) in config.auths()? {
        let place = entry_path(key, legacy);
        if let Some(change) = normalise(entry, &place)? {
            changes.push(format!("{place}: {change}"));
        }
    }
    if changes.is_empty() {
        return Err(CannotMend { path: place_of_data(config.form), reason: Reason::NothingToMend });
    }
    config.written(secret, changes)
}

/// What is wrong with a secret that does not decode at `path`, where it is all that is wrong and mending it needs to know
/// no value: no other entry changes with it, and what comes of it decodes.
pub(crate) fn only_defect(secret: &Secret, path: &str) -> Option<SecretDefect> {
    if Form::of(secret)? != Form::Config {
        return None;
    }
    let mended = normalised(secret).ok()?;
    let [change] = mended.changes.as_slice() else { return None };
    if *change == format!("{}: {TWICE}", place_of_data(Form::Config)) {
        let data = secret.data.get(Form::Config.data_key())?;
        let once = base64::padded(data.expose_secret().as_bytes())?;
        // As it stands there, and not in another alphabet: only then the inner text is the data as it should be.
        return base64::padded(&once).map(|_| SecretDefect::EncodedTwice);
    }
    let mut config = Config::read(secret).ok()?;
    let key = config.auths().ok()?.keys().find(|key| {
        let place = entry_path(key, false);
        // A key that is shown with something left out would not be found by it.
        login::shown_key(key) == **key
            && path == format!("{place}.auth")
            && *change == format!("{place}: {PLAIN}")
    })?;
    Some(SecretDefect::PlainAuth(key.clone()))
}

fn place_of_data(form: Form) -> String {
    format!("data[{:?}]", form.data_key())
}

/// A pull secret's content, open for change.
struct Config {
    form: Form,
    value: Map<String, Value>,
    /// What reading it already mended.
    changes: Vec<String>,
}

impl Config {
    fn read(secret: &Secret) -> Result<Config, CannotMend> {
        let form = Form::of(secret)
            .ok_or_else(|| CannotMend { path: "type".to_owned(), reason: Reason::NotAPullSecret })?;
        let cannot = |reason| CannotMend { path: place_of_data(form), reason };
        let data = secret.data.get(form.data_key()).ok_or_else(|| cannot(Reason::NotAPullSecret))?;
        let bytes = base64::padded(data.expose_secret().as_bytes());
        let bytes = bytes.ok_or_else(|| cannot(Reason::Unreadable))?;
        if bytes.is_empty() {
            return Err(cannot(Reason::NotAPullSecret));
        }
        let mut changes = Vec::new();
        let value = match object(&bytes) {
            Some(value) => value,
            None => {
                let inner = base64::meant(&bytes).and_then(|inner| object(&inner));
                changes.push(format!("{}: {TWICE}", place_of_data(form)));
                inner.ok_or_else(|| cannot(Reason::Unreadable))?
            }
        };
        Ok(Config { form, value, changes })
    }

    /// The entries by key.
    fn auths(&mut self) -> Result<&mut Map<String, Value>, CannotMend> {
        if self.form == Form::Legacy {
            return Ok(&mut self.value);
        }
        let cannot = || CannotMend { path: "auths".to_owned(), reason: Reason::Unreadable };
        let mut found = self.value.iter_mut().filter(|(name, _)| is_field(name, "auths"));
        match (found.next(), found.next()) {
            (Some((_, Value::Object(auths))), None) => Ok(auths),
            _ => Err(cannot()),
        }
    }

    /// The secret with the content as it is now, which the kubelet must be able to decode.
    fn written(self, secret: &Secret, changes: Vec<String>) -> Result<Mended, CannotMend> {
        let content = Zeroizing::new(Value::Object(self.value).to_string());
        let data_key = self.form.data_key();
        let mut secret = secret.clone();
        let data = SecretString::from(base64::encoded(content.as_bytes()));
        secret.data.insert(data_key.to_owned(), data);
        match config::decode(&secret) {
            Ok(_) => Ok(Mended { secret, data_key, content: SecretString::from(content.as_str()), changes }),
            Err(still) => Err(CannotMend { path: still.path, reason: Reason::Unreadable }),
        }
    }
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

/// Mends one entry in place; what was changed, `None` when nothing.
fn normalise(entry: &mut Value, place: &str) -> Result<Option<&'static str>, CannotMend> {
    let cannot = || CannotMend { path: place.to_owned(), reason: Reason::NoLogin };
    match entry {
        Value::Null | Value::Object(_) => {}
        // Somebody wrote what belongs under `auth` in place of the entry.
        Value::String(auth) => *entry = serde_json::json!({ "auth": std::mem::take(auth) }),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => return Err(cannot()),
    }
    let Value::Object(fields) = entry else { return Ok(None) };
    let mistyped = fields.iter().any(|(name, value)| {
        FIELDS.iter().any(|field| is_field(name, field)) && !value.is_string() && !value.is_null()
    });
    let text = |field: &str| {
        let value = fields.iter().rfind(|(name, _)| is_field(name, field)).map(|(_, value)| value);
        Zeroizing::new(match value {
            Some(Value::String(text)) => text.clone(),
            // A password of digits alone, without quotes.
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        })
    };
    let (user, password, auth) = (text("username"), text("password"), text("auth"));
    let (login, how) = match from_auth(&auth) {
        Some(found) if !auth.is_empty() => found,
        _ if auth.is_empty() && user.is_empty() && password.is_empty() && !mistyped => return Ok(None),
        _ if user.is_empty() || password.is_empty() => return Err(cannot()),
        _ if auth.is_empty() => ((user, password), None),
        _ => ((user, password), Some("auth made anew from username and password")),
    };
    let trimmed = (Zeroizing::new(login.0.trim().to_owned()), Zeroizing::new(login.1.trim().to_owned()));
    let how = match how {
        Some(how) => how,
        None if mistyped => "fields that are no texts written as texts, or dropped",
        None if trimmed != login => "white space around the user or password removed",
        None => return Ok(None),
    };
    let (user, password) = trimmed;
    fields.retain(|name, value| match FIELDS.iter().find(|field| is_field(name, field)) {
        Some(&"email") => value.is_string(),
        Some(_) => false,
        None => true,
    });
    let joined = Zeroizing::new(format!("{}:{}", *user, *password));
    for (field, value) in [
        ("username", user.to_string()),
        ("password", password.to_string()),
        ("auth", base64::encoded(joined.as_bytes())),
    ] {
        fields.insert(field.to_owned(), Value::String(value));
    }
    Ok(Some(how))
}

type Texts = (Zeroizing<String>, Zeroizing<String>);

/// User and password out of `auth`, and what had to be mended for it.
fn from_auth(auth: &str) -> Option<(Texts, Option<&'static str>)> {
    let texts = |bytes: &[u8]| {
        let (user, password) = std::str::from_utf8(bytes).ok()?.split_once(':')?;
        Some((Zeroizing::new(user.to_owned()), Zeroizing::new(password.to_owned())))
    };
    if let Ok(pair) = decode_auth(auth) {
        let login = std::str::from_utf8(&pair.user).ok().zip(std::str::from_utf8(&pair.password).ok());
        return login
            .map(|(user, password)| ((Zeroizing::new(user.into()), Zeroizing::new(password.into())), None));
    }
    if auth.contains(':') {
        return texts(auth.as_bytes()).map(|login| (login, Some(PLAIN)));
    }
    let once = base64::meant(auth.as_bytes())?;
    if let Some(login) = texts(&once) {
        return Some((login, Some("auth written in plain base64 without white space")));
    }
    let twice = base64::meant(&once)?;
    texts(&twice).map(|login| (login, Some("auth encoded once instead of twice")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Malformed, entries};

    fn secret(config: &Value) -> Secret {
        let content = base64::encoded(config.to_string().as_bytes());
        let object = json!({
            "metadata": { "name": "regcred" },
            "type": "kubernetes.io/dockerconfigjson",
            "data": { ".dockerconfigjson": content },
        });
        Secret::decode(&object.to_string()).unwrap()
    }

    fn logins(secret: &Secret) -> Result<Vec<(String, String, String)>, Malformed> {
        let entries = entries(secret)?.unwrap_or_default();
        let texts = entries.into_iter().map(|entry| {
            (entry.key, entry.user.expose_secret().to_owned(), entry.password.expose_secret().to_owned())
        });
        Ok(texts.collect())
    }

    #[test]
    fn an_entry_is_written_as_the_kubelet_reads_it() {
        let encoded = |text: &str| base64::encoded(text.as_bytes());
        for (entry, change) in [
            (json!({ "auth": "u:p" }), "auth encoded in base64"),
            (json!({ "auth": encoded(&encoded("u:p")) }), "auth encoded once instead of twice"),
            (json!({ "auth": "dTpw IA" }), "auth written in plain base64 without white space"),
            (
                json!({ "auth": "%%%", "username": "u", "password": "p" }),
                "auth made anew from username and password",
            ),
            (json!({ "auth": encoded("u:p\n") }), "white space around the user or password removed"),
            (
                json!({ "username": " u", "password": "p\r\n" }),
                "white space around the user or password removed",
            ),
            (
                json!({ "auth": encoded("u:p"), "password": 7 }),
                "fields that are no texts written as texts, or dropped",
            ),
            (
                json!({ "auth": encoded("u:p"), "email": [] }),
                "fields that are no texts written as texts, or dropped",
            ),
            (json!("u:p"), "auth encoded in base64"),
        ] {
            let mended = normalised(&secret(&json!({ "auths": { "reg.test": entry } }))).unwrap();
            assert_eq!(
                logins(&mended.secret),
                Ok(vec![("reg.test".into(), "u".into(), "p".into())]),
                "{entry}"
            );
            assert_eq!(mended.changes, [format!("auths[\"reg.test\"]: {change}")]);
            assert!(matches!(
                normalised(&mended.secret),
                Err(CannotMend { reason: Reason::NothingToMend, .. })
            ));
        }
    }

    #[test]
    fn what_the_kubelet_does_not_read_stays() {
        let config = json!({
            "auths": { "a.test": { "auth": "u:p", "identitytoken": "t" }, "b.test": {}, "c.test": null },
            "credHelpers": { "d.test": "x" },
        });
        let mended = normalised(&secret(&config)).unwrap();
        let content: Value = serde_json::from_str(mended.content.expose_secret()).unwrap();
        assert_eq!(content["auths"]["a.test"]["identitytoken"], "t");
        assert_eq!(content["auths"]["b.test"], json!({}));
        assert_eq!(content["credHelpers"], config["credHelpers"]);
    }

    #[test]
    fn a_login_that_cannot_be_made_out_is_not_guessed() {
        for (config, path, reason) in [
            (json!({ "auths": { "a": { "auth": "!!" } } }), "auths[\"a\"]", Reason::NoLogin),
            (json!({ "auths": { "a": { "auth": "!!", "username": "u" } } }), "auths[\"a\"]", Reason::NoLogin),
            (json!({ "auths": { "a": 7 } }), "auths[\"a\"]", Reason::NoLogin),
            (json!({ "auths": [] }), "auths", Reason::Unreadable),
            (json!([]), "data[\".dockerconfigjson\"]", Reason::Unreadable),
        ] {
            let error = normalised(&secret(&config)).unwrap_err();
            assert_eq!(error, CannotMend { path: path.to_owned(), reason });
        }
    }

    #[test]
    fn a_key_is_renamed_and_its_neighbours_stay() {
        let auth = json!({ "auth": base64::encoded(b"u:p") });
        let given = secret(&json!({ "auths": { "https://u:p@a.test/v1": auth, "b.test": auth } }));
        let mended = rekeyed(&given, "https://REDACTED@a.test/v1", "a.test").unwrap();
        let keys = logins(&mended.secret).unwrap().into_iter().map(|login| login.0).collect::<Vec<_>>();
        assert_eq!(keys, ["a.test", "b.test"]);
        assert_eq!(mended.changes, ["key \"https://REDACTED@a.test/v1\" becomes \"a.test\""]);
        for (from, to, reason) in
            [("c.test", "d.test", Reason::NoSuchKey), ("https://u:p@a.test/v1", "b.test", Reason::KeyTaken)]
        {
            assert_eq!(rekeyed(&given, from, to).unwrap_err().reason, reason);
        }
    }
}
