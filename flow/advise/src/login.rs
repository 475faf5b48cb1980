//! Remedies that give a pull the login that it lacks, or take away one that spoils it.

use pullmedic_model::finding::Remedy;
use pullmedic_model::shell::word as quoted;
use pullmedic_model::verdict::Evidence;
use pullmedic_model::{Actor, Cause, Grade, Subject};
use serde_json::{Value, json};

use crate::change::Change;
use crate::near::is_slip;
use crate::target::{Target, is_name, joined};
use crate::write::{blank, scalar, tried};
use crate::{anew, node, secret};

/// What a new pull secret is called: a name that the pod does not have yet.
fn new_name(subject: &Subject) -> &'static str {
    let free = |name: &&str| !held(subject).iter().any(|held| held == name);
    ["regcred", "regcred-2", "regcred-3"].into_iter().find(free).unwrap_or("SECRET")
}

/// Remedies for a refused or missing login: what was tried first, then what the reader has to supply.
pub(crate) fn remedies(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    let mut remedies = of_evidence(subject, evidence, target);
    match subject.fault() {
        Cause::PullSecretMissing => remedies.extend(missing(subject, target)),
        // The type of a secret cannot be changed, so another one takes its place. Nobody's logins are lost by that.
        Cause::PullSecretMalformed if !evidence.secrets_of_other_type.is_empty() => {
            remedies.extend(in_place_of_other_type(subject, evidence, target));
        }
        Cause::PullSecretMalformed => remedies.push(secret::rewritten(subject, target, None)),
        // A login that was right once: its secret needs the new password, and nothing else changes.
        Cause::CredentialsExpired if !evidence.refused.is_empty() => {
            let name = evidence.refused.first().map(|login| login.secret.as_str());
            remedies.push(secret::rewritten(subject, target, name));
        }
        _ if remedies.iter().all(|remedy| !remedy.tried) => {
            // A wrong login is corrected where it stands, before the pod gets a second one.
            let own = evidence.refused.iter().map(|login| login.secret.as_str());
            let own = own.clone().find(|name| held(subject).iter().any(|held| held == name));
            remedies.extend(own.map(|name| secret::rewritten(subject, target, Some(name))));
            remedies.extend(supplied(subject, evidence, target));
        }
        _ => {}
    }
    remedies
}

/// What the replay showed to work.
fn of_evidence(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    remedies.extend(secret::mended(evidence, target));
    if let Some(repair) = Repair::of(subject, evidence) {
        remedies.extend(with_rights_told(attached(&repair, evidence, target), subject));
    }
    remedies.extend(detached(subject, evidence, target));
    remedies
}

/// A secret of the pod's namespace whose login passed the replay, and that the pod does not name.
struct Repair<'a> {
    secret: &'a str,
    how: String,
}

impl<'a> Repair<'a> {
    fn of(subject: &Subject, evidence: &'a Evidence) -> Option<Repair<'a>> {
        let login = evidence.repair.as_ref()?;
        let secret = login.secret.as_str();
        let usable = login.namespace == subject.place.namespace && is_name(secret) && !secret.is_empty();
        let named = held(subject).iter().any(|name| name == secret);
        let used_by =
            evidence.repair_used_by.as_ref().map_or_else(String::new, |by| format!(", which {by} uses"));
        let how = format!("asked for the manifest with secret {secret}{used_by}: 200");
        (usable && !named).then_some(Repair { secret, how })
    }
}

/// The pull secrets that the kubelet takes: the spec's own, else those that the pod was given.
fn held(subject: &Subject) -> &[String] {
    &subject.pull_secrets
}

/// Attaches the secret that works: beside those that are there, or in the place of a misspelt name.
fn attached(repair: &Repair<'_>, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    let secret = repair.secret;
    if target.is_static() {
        return vec![node::static_login(target.subject)];
    }
    if target.is_ephemeral() {
        let title = format!("make the pod anew with {secret} among its pull secrets");
        let note = "the list of a pod cannot be changed, and a debug container has no list of its own";
        let yaml = list_yaml(held(target.subject).iter().map(String::as_str).chain([secret]));
        return vec![tried(target.edit(&title, yaml, Some(note)), repair.how.clone())];
    }
    if target.is_fixed() {
        return vec![tried(in_a_new_one(secret, target), repair.how.clone())];
    }
    // The account has it by now: the pods were made before it did.
    let by_account = target.account_with(secret);
    if let Some(remedy) = by_account.and_then(|account| anew::given_the_list(secret, account, target)) {
        return vec![Remedy { grade: Grade::Safe, ..tried(remedy, repair.how.clone()) }];
    }
    let misspelt = misspelt(secret, evidence, target.subject);
    let on_template = match misspelt.and_then(|wrong| target.rename_secret(wrong, secret)) {
        Some(remedy) => remedy,
        None => target.attach_secret(secret, Some(NEW_PODS)),
    };
    let mut remedies = vec![Remedy { grade: Grade::Safe, ..tried(on_template, repair.how.clone()) }];
    remedies.extend(target.attach_to_account(secret).map(|remedy| tried(remedy, repair.how.clone())));
    remedies
}

/// Whether a pull fails of this for want of a login, so that one which passes gives it nothing that was kept from it.
pub(crate) fn is_for_want_of_one(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::NoCredentials
            | Cause::BadCredentials
            | Cause::CredentialsExpired
            | Cause::PullSecretMissing
            | Cause::PullSecretMalformed
            | Cause::PullSecretUnmatched
    )
}

/// What to know of a login that passes where the pod's own was turned away as such, or may have been.
const WIDER: &str = "it gives this workload all the rights of that login, and may go around a policy or a right that was \
                     kept from it on purpose: ask whoever owns the image";

/// The remedies with what that means, where the login was not what was wanting.
fn with_rights_told(remedies: Vec<Remedy>, subject: &Subject) -> Vec<Remedy> {
    if is_for_want_of_one(subject.fault()) || subject.fault() == Cause::RateLimited {
        return remedies;
    }
    let told = |remedy: Remedy| Remedy {
        grade: Grade::Review,
        note: joined([Some(WIDER.to_owned()), remedy.note]),
        ..remedy
    };
    remedies.into_iter().map(told).collect()
}

const NEW_PODS: &str = "pods that exist keep the list they were made with: the change makes new ones";

/// A secret that the pod names, that does not exist, and of which the working one is a slip of the hand.
fn misspelt<'a>(secret: &str, evidence: &'a Evidence, subject: &'a Subject) -> Option<&'a str> {
    let absent = evidence.secrets_absent.iter().chain(&subject.missing_secrets);
    absent.map(String::as_str).find(|name| is_slip(name, secret))
}

/// A bare pod or a Job: its list is fixed, so it is made anew.
fn in_a_new_one(secret: &str, target: &Target<'_>) -> Remedy {
    let yaml = list_yaml(held(target.subject).iter().map(String::as_str).chain([secret]));
    let add = json!({"imagePullSecrets": [{"name": secret}]});
    let back = json!({"imagePullSecrets": [{"$patch": "delete", "name": secret}]});
    target.made_anew(&add, &back, yaml, &format!("make it anew with {secret} among its pull secrets"))
}

/// Takes logins away that the registry refuses, where it serves everybody: with a login that matches, the kubelet never
/// asks anonymously.
fn detached(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Option<Remedy> {
    if !evidence.anonymous_passes || target.is_static() || target.is_ephemeral() {
        return None;
    }
    let pod = held(subject);
    let refused = |name: &&str| evidence.refused.iter().any(|login| login.secret == **name);
    let mut stale: Vec<&str> = pod.iter().map(String::as_str).filter(refused).collect();
    if let ([only], true) = (pod, evidence.refused.is_empty()) {
        stale.push(only);
    }
    if stale.is_empty() {
        return None;
    }
    let how = "asked for the manifest without a login: 200".to_owned();
    let names = stale.join(", ");
    let note = "with a login that matches the registry the kubelet never asks without one";
    if target.is_fixed() {
        let list = |entry: &dyn Fn(&str) -> Value| json!({"imagePullSecrets": stale.iter().map(|name| entry(name)).collect::<Vec<_>>()});
        let less = list(&|name| json!({"$patch": "delete", "name": name}));
        let back = list(&|name| json!({"name": name}));
        let left = pod.iter().map(String::as_str).filter(|name| !stale.contains(name));
        let title = format!("make it anew without {names}");
        return Some(tried(target.made_anew(&less, &back, list_yaml(left), &title), how));
    }
    let mut remedy = tried(target.detach_secrets(&stale, &names, note), how);
    // The secret may hold logins for them, too.
    remedy.grade = if target.has_other_hosts() { Grade::Review } else { Grade::Safe };
    if remedy.grade == Grade::Review {
        let more = "the template has images of other registries: see first that they need none of its logins";
        remedy.note = Some(remedy.note.map_or_else(|| more.to_owned(), |note| format!("{note}; {more}")));
    }
    Some(remedy)
}

/// A login that the reader has to supply.
fn supplied(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    if target.is_static() {
        return vec![node::static_login(subject)];
    }
    let mut made = new_secret(subject, target);
    // A login given by hand stands in no secret yet.
    if evidence.repair.as_ref().is_some_and(|login| login.secret.is_empty()) {
        made = tried(made, "asked with the login that was given: 200".to_owned());
    }
    let mut remedies = vec![made];
    // A running pod's list cannot be changed for the sake of a debug container.
    if !target.is_ephemeral() {
        remedies.push(target.attach_secret(new_name(subject), Some(NEW_PODS)));
    }
    if subject.fault() == Cause::NotFoundOrDenied {
        let title = format!("correct the image, if {} does not exist", subject.repository());
        remedies.push(target.set_image("IMAGE", &title, None));
    }
    remedies
}

fn new_secret(subject: &Subject, target: &Target<'_>) -> Remedy {
    let title = format!("make a pull secret with a login that may pull {}", subject.repository());
    Remedy {
        command: target.command(&format!(
            "create secret docker-registry {} --docker-server={} --docker-username=USER \
             --docker-password=PASSWORD",
            new_name(subject),
            quoted(&server_of(subject))
        )),
        note: Some("skip this if the namespace has one that works".into()),
        ..blank(Grade::Review, &title, Actor::Application)
    }
}

/// The key of a login for the image's host. Docker Hub's is the one that other readers of the file expect, too:
/// <https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/>.
pub(crate) fn server_of(subject: &Subject) -> String {
    match subject.reference.as_ref().map(|reference| reference.host.as_str()) {
        Some("docker.io") => "https://index.docker.io/v1/".to_owned(),
        Some(other) => other.to_owned(),
        None => "REGISTRY".to_owned(),
    }
}

/// A new secret beside one whose type the kubelet does not read.
fn in_place_of_other_type(subject: &Subject, evidence: &Evidence, target: &Target<'_>) -> Vec<Remedy> {
    let mut remedies = supplied(subject, evidence, target);
    let of_other_type = &evidence.secrets_of_other_type;
    if let (Some((name, kind)), Some(first)) = (of_other_type.first(), remedies.first_mut()) {
        let note = format!(
            "the kubelet ignores {name} without a word for its type, {kind}, and the type of a secret cannot be changed. It \
             stays as it is: something else may use it"
        );
        first.note = joined([Some(note), first.note.take()]);
    }
    // Another one of the pod's may be what cannot be read.
    let is_other = |name: &&String| of_other_type.iter().any(|(other, _)| other == *name);
    if subject.pull_secrets.iter().any(|name| !is_other(&name)) {
        let rest: Vec<String> = subject.pull_secrets.iter().filter(|name| !is_other(name)).cloned().collect();
        remedies.push(secret::rewritten(&Subject { pull_secrets: rest, ..subject.clone() }, target, None));
    }
    remedies
}

fn missing(subject: &Subject, target: &Target<'_>) -> Vec<Remedy> {
    let named = &subject.pull_secrets;
    let title =
        format!("make the secret that the pod names ({}), or name one that exists", secret::listed(named));
    let look = Remedy {
        command: target.command("get secrets --field-selector type=kubernetes.io/dockerconfigjson"),
        note: Some(
            "the kubelet looks the secret up at each attempt, so a secret made now needs no new pod".into(),
        ),
        ..blank(Grade::Review, &title, Actor::Application)
    };
    let made = if target.is_static() { node::static_login(subject) } else { new_secret(subject, target) };
    vec![look, made]
}

impl Target<'_> {
    /// The pull secrets that the template names; `None` when it was not read.
    fn template_secrets(&self) -> Option<Vec<String>> {
        let spec = self.subject.spec.as_ref().filter(|_| self.subject.place.owner.is_some())?;
        Some(spec.image_pull_secrets.iter().map(|secret| secret.name.clone()).collect())
    }

    /// Attaches a pull secret, beside those that are there. The template's own list decides what the patch has to be: the
    /// pod's may come from its ServiceAccount, which counts only where the template names none.
    fn attach_secret(&self, secret: &str, note: Option<&str>) -> Remedy {
        let held = self.template_secrets();
        let kept = match held.as_deref() {
            Some([]) | None => self.subject.pull_secrets.as_slice(),
            Some(held) => held,
        };
        let title = format!("name {secret} in the pod template");
        let yaml = list_yaml(kept.iter().map(String::as_str).chain([secret]));
        let path = self.path("imagePullSecrets");
        let change = match held.as_deref() {
            // A pod's own list cannot be changed once it exists.
            _ if self.is_fixed() => return self.edit(&title, yaml, note),
            None => return self.edit(&title, yaml, note),
            Some([]) => Change::add(&path, &json!(entries(kept.iter().map(String::as_str).chain([secret])))),
            Some(held) => {
                let held = entries(held.iter().map(String::as_str));
                Change::append(&path, &held, &json!({"name": secret}))
            }
        };
        self.changed(&change, yaml, &title, note)
    }

    /// Names `right` where the template names `wrong`; `None` where it does not.
    fn rename_secret(&self, wrong: &str, right: &str) -> Option<Remedy> {
        let held = self.template_secrets()?;
        let index = held.iter().position(|name| name == wrong)?;
        let path = self.path(&format!("imagePullSecrets/{index}"));
        let change = Change::replace(&path, &json!({"name": wrong}), &json!({"name": right}));
        let renamed = held.iter().map(|name| if name == wrong { right } else { name });
        let title =
            format!("name {right} in the pod template, in the place of {wrong}, which does not exist");
        Some(self.changed(&change, list_yaml(renamed), &title, Some(NEW_PODS)))
    }

    /// Takes secrets off the template's list, or off the ServiceAccount's where the pod has them from there.
    fn detach_secrets(&self, stale: &[&str], names: &str, note: &str) -> Remedy {
        let title = format!("take {names} off the pull secrets of the pod template");
        let left = |held: &[String]| -> Vec<Value> {
            entries(held.iter().map(String::as_str).filter(|name| !stale.contains(name)))
        };
        let all = |held: &[String]| entries(held.iter().map(String::as_str));
        let account = self.subject.account.as_ref();
        let of_account: Vec<String> =
            account.iter().flat_map(|it| &it.image_pull_secrets).map(|secret| secret.name.clone()).collect();
        match self.template_secrets() {
            Some(held) if !held.is_empty() => {
                let change = Change::thin(&self.path("imagePullSecrets"), &all(&held), &left(&held));
                let kept = held.iter().map(String::as_str).filter(|name| !stale.contains(name));
                let yaml = list_yaml(kept);
                let refilled = left(&held).is_empty() && !of_account.is_empty();
                let note = if refilled {
                    format!(
                        "{note}; the pods are then given those of their ServiceAccount ({})",
                        of_account.join(", ")
                    )
                } else {
                    note.to_owned()
                };
                self.changed(&change, yaml, &title, Some(&note))
            }
            Some(_) if stale.iter().all(|name| of_account.iter().any(|held| held == name)) => {
                let name = account.map_or("", |account| account.metadata.name.as_str());
                let change = Change::thin("/imagePullSecrets", &all(&of_account), &left(&of_account));
                let title = format!("take {names} off the pull secrets of ServiceAccount/{name}");
                self.of_account(name, &change, &title, &format!("{note}; {NOT_UPDATED}"))
            }
            _ => {
                let kept = self.subject.pull_secrets.iter().map(String::as_str);
                self.edit(&title, list_yaml(kept.filter(|name| !stale.contains(name))), Some(note))
            }
        }
    }

    /// The ServiceAccount's name, where its list counts and names the secret already.
    fn account_with(&self, secret: &str) -> Option<&str> {
        let account = self
            .subject
            .account
            .as_ref()
            .filter(|_| self.template_secrets().is_some_and(|it| it.is_empty()))?;
        let names = account.image_pull_secrets.iter().any(|held| held.name == secret);
        names.then_some(account.metadata.name.as_str())
    }

    /// Attaches a secret to the ServiceAccount, which counts where the template names none; `None` where it does not,
    /// where it is there already, or where the account was not read.
    fn attach_to_account(&self, secret: &str) -> Option<Remedy> {
        let account = self.subject.account.as_ref()?;
        if self.account_with(secret).is_some() {
            return None;
        }
        if self.template_secrets()?.iter().any(|name| !name.is_empty()) || self.is_of_others() {
            return None;
        }
        let held = entries(account.image_pull_secrets.iter().map(|secret| secret.name.as_str()));
        let value = json!({"name": secret});
        let change = match held.as_slice() {
            [] => Change::add("/imagePullSecrets", &json!([value])),
            held => Change::append("/imagePullSecrets", held, &value),
        };
        let name = account.metadata.name.as_str();
        let title = format!("name {secret} in ServiceAccount/{name}");
        Some(self.of_account(name, &change, &title, NOT_UPDATED))
    }
}

const NOT_UPDATED: &str = "pods that exist are not updated: only those made afterwards are given the list";

fn entries<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Value> {
    names.map(|name| json!({"name": name})).collect()
}

fn list_yaml<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let lines: String = names.map(|name| format!("- name: {}\n", scalar(name))).collect();
    if lines.is_empty() { "imagePullSecrets: []\n".to_owned() } else { format!("imagePullSecrets:\n{lines}") }
}
