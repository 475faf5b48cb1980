//! What could not be read, in words: what, why, which right would buy it, and what to do next.

use std::collections::BTreeMap;

use pullmedic_model::object::Unreadable;
use pullmedic_model::report::Skipped;

use crate::failure::Failure;
use crate::resource::{NODES, Resource};

/// The most unreadable objects and the most namespaces that are named one by one; the rest are counted.
const NAMED: usize = 10;

/// `in namespace "shop"`, `in all namespaces`.
pub(crate) fn place(namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("in namespace {namespace:?}"),
        None => "in all namespaces".into(),
    }
}

/// The kinds and namespaces of one reading that could not be had, gathered so that one missing right is one entry.
pub(crate) struct Gaps<'a> {
    /// kubectl's flags for the cluster that was asked.
    flags: &'a str,
    verb: &'static str,
    by_reason: BTreeMap<String, Reason>,
}

struct Reason {
    forbidden: bool,
    anonymous: bool,
    /// By namespace, in the order in which they were asked for: pods before events.
    kinds: BTreeMap<Option<String>, Vec<Resource>>,
}

impl<'a> Gaps<'a> {
    pub(crate) fn new(flags: &'a str) -> Gaps<'a> {
        Gaps::of_verb(flags, "list")
    }

    /// As [`Gaps::new`], for the verb of another right than `list`.
    pub(crate) fn of_verb(flags: &'a str, verb: &'static str) -> Gaps<'a> {
        Gaps { flags, verb, by_reason: BTreeMap::new() }
    }

    /// Notes that a kind could not be read in a namespace or in all.
    pub(crate) fn add(&mut self, resource: Resource, namespace: Option<&str>, failure: &Failure) {
        let (forbidden, anonymous) = match failure {
            Failure::Forbidden { user } => (true, user.as_deref() == Some("system:anonymous")),
            _ => (false, false),
        };
        let reason = self.by_reason.entry(failure.in_one_line()).or_insert_with(|| Reason {
            forbidden,
            anonymous,
            kinds: BTreeMap::new(),
        });
        let kinds = reason.kinds.entry(namespace.map(str::to_owned)).or_default();
        if !kinds.contains(&resource) {
            kinds.push(resource);
        }
    }

    /// One entry for each set of kinds missing for the same reason.
    pub(crate) fn into_skipped(self) -> Vec<Skipped> {
        let mut skipped = Vec::new();
        for (said, reason) in &self.by_reason {
            let mut by_kinds: BTreeMap<&[Resource], Vec<Option<&str>>> = BTreeMap::new();
            for (namespace, kinds) in &reason.kinds {
                by_kinds.entry(kinds.as_slice()).or_default().push(namespace.as_deref());
            }
            for (kinds, namespaces) in by_kinds {
                skipped.push(self.entry(said, reason, kinds, &namespaces));
            }
        }
        skipped
    }

    fn entry(&self, said: &str, reason: &Reason, kinds: &[Resource], namespaces: &[Option<&str>]) -> Skipped {
        let verb = self.verb;
        let plurals: Vec<&str> = kinds.iter().map(|kind| kind.plural).collect();
        let rights: Vec<String> = kinds.iter().map(|kind| kind.right()).collect();
        let nodes = kinds.contains(&NODES);
        let one = namespaces.first().copied().flatten();
        let place = match namespaces {
            _ if nodes => String::new(),
            [only] => format!(" {}", place(*only)),
            several => format!(" in {}", count(several)),
        };
        let needs = reason.forbidden.then(|| match (nodes, one) {
            _ if reason.anonymous => "credentials: the kubeconfig gives none for this user".into(),
            (true, _) => "get on nodes (a cluster role; \"view\" does not have it)".into(),
            (false, Some(namespace)) if namespaces.len() == 1 => {
                format!("{verb} on {} in namespace {namespace} (role \"view\" has it)", rights.join(", "))
            }
            (false, Some(_)) => {
                format!("{verb} on {} in each of them (role \"view\" has it)", rights.join(", "))
            }
            (false, None) => format!(
                "{verb} on {} in all namespaces (role \"view\", bound for the whole cluster, has it)",
                rights.join(", ")
            ),
        });
        Skipped {
            what: format!("{}{place}", plurals.join(", ")),
            reason: said.to_owned(),
            needs,
            next: self.next(reason, nodes, rights.first().map_or("", String::as_str), one),
        }
    }

    fn next(&self, reason: &Reason, nodes: bool, right: &str, namespace: Option<&str>) -> Option<String> {
        if !reason.forbidden {
            return None;
        }
        let (flags, verb) = (self.flags, self.verb);
        if reason.anonymous {
            return Some(format!("kubectl{flags} config view --minify"));
        }
        Some(match namespace {
            _ if nodes => format!("kubectl{flags} auth can-i get nodes"),
            Some(namespace) => format!("kubectl{flags} auth can-i {verb} {right} -n {namespace}"),
            None if right == "pods" => format!(
                "name a namespace that you may read with -n; kubectl{flags} auth can-i {verb} pods --all-namespaces"
            ),
            None => format!("kubectl{flags} auth can-i {verb} {right} --all-namespaces"),
        })
    }
}

/// `3 namespaces (a, b, c)`.
fn count(namespaces: &[Option<&str>]) -> String {
    let named: Vec<&str> = namespaces.iter().copied().flatten().take(NAMED).collect();
    let rest = namespaces.len() - named.len();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{} namespaces ({}{more})", namespaces.len(), named.join(", "))
}

/// Objects that did not decode.
pub(crate) fn unreadable(objects: Vec<Unreadable>, plural: &str) -> impl Iterator<Item = Skipped> {
    let rest = objects.len().saturating_sub(NAMED);
    let more = (rest > 0).then(|| Skipped {
        what: format!("{rest} more {plural}"),
        reason: "they do not decode either".into(),
        needs: None,
        next: None,
    });
    let entry = |object: Unreadable| Skipped {
        what: object.what,
        reason: format!("it does not decode: {}", object.reason),
        needs: None,
        next: None,
    };
    objects.into_iter().take(NAMED).map(entry).chain(more)
}

/// The rest of a list of which `read` objects came.
pub(crate) fn cut(resource: Resource, namespace: Option<&str>, read: usize, failure: &Failure) -> Skipped {
    Skipped {
        what: format!("{} {} after the first {read}", resource.plural, place(namespace)),
        reason: failure.in_one_line(),
        needs: None,
        next: Some("run it again, or read one namespace with -n".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{EVENTS, PODS, owners};

    fn forbidden() -> Failure {
        Failure::Forbidden { user: Some("dev".into()) }
    }

    fn gaps(list: &[(Resource, Option<&str>)]) -> Vec<Skipped> {
        let mut gaps = Gaps::new("");
        for (resource, namespace) in list {
            gaps.add(*resource, *namespace, &forbidden());
        }
        gaps.into_skipped()
    }

    #[test]
    fn a_forbidden_list_names_the_right_and_how_to_ask_for_it() {
        assert_eq!(
            gaps(&[(EVENTS, Some("shop"))]),
            [Skipped {
                what: "events in namespace \"shop\"".into(),
                reason: "forbidden for user \"dev\"".into(),
                needs: Some("list on events in namespace shop (role \"view\" has it)".into()),
                next: Some("kubectl auth can-i list events -n shop".into()),
            }]
        );
    }

    #[test]
    fn pods_forbidden_everywhere_points_at_one_namespace() {
        let [skipped] = gaps(&[(PODS, None)]).try_into().unwrap();
        assert_eq!(skipped.what, "pods in all namespaces");
        assert!(skipped.next.unwrap().starts_with("name a namespace that you may read with -n"));
    }

    #[test]
    fn one_missing_right_in_many_namespaces_is_one_entry() {
        let names: Vec<String> = (0..12).map(|n| format!("team-{n:02}")).collect();
        let all: Vec<(Resource, Option<&str>)> =
            names.iter().flat_map(|name| owners().map(move |kind| (kind, Some(name.as_str())))).collect();
        let [skipped] = gaps(&all).try_into().unwrap();
        assert!(
            skipped.what.ends_with("in 12 namespaces (team-00, team-01, team-02, team-03, team-04, team-05, team-06, team-07, team-08, team-09 and 2 more)"),
            "{}",
            skipped.what
        );
        assert!(skipped.needs.unwrap().contains("deployments.apps"));
    }

    #[test]
    fn an_unaccepted_login_is_not_called_a_missing_right_to_ask_for() {
        let mut gaps = Gaps::new(" --context dev");
        gaps.add(PODS, Some("shop"), &Failure::Forbidden { user: Some("system:anonymous".into()) });
        let [skipped] = gaps.into_skipped().try_into().unwrap();
        assert!(skipped.needs.unwrap().starts_with("credentials"));
        assert_eq!(skipped.next.as_deref(), Some("kubectl --context dev config view --minify"));
    }
}
