//! The pod's pull secrets, read as objects.

use pullmedic_model::object::ContainerKind;
use pullmedic_model::probe::case::NodeCredentials;
use pullmedic_model::probe::login::{KeyDiffers, NamedSecret, NearKey, SecretState};
use pullmedic_model::verdict::{Normalise, Rekey, SecretDefect};

use super::{Notes, Seen};
use crate::inquiry::Inquiry;
use crate::table::Kind;

/// Reads what the pod names and what the kubelet makes of it.
pub(crate) fn look(inquiry: &Inquiry<'_>, notes: &mut Notes) {
    let case = inquiry.case;
    if case.kind == ContainerKind::Sandbox {
        notes.see(Seen::object(
            Kind::NamesNoSecret,
            "sandbox",
            "a sandbox image is pulled with none of the pod's secrets",
        ));
        sent(inquiry, notes);
        return;
    }
    if case.secrets.is_empty() {
        notes.see(Seen::object(
            Kind::NamesNoSecret,
            "Pod spec.imagePullSecrets",
            "the pod names no pull secret",
        ));
    }
    let mut fine = !case.secrets.is_empty();
    for secret in &case.secrets {
        fine &= one(secret, notes);
    }
    if fine {
        let text = "every pull secret that the pod names exists, decodes and matches the image";
        notes.see(Seen::object(Kind::SecretsFine, "Pod spec.imagePullSecrets", text));
    }
    sent(inquiry, notes);
}

/// Whether the secret is as it should be.
fn one(secret: &NamedSecret, notes: &mut Notes) -> bool {
    let name = &secret.name;
    let source = format!("Secret {name}");
    match &secret.state {
        SecretState::Absent => {
            notes.evidence.secrets_absent.push(name.clone());
            let text = format!("the pod names pull secret {name}, which does not exist in its namespace");
            notes.see(Seen::object(Kind::SecretAbsent, source, text));
        }
        SecretState::Unread { needs } => {
            notes.unasked.push(format!("secret {name} could not be read: needs {needs}"));
        }
        SecretState::OtherType(kind) | SecretState::MatchesUnderOtherType(kind) => {
            if matches!(secret.state, SecretState::MatchesUnderOtherType(_)) {
                normalise(name, &SecretDefect::OtherType(kind.clone()), notes);
            }
            notes.evidence.secrets_of_other_type.push((name.clone(), kind.clone()));
            let text = format!("secret {name} is of type {kind}, which the kubelet ignores without a word");
            notes.see(Seen::object(Kind::SecretMalformed, source, text));
        }
        SecretState::Malformed { path, defect, mend } => {
            if let Some(mend) = mend {
                normalise(name, mend, notes);
            }
            let text = format!("secret {name} does not decode: {defect}");
            notes.see(Seen::object(Kind::SecretMalformed, format!("{source} {path}"), text));
        }
        SecretState::Near(keys) => {
            for key in keys {
                near(name, key, notes);
            }
        }
        SecretState::Matches(_) => return true,
        SecretState::OtherHosts => {
            notes.see(Seen::object(
                Kind::Unsettled,
                source,
                format!("secret {name} holds logins for other hosts only"),
            ));
        }
    }
    false
}

/// The first secret that can be mended without a new password. Its login was not sent: as it stands, nobody reads it.
fn normalise(name: &str, defect: &SecretDefect, notes: &mut Notes) {
    notes.evidence.normalise.get_or_insert_with(|| Normalise {
        secret: name.to_owned(),
        defect: defect.clone(),
        works: false,
    });
}

fn near(name: &str, key: &NearKey, notes: &mut Notes) {
    let what = match key.differs {
        KeyDiffers::Path => "its path",
        KeyDiffers::Port => "its port",
        KeyDiffers::Alias => "its host, another name of the registry,",
        KeyDiffers::Glob => "its pattern",
        KeyDiffers::Spelling => "its spelling",
    };
    let text = format!(
        "secret {name} has the key {:?}; {what} keeps the kubelet from matching it with the image, {:?} would match",
        key.login.key, key.should_be
    );
    notes.see(Seen::object(Kind::SecretNear, format!("Secret {name}"), text));
    if notes.evidence.rekey.is_none() {
        notes.evidence.rekey = Some(Rekey {
            secret: name.to_owned(),
            from: key.login.key.clone(),
            to: key.should_be.clone(),
            works: false,
        });
    }
}

/// What the kubelet sends (rule 10: node credentials stay possible where they are known to serve).
fn sent(inquiry: &Inquiry<'_>, notes: &mut Notes) {
    match inquiry.node_credentials() {
        NodeCredentials::Possible => notes.see(Seen::object(
            Kind::NodeCredentialsPossible,
            "node",
            "the node's own credentials may serve this host, and the node was not looked at",
        )),
        NodeCredentials::NotKnown => notes.see(Seen::object(
            Kind::NodeCredentialsUnlikely,
            "node",
            "the host is not one that node credentials are known to serve; the node was not looked at",
        )),
        NodeCredentials::None => notes.see(Seen::object(
            Kind::NodeCredentialsUnlikely,
            "node",
            "the node was looked at and has no login for the host",
        )),
    }
    if inquiry.login_sent() {
        let names: Vec<&str> =
            inquiry.identities.iter().flatten().map(|login| login.secret.as_str()).collect();
        let text = format!("the kubelet sends the login of secret {}", names.join(", then "));
        notes.see(Seen::object(Kind::LoginSent, "Pod spec.imagePullSecrets", text));
    } else if inquiry.nothing_sent() {
        let text = "no login matches the image, so the kubelet asks without one";
        notes.see(Seen::object(Kind::NothingSent, "Pod spec.imagePullSecrets", text));
    } else if inquiry.words_say_nothing_sent() {
        let text = "the node's runtime says that it was given no login";
        notes.see(Seen::object(Kind::NothingSent, "words", text));
    }
}
