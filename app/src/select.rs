//! Which pods and owners were asked for.

use std::str::FromStr;

use pullmedic_model::Sighting;
use pullmedic_model::object::{Objects, Pod};

/// `POD` or `KIND/NAME`, as kubectl takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The kind in lower case and singular; `pod` where none is written.
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
        let kind = short.unwrap_or_else(|| kind.strip_suffix('s').map_or(kind.clone(), str::to_owned));
        Ok(Target { kind, name: name.to_owned(), written: text.to_owned() })
    }
}

impl Target {
    fn is(&self, kind: &str, name: &str) -> bool {
        self.name == name && self.kind.eq_ignore_ascii_case(kind)
    }

    fn is_owner_of(&self, pod: &Pod) -> bool {
        pod.metadata.owner_references.iter().any(|owner| self.is(&owner.kind, &owner.name))
    }

    fn selects(&self, sighting: &Sighting, objects: &Objects) -> bool {
        let place = &sighting.place;
        if let Some(pod) = &place.pod
            && self.is("pod", pod)
        {
            return true;
        }
        if place.owner.as_ref().is_some_and(|owner| self.is(&owner.kind, &owner.name)) {
            return true;
        }
        match &place.pod {
            Some(name) => objects
                .pods
                .iter()
                .filter(|pod| &pod.metadata.name == name && pod.metadata.namespace == place.namespace)
                .any(|pod| self.is_owner_of(pod)),
            // The owner that was refused a pod stands in the source of the words.
            None => sighting.testimony.as_ref().is_some_and(|testimony| {
                testimony.source.split(' ').any(|word| {
                    word.rsplit_once('/').is_some_and(|(namespace, name)| {
                        namespace == place.namespace && self.name == name && self.kind == "replicaset"
                    })
                })
            }),
        }
    }

    fn exists(&self, objects: &Objects) -> bool {
        objects.pods.iter().any(|pod| self.is("pod", &pod.metadata.name) || self.is_owner_of(pod))
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

/// Keeps the sightings that were asked for; all of them when nothing was named.
pub(crate) fn keep(sightings: &mut Vec<Sighting>, targets: &[Target], objects: &Objects) {
    if !targets.is_empty() {
        sightings.retain(|sighting| targets.iter().any(|target| target.selects(sighting, objects)));
    }
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
    pub(crate) fn selects(&self, pod: &Pod) -> bool {
        self.0.iter().all(|requirement| {
            let value = pod.metadata.labels.get(&requirement.key);
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
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!((target.kind.as_str(), target.name.as_str()), (kind, name), "{text}");
        }
        for text in ["", "/", "deploy/", "/web", "a/b/c"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_selector_selects_as_the_api_server_does() {
        let mut pod = Pod::default();
        pod.metadata.labels.insert("app".into(), "web".into());
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
            assert_eq!(text.parse::<Selector>().unwrap().selects(&pod), selects, "{text}");
        }
        for text in ["app in (a", "app is (a)", "=x", "a b"] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
    }
}
