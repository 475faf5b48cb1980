//! Remedies that change a pull secret itself, without ever showing what is in it.
//!
//! The commands below are one line of POSIX shell. The values go from one program to the next through pipes and
//! unexported variables: they are in no output, no argument of a program and no file. `set +x` holds even where the
//! reader's shell traces. Nothing is sent when a step fails; the steps are joined by `&&`,
//! since `set -e` holds only where a shell pleases.

use pullmedic_model::finding::Remedy;
use pullmedic_model::shell::word as quoted;
use pullmedic_model::verdict::{Evidence, Normalise, Rekey, SecretDefect};
use pullmedic_model::{Actor, Captured, Cause, Grade, Subject};

use crate::login::server_of;
use crate::target::{Target, is_name, joined};
use crate::write::{blank, tried};

/// The data key of a pull secret.
const DATA: &str = ".dockerconfigjson";
/// Its type.
const TYPE: &str = "kubernetes.io/dockerconfigjson";

/// The secret with another key, or normalised, where the replay found what it needs.
pub(crate) fn mended(evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    let rekeyed = evidence.rekey.as_ref().map(|rekey| rekeyed(rekey, target));
    let normalised = evidence.normalise.as_ref().and_then(|normalise| normalised(normalise, target));
    rekeyed.into_iter().chain(normalised).collect()
}

fn rekeyed(rekey: &Rekey, target: &Target<'_>) -> Remedy {
    let Rekey { secret, from, to, works } = rekey;
    let shown = [from, to].map(|key| Captured::new(key.as_str()));
    let [shown_from, shown_to] = &shown;
    let title = format!("give the login in secret {secret} the key {shown_to} in the place of {shown_from}");
    let plain = [from, to].iter().all(|key| is_plain_key(key)) && is_name(secret) && !secret.is_empty();
    if !works {
        return Remedy {
            note: Some(format!(
                "not tried: the login is meant for {shown_from}, and a login goes only where its key says. Whoever owns it \
                 knows whether it is for {shown_to}, too"
            )),
            ..blank(Grade::Review, &title, Actor::Application)
        };
    }
    let rewrite = |from: &str, to: &str| {
        let body = format!(
            "p=${{c%%{0}*}} && r=${{c#*{0}}} && [ \"$p\" != \"$c\" ] && n=$(printf {1} \"$p\" \"$r\" | base64 | tr -d '\\n')",
            quoted(&format!("\"{from}\"")),
            quoted(&format!("%s\"{to}\"%s")),
        );
        rewritten_in_place(secret, &body, target)
    };
    let remedy = Remedy {
        command: rewrite(from, to).filter(|_| plain),
        undo: rewrite(to, from).filter(|_| plain),
        changes: Some(format!("every pod that names {secret}, at its next attempt; no new pod is needed")),
        note: Some("the login itself stays as it is and is not shown".to_owned()),
        ..blank(Grade::Safe, &title, Actor::Application)
    };
    tried(remedy, format!("asked with the login of secret {secret}, as if its key were {shown_to}: 200"))
}

/// `None` where no command can be given for it.
fn normalised(normalise: &Normalise, target: &Target<'_>) -> Option<Remedy> {
    let secret = &normalise.secret;
    if !is_name(secret) || secret.is_empty() || !target.is_safe() || target.is_of_others() {
        return None;
    }
    let (command, undo, what) = match &normalise.defect {
        SecretDefect::PlainAuth(key) => {
            if !is_plain_key(key) {
                return None;
            }
            // Up to the key, from there to `"auth"`, to its value, and what follows; a value with escapes is left alone.
            let key = quoted(&format!("\"{key}\""));
            let body = format!(
                "r=${{c#*{key}}} && [ \"$r\" != \"$c\" ] && s=${{r#*'\"auth\"'}} && [ \"$s\" != \"$r\" ] && v=${{s#*'\"'}} && \
                 h=${{c%\"$v\"}} && t=${{v#*'\"'}} && v=${{v%%'\"'*}} && \
                 case $v in *\\\\*) exit 1;; *:*) ;; *) exit 1;; esac && \
                 n=$({{ printf %s \"$h\"; printf %s \"$v\" | base64 | tr -d '\\n'; printf '\"%s' \"$t\"; }} | base64 | tr -d '\\n')"
            );
            (rewritten_in_place(secret, &body, target)?, None, "with its `auth` in base64")
        }
        SecretDefect::EncodedTwice => {
            let body = "n=$(printf %s \"$c\" | tr -d '\\n')";
            let command = rewritten_in_place(secret, body, target)?;
            (command, None, "with its data in base64 once, not twice")
        }
        SecretDefect::OtherType(old) => {
            // A type cannot be changed in place.
            let typed = |kind: &str| {
                let patch = serde_json::json!({"type": kind}).to_string();
                target.replaced_whole("secret", secret, &format!("--type=merge -p {}", quoted(&patch)))
            };
            let undo = is_plain_key(old).then(|| typed(old));
            (typed(TYPE), undo, "with the type that the kubelet reads")
        }
    };
    let remedy = Remedy {
        command: Some(command),
        undo,
        changes: Some(format!("every pod that names {secret}, at its next attempt; no new pod is needed")),
        note: joined([
            Some("the login itself stays as it is and is not shown".to_owned()),
            matches!(normalise.defect, SecretDefect::OtherType(_)).then(|| {
                "a type cannot be changed, so the secret is deleted and made again: see first that nothing else counts on it"
                    .to_owned()
            }),
        ]),
        ..blank(Grade::Review, &format!("write the pull secret {secret} anew, {what}"), Actor::Application)
    };
    Some(match normalise.works {
        true => tried(remedy, format!("asked with the login of secret {secret}, so read: 200")),
        false => remedy,
    })
}

/// Reads the secret into `c`, runs `body`, which leaves the new data in base64 in `n`, and sends that as a merge patch,
/// which leaves labels, owners and other data alone. `None` where a live edit is not ours to make.
fn rewritten_in_place(secret: &str, body: &str, target: &Target<'_>) -> Option<String> {
    let secret = quoted(secret);
    let template = format!("{{{{index .data \"{DATA}\" | base64decode}}}}");
    let read = target.command(&format!("get secret {secret} -o go-template={}", quoted(&template)))?;
    let send = target.kubectl(&format!("patch secret {secret} --type=merge --patch-file=/dev/stdin"));
    let patch = quoted(&format!("{{\"data\":{{\"{DATA}\":\"%s\"}}}}"));
    (!target.is_of_others())
        .then(|| format!("(set +x; c=$({read}) && {body} && printf {patch} \"$n\" | {send})"))
}

/// A key of `auths` that is safe in a command and holds no login.
fn is_plain_key(key: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".:/_-*?[]".contains(&b);
    !key.is_empty() && key.bytes().all(plain) && Captured::new(key).as_str() == key
}

/// The secret written anew by the reader, who knows the login.
pub(crate) fn rewritten(subject: &Subject, target: &Target<'_>, name: Option<&str>) -> Remedy {
    let good = |name: &&str| is_name(name) && !name.is_empty();
    let name = match (name, subject.pull_secrets.as_slice()) {
        (Some(name), _) => Some(name),
        (None, [one]) => Some(one.as_str()),
        (None, _) => None,
    };
    let known = name.filter(good);
    let command = target.command(&format!(
        "create secret docker-registry {} --docker-server={} --docker-username=USER --docker-password=PASSWORD \
         --dry-run=client -o yaml | {}",
        quoted(known.unwrap_or("SECRET")),
        quoted(&server_of(subject)),
        // Made or corrected, with its labels kept, and without the copy in an annotation that a plain apply leaves.
        target.kubectl("apply --server-side --force-conflicts -f -")
    ));
    let which = known.map_or_else(|| listed(&subject.pull_secrets), str::to_owned);
    let note = match subject.fault() {
        Cause::PullSecretMalformed => {
            "one secret that cannot be read stops all of them; `auth` must be base64 of user:password. The command replaces \
             every login that the secret holds"
        }
        _ => {
            "the kubelet reads the secret at each attempt, so no new pod is needed. The command replaces every login that \
             the secret holds"
        }
    };
    Remedy {
        command,
        note: Some(note.to_owned()),
        ..blank(Grade::Review, &format!("write the pull secret anew ({which})"), Actor::Application)
    }
}

pub(crate) fn listed(names: &[String]) -> String {
    if names.is_empty() { "see its imagePullSecrets".to_owned() } else { names.join(", ") }
}
