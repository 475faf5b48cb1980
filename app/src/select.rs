//! Which pods and owners were asked for.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use pullmedic_model::Sighting;
use pullmedic_model::object::{Objects, OwnerReference, Pod, Workload, WorkloadKind};

/// `POD` or `KIND/NAME`, as kubectl takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The kind in lower case, of known kinds singular; `pod` where none is written.
    kind: String,
    name: String,
    written: String,
}

/// kubectl's short names: <https://kubernetes.io/docs/reference/kubectl/#resource-types>.
const SHORT: [(&str, &str); 8] = [
    ("po", "pod"),
    ("deploy", "deployment"),
    ("rs", "replicaset"),
    ("sts", "statefulset"),
    ("ds", "daemonset"),
    ("cj", "cronjob"),
    ("rc", "replicationcontroller"),
    ("no", "node"),
];

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let (kind, name) = text.split_once('/').unwrap_or(("pod", text));
        if kind.is_empty() || name.is_empty() || name.contains('/') {
            return Err("write a pod's name, or KIND/NAME".into());
        }
        // `deployments.apps/web` is how kubectl itself prints it.
        let kind = kind.split('.').next().unwrap_or(kind).to_ascii_lowercase();
        let short = SHORT.iter().find(|(short, _)| *short == kind).map(|(_, long)| (*long).to_owned());
        let kind = short.or_else(|| singular(&kind)).unwrap_or(kind);
        Ok(Target { kind, name: name.to_owned(), written: text.to_owned() })
    }
}

/// The kind of a plural that we know. Of others none is guessed: `prometheus` is a kind.
fn singular(plural: &str) -> Option<String> {
    let owners = WorkloadKind::ALL.into_iter().map(|(_, kind, _, plural)| (plural, kind));
    let all = [("pods", "pod"), ("nodes", "node")].into_iter().chain(owners);
    all.into_iter().find(|(many, _)| *many == plural).map(|(_, one)| one.to_ascii_lowercase())
}

impl Target {
    fn is(&self, kind: &str, name: &str) -> bool {
        self.name == name && self.kind.eq_ignore_ascii_case(kind)
    }

    fn is_owner_of(&self, pod: &Pod, objects: &Objects) -> bool {
        pod.metadata.owner_references.iter().any(|owner| self.is(&owner.kind, &owner.name))
            || deployment(pod).is_some_and(|(set, name)| {
                self.is("deployment", name) && !was_read(&pod.metadata.namespace, set, objects)
            })
    }

    /// Whether an owner that was not read may be this one's: they are named after what made them, as `backup-2917` is.
    /// A Deployment's name is known more exactly, and the other kinds that we know own their pods themselves.
    fn may_own(&self, owner: &OwnerReference) -> bool {
        let known = self.kind == "pod"
            || self.kind == "node"
            || WorkloadKind::ALL.iter().any(|(_, kind, ..)| self.kind.eq_ignore_ascii_case(kind));
        let after_it = || owner.name.strip_prefix(&self.name).is_some_and(|rest| rest.starts_with('-'));
        // Operators also put words before the name: `prometheus-k8s` of `Prometheus/k8s`.
        let before_it = || owner.name.strip_suffix(&self.name).is_some_and(|rest| rest.ends_with('-'));
        match self.kind.as_str() {
            "cronjob" => owner.kind == "Job" && after_it(),
            _ => !known && (after_it() || before_it() || owner.name == self.name),
        }
    }

    fn selects(&self, sighting: &Sighting, pods: &Pods<'_>, objects: &Objects) -> bool {
        let place = &sighting.place;
        if place.owner.as_ref().is_some_and(|owner| self.is(&owner.kind, &owner.name)) {
            return true;
        }
        match &place.pod {
            Some(name) => {
                self.is("pod", name)
                    || pods
                        .get(&(place.namespace.as_str(), name.as_str()))
                        .is_some_and(|pod| self.is_owner_of(pod, objects))
            }
            None => refused(sighting).is_some_and(|(kind, name)| self.is(kind, name)),
        }
    }

    fn exists(&self, objects: &Objects) -> bool {
        let may_own = |pod: &Pod| {
            pod.metadata.controller().is_some_and(|owner| {
                self.may_own(owner) && !was_read(&pod.metadata.namespace, owner, objects)
            })
        };
        objects
            .pods
            .iter()
            .any(|pod| self.is("pod", &pod.metadata.name) || self.is_owner_of(pod, objects) || may_own(pod))
            || objects.workloads.iter().any(|workload| {
                self.is(&workload.kind, &workload.metadata.name)
                    || workload
                        .metadata
                        .owner_references
                        .iter()
                        .any(|owner| self.is(&owner.kind, &owner.name))
            })
    }
}

/// Pods by namespace and name.
type Pods<'a> = HashMap<(&'a str, &'a str), &'a Pod>;

/// The ReplicaSet of a pod and the Deployment that its name tells, as `flow/sight/src/owner.rs` reads it.
fn deployment(pod: &Pod) -> Option<(&OwnerReference, &str)> {
    let set = pod.metadata.controller().filter(|owner| owner.kind == "ReplicaSet")?;
    let hash = pod.metadata.labels.get("pod-template-hash")?;
    let name = set.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
    (!name.is_empty()).then_some((set, name))
}

fn was_read(namespace: &str, owner: &OwnerReference, objects: &Objects) -> bool {
    workload(namespace, &owner.kind, &owner.name, objects).is_some()
}

fn workload<'a>(namespace: &str, kind: &str, name: &str, objects: &'a Objects) -> Option<&'a Workload> {
    objects.workloads.iter().find(|workload| {
        workload.metadata.name == name && workload.kind == kind && workload.metadata.namespace == namespace
    })
}

/// Kind and name of the owner that was refused a pod: they stand in the source of the words, as `Job shop/nightly`.
/// `None` when a pod was made.
fn refused(sighting: &Sighting) -> Option<(&str, &str)> {
    let testimony = sighting.testimony.as_ref().filter(|_| sighting.place.pod.is_none())?;
    let mut kind = "";
    for word in testimony.source.split(' ') {
        match word.split_once('/') {
            Some((namespace, name)) if namespace == sighting.place.namespace => return Some((kind, name)),
            _ => kind = word,
        }
    }
    None
}

/// Keeps the sightings that were asked for; all of them when nothing was named.
pub(crate) fn keep(sightings: &mut Vec<Sighting>, targets: &[Target], objects: &Objects) {
    if targets.is_empty() {
        return;
    }
    let pods: Pods<'_> = objects
        .pods
        .iter()
        .map(|pod| ((pod.metadata.namespace.as_str(), pod.metadata.name.as_str()), pod))
        .collect();
    sightings.retain(|sighting| targets.iter().any(|target| target.selects(sighting, &pods, objects)));
}

/// Leaves out owners that were refused pods which the selector would not select. What was not read stays: its labels
/// are not known.
pub(crate) fn keep_refused(sightings: &mut Vec<Sighting>, selector: &Selector, objects: &Objects) {
    sightings.retain(|sighting| {
        refused(sighting)
            .and_then(|(kind, name)| workload(&sighting.place.namespace, kind, name, objects))
            .and_then(Workload::template)
            .is_none_or(|template| selector.selects(&template.metadata.labels))
    });
}

/// The first target that nothing that was read bears out.
pub(crate) fn absent<'a>(targets: &'a [Target], objects: &Objects) -> Option<&'a str> {
    targets.iter().find(|target| !target.exists(objects)).map(|target| target.written.as_str())
}

/// A label selector, for saved objects: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, with commas
/// between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    /// `None`: any value will do.
    values: Option<Vec<String>>,
    /// Whether the requirement is turned round.
    not: bool,
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Selector, String> {
        parts(text).into_iter().map(requirement).collect::<Result<_, _>>().map(Selector)
    }
}

/// Splits at the commas that stand outside of parentheses.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
    .collect()
}

fn requirement(part: &str) -> Result<Requirement, String> {
    let one = |key: &str, value: &str, not| Requirement {
        key: key.trim().to_owned(),
        values: Some(vec![value.trim().to_owned()]),
        not,
    };
    let made = if let Some((key, value)) = part.split_once("!=") {
        one(key, value, true)
    } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        one(key, value, false)
    } else if let Some(open) = part.find('(') {
        let values = part[open + 1..]
            .strip_suffix(')')
            .ok_or_else(|| format!("{part:?} lacks a closing parenthesis"))?;
        let mut words = part[..open].split_whitespace();
        let (key, operator) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let not = match operator {
            "in" => false,
            "notin" => true,
            other => return Err(format!("{other:?} is no operator: write in or notin")),
        };
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        Requirement { key: key.to_owned(), values: Some(values), not }
    } else {
        let not = part.starts_with('!');
        Requirement { key: part.trim_start_matches('!').trim().to_owned(), values: None, not }
    };
    if made.key.is_empty() || made.key.contains(char::is_whitespace) {
        return Err(format!("{part:?} is no requirement: write KEY=VALUE, KEY in (A,B), KEY or !KEY"));
    }
    Ok(made)
}

impl Selector {
    pub(crate) fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            let met = match (&requirement.values, value) {
                (None, value) => value.is_some(),
                (Some(values), Some(value)) => values.contains(value),
                // `!=` and `notin` also select what lacks the key.
                (Some(_), None) => false,
            };
            met != requirement.not
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_kubectl_reads_it() {
        for (text, kind, name) in [
            ("web-1", "pod", "web-1"),
            ("po/web-1", "pod", "web-1"),
            ("deployments.apps/web", "deployment", "web"),
            ("deploy/web", "deployment", "web"),
            ("Rollout/web", "rollout", "web"),
            // Its `s` is no plural.
            ("Prometheus/k8s", "prometheus", "k8s"),
            ("DaemonSets/web", "daemonset", "web"),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!((target.kind.as_str(), target.name.as_str()), (kind, name), "{text}");
        }
        for text in ["", "/", "deploy/", "/web", "a/b/c"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    /// A pod that runs, of an owner that was not read.
    fn owned(kind: &str, name: &str, hash: &str) -> Objects {
        let mut pod = Pod::default();
        pod.metadata.name = format!("{name}-x");
        pod.metadata.namespace = "shop".into();
        pod.metadata.labels.insert("pod-template-hash".into(), hash.into());
        let owner = OwnerReference {
            kind: kind.into(),
            name: name.into(),
            controller: true,
            ..OwnerReference::default()
        };
        pod.metadata.owner_references.push(owner);
        Objects { pods: vec![pod], ..Objects::default() }
    }

    #[test]
    fn an_owner_that_was_not_read_exists_when_a_pod_tells_of_it() {
        for (text, kind, name, hash, exists) in [
            ("deploy/web", "ReplicaSet", "web-5d", "5d", true),
            ("rs/web-5d", "ReplicaSet", "web-5d", "5d", true),
            ("deploy/web", "ReplicaSet", "web-api-5d", "5d", false),
            ("deploy/web", "ReplicaSet", "web-5d", "", false),
            ("cj/backup", "Job", "backup-2917", "", true),
            ("cj/back", "Job", "backup-2917", "", false),
            ("Rollout/web", "ReplicaSet", "web-5d", "", true),
            ("Prometheus/k8s", "StatefulSet", "prometheus-k8s", "", true),
            ("Prometheus/k8s", "Prometheus", "k8s", "", true),
            ("sts/web", "StatefulSet", "web-a", "", false),
            ("web", "ReplicaSet", "web-5d", "5d", false),
        ] {
            let targets = [text.parse::<Target>().unwrap()];
            assert_eq!(absent(&targets, &owned(kind, name, hash)).is_none(), exists, "{text} {kind}/{name}");
        }
    }

    #[test]
    fn an_owner_that_was_read_says_itself_who_owns_it() {
        let mut objects = owned("ReplicaSet", "web-5d", "5d");
        let mut set = Workload { kind: "ReplicaSet".into(), ..Workload::default() };
        (set.metadata.namespace, set.metadata.name) = ("shop".into(), "web-5d".into());
        objects.workloads.push(set);
        for text in ["deploy/web", "Rollout/web"] {
            assert_eq!(absent(&[text.parse().unwrap()], &objects), Some(text));
        }
    }

    #[test]
    fn a_selector_selects_as_the_api_server_does() {
        let labels = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
        for (text, selects) in [
            ("app=web", true),
            ("app==web", true),
            ("app!=web", false),
            ("tier!=x", true),
            ("app in (a, web)", true),
            ("app notin (a,b),app", true),
            ("!app", false),
            ("!tier", true),
            ("tier", false),
            ("", true),
        ] {
            assert_eq!(text.parse::<Selector>().unwrap().selects(&labels), selects, "{text}");
        }
        for text in ["app in (a", "app is (a)", "=x", "a b"] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
    }
}
