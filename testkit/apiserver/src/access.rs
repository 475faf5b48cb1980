//! Who asks, and what they may: bearer tokens, rules given directly, and RBAC objects.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::kinds::RBAC;
use crate::store::Store;

/// Who a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `ann`, `system:serviceaccount:shop:default`.
    pub name: String,
    /// Without `system:authenticated`, which is added.
    pub groups: Vec<String>,
}

impl User {
    /// A user of no group.
    #[must_use]
    pub fn named(name: &str) -> User {
        User { name: name.to_owned(), groups: Vec::new() }
    }

    /// A ServiceAccount, with the groups that the real server gives it.
    #[must_use]
    pub fn service_account(namespace: &str, name: &str) -> User {
        User {
            name: format!("system:serviceaccount:{namespace}:{name}"),
            groups: vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")],
        }
    }

    pub(crate) fn admin() -> User {
        User { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()] }
    }

    fn anonymous() -> User {
        User { name: "system:anonymous".to_owned(), groups: vec!["system:unauthenticated".to_owned()] }
    }
}

/// A right: what an RBAC rule says, and where. `*` stands for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `get`, `list`, `watch`, ….
    pub verbs: Vec<String>,
    /// API groups; the empty one is core.
    pub groups: Vec<String>,
    /// `pods`, `pods/status`.
    pub resources: Vec<String>,
    /// Empty for all names.
    pub names: Vec<String>,
    /// `None` for everywhere, cluster-wide objects included.
    pub namespace: Option<String>,
}

impl Rule {
    /// These verbs on these resources of one group, everywhere.
    #[must_use]
    pub fn on(group: &str, resources: &[&str], verbs: &[&str]) -> Rule {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Rule {
            verbs: owned(verbs),
            groups: vec![group.to_owned()],
            resources: owned(resources),
            names: Vec::new(),
            namespace: None,
        }
    }

    /// The same in one namespace only.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Rule {
        self.namespace = Some(namespace.to_owned());
        self
    }

    fn of_role(rule: &Value, namespace: Option<&str>) -> Rule {
        let words = |key: &str| {
            let listed = rule[key].as_array().map(Vec::as_slice).unwrap_or_default();
            listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Rule {
            verbs: words("verbs"),
            groups: words("apiGroups"),
            resources: words("resources"),
            names: words("resourceNames"),
            namespace: namespace.map(str::to_owned),
        }
    }

    fn allows(&self, asked: &Asked<'_>) -> bool {
        let has = |words: &[String], word: &str| words.iter().any(|known| known == "*" || known == word);
        let resource = match asked.subresource {
            "" => asked.resource.to_owned(),
            subresource => format!("{}/{subresource}", asked.resource),
        };
        let any_resource = format!("*/{}", asked.subresource);
        has(&self.verbs, asked.verb)
            && has(&self.groups, asked.group)
            && (has(&self.resources, &resource)
                || (!asked.subresource.is_empty() && self.resources.contains(&any_resource)))
            && (self.names.is_empty() || self.names.iter().any(|name| name == asked.name))
            && self.namespace.as_ref().is_none_or(|namespace| namespace == asked.namespace)
    }
}

/// What somebody wants to do; words that do not apply are empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

/// Tokens and the rules given directly.
#[derive(Debug, Default)]
pub(crate) struct Access {
    pub(crate) tokens: BTreeMap<String, User>,
    pub(crate) rules: BTreeMap<String, Vec<Rule>>,
    /// Rights that are taken away whatever else grants them, by user.
    pub(crate) denied: BTreeMap<String, Vec<Rule>>,
}

impl Access {
    /// Whose token it is; `None` for a token that nobody has. No header means the anonymous user.
    pub(crate) fn user(&self, authorization: Option<&str>) -> Option<User> {
        let Some(header) = authorization else {
            return Some(User::anonymous());
        };
        let mut user = self.tokens.get(header.strip_prefix("Bearer ")?.trim())?.clone();
        user.groups.push("system:authenticated".to_owned());
        Some(user)
    }

    pub(crate) fn may(&self, store: &Store, user: &User, asked: &Asked<'_>) -> bool {
        let allows = |rules: Option<&Vec<Rule>>| {
            rules.is_some_and(|rules| rules.iter().any(|rule| rule.allows(asked)))
        };
        if allows(self.denied.get(&user.name)) {
            return false;
        }
        user.groups.iter().any(|group| group == "system:masters")
            || allows(self.rules.get(&user.name))
            || (basic(asked) && user.name != "system:anonymous")
            || bound(store, user).iter().any(|rule| rule.allows(asked))
    }

    /// Whether a path that is no resource may be read: discovery by whoever is known, health and version by all.
    pub(crate) fn may_path(user: &User, path: &str) -> bool {
        let public = ["/healthz", "/livez", "/readyz", "/version"];
        let known = ["/api", "/apis", "/openapi"];
        let under = |roots: &[&str]| {
            roots.iter().any(|root| {
                path == *root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
            })
        };
        user.groups.iter().any(|group| group == "system:masters")
            || under(&public)
            || (user.name != "system:anonymous" && under(&known))
    }
}

/// What the ClusterRole `system:basic-user` gives to everybody.
fn basic(asked: &Asked<'_>) -> bool {
    asked.verb == "create"
        && matches!(
            (asked.group, asked.resource),
            ("authorization.k8s.io", "selfsubjectaccessreviews" | "selfsubjectrulesreviews")
                | ("authentication.k8s.io", "selfsubjectreviews")
        )
}

/// The rules that RBAC objects bind to a user.
pub(crate) fn bound(store: &Store, user: &User) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (plural, in_namespace) in [("clusterrolebindings", false), ("rolebindings", true)] {
        let Some(kind) = store.kind(RBAC, "v1", plural) else { continue };
        let Some(table) = store.table_of(&kind) else { continue };
        for ((namespace, _), binding) in table.range(None) {
            let binding = binding.value();
            let subjects = binding["subjects"].as_array().map(Vec::as_slice).unwrap_or_default();
            if !subjects.iter().any(|subject| is_subject(subject, namespace, user)) {
                continue;
            }
            let place = in_namespace.then_some(&**namespace);
            let role = &binding["roleRef"];
            let name = role["name"].as_str().unwrap_or_default();
            let found = match role["kind"].as_str() {
                Some("ClusterRole") => rules_of(store, "clusterroles", "", name),
                _ => rules_of(store, "roles", namespace, name),
            };
            rules.extend(found.iter().map(|rule| Rule::of_role(rule, place)));
        }
    }
    rules
}

fn is_subject(subject: &Value, namespace: &str, user: &User) -> bool {
    let name = subject["name"].as_str().unwrap_or_default();
    match subject["kind"].as_str() {
        Some("User") => user.name == name,
        Some("Group") => user.groups.iter().any(|group| group == name),
        Some("ServiceAccount") => {
            let namespace = subject["namespace"].as_str().unwrap_or(namespace);
            user.name == format!("system:serviceaccount:{namespace}:{name}")
        }
        _ => false,
    }
}

/// The rules of a role; of an aggregated ClusterRole those of all that its selectors choose.
fn rules_of(store: &Store, plural: &str, namespace: &str, name: &str) -> Vec<Value> {
    let Some(kind) = store.kind(RBAC, "v1", plural) else { return Vec::new() };
    let Some(role) = store.get(&kind, namespace, name) else { return Vec::new() };
    let role = role.value();
    let listed = |role: &Value| role["rules"].as_array().cloned().unwrap_or_default();
    let mut rules = listed(&role);
    let selectors = role["aggregationRule"]["clusterRoleSelectors"].as_array();
    for selector in selectors.into_iter().flatten() {
        let Some(labels) = selector["matchLabels"].as_object() else { continue };
        let Some(table) = store.table_of(&kind) else { continue };
        for (_, other) in table.range(None) {
            let other = other.value();
            if labels.iter().all(|(key, wanted)| other["metadata"]["labels"][key] == *wanted) {
                rules.extend(listed(&other));
            }
        }
    }
    rules
}
