//! The definitions of the custom resources, written from the types in `model/src/resource`.
//!
//! A definition takes less than JSON Schema has: no references, no `oneOf` of constants, a `nullable` of its own
//! (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema>).

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use pullmedic_model::resource::{
    ClusterPullIncident, ClusterStatus, GROUP, PullIncident, RegistryProfile, Spec, Status, VERSION,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// The first line of each file.
const WRITTEN: &str = "# Written by cargo xtask documents from model/src/resource.\n";

/// One kind.
struct Kind {
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static str,
    /// `Namespaced` or `Cluster`.
    scope: &'static str,
    description: &'static str,
    /// The one field beside the metadata.
    field: &'static str,
    schema: fn() -> Schema,
    columns: &'static [Column],
    /// CEL over the whole object, each with what it says when it does not hold.
    rules: &'static [(&'static str, &'static str)],
}

/// A column of `kubectl get`.
struct Column {
    name: &'static str,
    /// `string`, `integer`, `date`.
    kind: &'static str,
    path: &'static str,
    /// Whether only `-o wide` shows it.
    wide: bool,
}

const fn column(name: &'static str, kind: &'static str, path: &'static str) -> Column {
    Column { name, kind, path, wide: false }
}

const fn wide(name: &'static str, kind: &'static str, path: &'static str) -> Column {
    Column { name, kind, path, wide: true }
}

const NAMED_AS_INCIDENTS_ARE: (&str, &str) = (
    "self.metadata.name.matches('^pi-[a-km-np-z2-9]{6}$')",
    "an incident's name reads pi- and six letters or digits",
);
/// The controller deletes what was resolved long ago by that time.
const RESOLVED_SOMETIME: (&str, &str) = (
    "self.status.phase != 'resolved' || has(self.status.times.resolved)",
    "a resolved incident has the time when it was resolved",
);

// kubectl puts three spaces between columns, so eight of them leave 56 of 80 for words. The endpoint is the longest and
// stands last, where a long one costs no other column its place.
const KINDS: [Kind; 3] = [
    Kind {
        kind: PullIncident::KIND,
        plural: PullIncident::PLURAL,
        singular: "pullincident",
        short: "pi",
        scope: "Namespaced",
        description: "A fault that keeps images of this namespace from being pulled: all that wait for one cause. \
                      Written by pullmedic's controller alone.",
        field: "status",
        schema: schema_of::<Status>,
        columns: &[
            column("Cause", "string", ".status.verdict.cause"),
            column("State", "string", ".status.state"),
            column("Pods", "integer", ".status.pods"),
            column("Since", "date", ".status.times.since"),
            column("Endpoint", "string", ".status.verdict.endpoint"),
            wide("Phase", "string", ".status.phase"),
            wide("Certainty", "string", ".status.verdict.certainty"),
            wide("Scope", "string", ".status.verdict.scope"),
            wide("Stage", "string", ".status.verdict.stage"),
            wide("Owner", "string", ".status.owners[0].name"),
            wide("Summary", "string", ".status.verdict.summary"),
        ],
        rules: &[NAMED_AS_INCIDENTS_ARE, RESOLVED_SOMETIME],
    },
    Kind {
        kind: ClusterPullIncident::KIND,
        plural: ClusterPullIncident::PLURAL,
        singular: "clusterpullincident",
        short: "cpi",
        scope: "Cluster",
        description: "A fault that keeps images from being pulled, over the whole cluster: what is wrong and how much it \
                      touches, and nothing of any namespace. Written by pullmedic's controller alone.",
        field: "status",
        schema: schema_of::<ClusterStatus>,
        columns: &[
            column("Cause", "string", ".status.verdict.cause"),
            column("State", "string", ".status.state"),
            column("Pods", "integer", ".status.counts.pods"),
            column("Since", "date", ".status.times.since"),
            column("Endpoint", "string", ".status.verdict.endpoint"),
            wide("Phase", "string", ".status.phase"),
            wide("Certainty", "string", ".status.verdict.certainty"),
            wide("Scope", "string", ".status.verdict.scope"),
            wide("Stage", "string", ".status.verdict.stage"),
            wide("Namespaces", "integer", ".status.counts.namespaces"),
            wide("Nodes", "integer", ".status.counts.nodes"),
            wide("Summary", "string", ".status.verdict.summary"),
        ],
        rules: &[NAMED_AS_INCIDENTS_ARE, RESOLVED_SOMETIME],
    },
    Kind {
        kind: RegistryProfile::KIND,
        plural: RegistryProfile::PLURAL,
        singular: "registryprofile",
        short: "rp",
        scope: "Cluster",
        description: "What those who run the cluster say about a registry, so that pullmedic may ask it and judges it \
                      rightly. It holds no secret.",
        field: "spec",
        schema: schema_of::<Spec>,
        columns: &[
            // The first: kubectl shows no more of a list.
            column("Host", "string", ".spec.hosts[0]"),
            column("Probe", "boolean", ".spec.probe"),
            column("Age", "date", ".metadata.creationTimestamp"),
            wide("Realm", "string", ".spec.realms[0]"),
            wide("Plain-HTTP", "boolean", ".spec.plainHttp"),
            wide("Internal", "boolean", ".spec.internal"),
        ],
        rules: &[],
    },
];

/// Every definition with its path in the repository.
pub(crate) fn definitions() -> Result<BTreeMap<PathBuf, String>> {
    let mut all: BTreeMap<PathBuf, String> =
        KINDS.iter().map(|kind| Ok((kind.path(), kind.yaml()?))).collect::<Result<_>>()?;
    let names = all.keys().filter_map(|path| path.file_name()?.to_str());
    let list: String = names.map(|name| format!("- {name}\n")).collect();
    let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n";
    all.insert("deploy/crds/kustomization.yaml".into(), format!("{WRITTEN}{kustomization}{list}"));
    Ok(all)
}

impl Kind {
    fn path(&self) -> PathBuf {
        format!("deploy/crds/{}.{GROUP}.yaml", self.plural).into()
    }

    fn yaml(&self) -> Result<String> {
        let mut options = serde_saphyr::SerializerOptions::default();
        options.prefer_block_scalars = false;
        let yaml = serde_saphyr::to_string_with_options(&self.definition()?, options)?;
        Ok(format!("{WRITTEN}{yaml}"))
    }

    fn definition(&self) -> Result<Value> {
        let field =
            structural((self.schema)().to_value()).with_context(|| format!("schema of {}", self.kind))?;
        let mut whole = json!({
            "type": "object",
            "description": self.description,
            "required": [self.field],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                self.field: field,
            },
        });
        if !self.rules.is_empty() {
            let rules = self.rules.iter().map(|(rule, message)| json!({"rule": rule, "message": message}));
            whole["x-kubernetes-validations"] = rules.collect();
        }
        let columns: Vec<Value> = self.columns.iter().map(Column::definition).collect();
        Ok(json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{}.{GROUP}", self.plural)},
            "spec": {
                "group": GROUP,
                "scope": self.scope,
                "names": {
                    "kind": self.kind,
                    "listKind": format!("{}List", self.kind),
                    "plural": self.plural,
                    "singular": self.singular,
                    "shortNames": [self.short],
                    "categories": ["pullmedic"],
                },
                "versions": [{
                    "name": VERSION,
                    "served": true,
                    "storage": true,
                    "schema": {"openAPIV3Schema": whole},
                    "additionalPrinterColumns": columns,
                }],
            },
        }))
    }
}

impl Column {
    fn definition(&self) -> Value {
        let mut column = json!({"name": self.name, "type": self.kind, "jsonPath": self.path});
        if self.wide {
            column["priority"] = json!(1);
        }
        column
    }
}

fn schema_of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>()
}

/// The keywords that a definition takes and that we use. Anything else is an error of ours, which the API server would
/// find only when somebody installs it.
const TAKEN: [&str; 17] = [
    "type",
    "description",
    "properties",
    "required",
    "items",
    "enum",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "default",
    "x-kubernetes-validations",
    "x-kubernetes-list-type",
];

/// A schema as a definition may hold it.
fn structural(schema: Value) -> Result<Value> {
    let Value::Object(mut schema) = schema else { bail!("a schema that is no object: {schema}") };
    for dropped in ["title", "$schema", "nullable"] {
        // We leave out what is absent, and who writes a null means that too.
        schema.remove(dropped);
    }
    // The lines of a doc comment.
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if let Some(one_of) = schema.remove("oneOf") {
        schema.extend(constants(one_of)?);
    }
    // The default of a list or of a field that may be absent says nothing.
    if schema.get("default").is_some_and(|default| !default.is_boolean()) {
        schema.remove("default");
    }
    if let Some(Value::String(format)) = schema.get_mut("format") {
        match format.as_str() {
            "date-time" => {}
            // The API server knows no unsigned numbers.
            "uint32" => *format = "int64".into(),
            other => bail!("format {other}"),
        }
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties.iter_mut() {
            *property = structural(property.take()).with_context(|| name.clone())?;
        }
    }
    if let Some(items) = schema.get_mut("items") {
        *items = structural(items.take()).context("items")?;
    }
    if let Some(keyword) = schema.keys().find(|keyword| !TAKEN.contains(&keyword.as_str())) {
        bail!("keyword {keyword}");
    }
    if !schema.contains_key("type") {
        bail!("no type");
    }
    Ok(Value::Object(schema))
}

/// What schemars writes of an enum whose variants have a doc each.
fn constants(one_of: Value) -> Result<Map<String, Value>> {
    let Value::Array(variants) = one_of else { bail!("oneOf is no list") };
    let mut words = Vec::new();
    for variant in variants {
        match variant.get("enum").and_then(Value::as_array) {
            Some(names) => words.extend(names.iter().cloned()),
            None => bail!("oneOf of more than constants"),
        }
    }
    Ok([("type".to_owned(), json!("string")), ("enum".to_owned(), Value::Array(words))].into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_definition_does_not_take_is_found_here_and_not_at_an_installation() {
        for schema in [
            json!({"$ref": "#/x", "type": "object"}),
            json!({"anyOf": [{"type": "string"}]}),
            json!({"description": "anything"}),
            json!({"type": "object", "properties": {"a": {"type": "string", "const": "b"}}}),
            json!({"type": "integer", "format": "uint8"}),
        ] {
            assert!(structural(schema.clone()).is_err(), "{schema}");
        }
    }

    #[test]
    fn an_enum_with_docs_becomes_a_list_of_its_words() {
        let schema = json!({"description": "Life.", "oneOf": [
            {"type": "string", "enum": ["open"], "description": "It lasts."},
            {"type": "string", "enum": ["resolved"], "description": "It is over."},
        ]});
        assert_eq!(
            structural(schema).ok(),
            Some(json!({"type": "string", "description": "Life.", "enum": ["open", "resolved"]}))
        );
    }

    /// Every list and text has a bound, so that no object of ours or of anybody else can fill etcd, and so that the cost of
    /// each rule can be known.
    #[test]
    fn every_text_and_list_is_bounded() {
        fn unbounded(at: &str, schema: &Value, found: &mut Vec<String>) {
            let lacks = |keyword: &str| schema.get(keyword).is_none();
            match schema["type"].as_str() {
                Some("string") if lacks("maxLength") && lacks("enum") && schema["format"] != "date-time" => {
                    found.push(at.to_owned());
                }
                Some("array") if lacks("maxItems") => found.push(at.to_owned()),
                _ => {}
            }
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                unbounded(&format!("{at}.{name}"), property, found);
            }
            if let Some(items) = schema.get("items") {
                unbounded(&format!("{at}[]"), items, found);
            }
        }
        let mut found = Vec::new();
        for kind in &KINDS {
            let schema = structural((kind.schema)().to_value()).expect("it is structural");
            unbounded(kind.kind, &schema, &mut found);
        }
        assert_eq!(found, Vec::<String>::new());
    }

    /// The columns before the last, at their widest usual words, with the three spaces of kubectl and the namespace of
    /// `-A`, which is as wide as its own heading for most names.
    #[test]
    fn all_columns_but_the_endpoint_fit_eighty_with_all_namespaces() {
        let widest = |column: &Column| match column.name {
            "Cause" => "registry-unavailable".len(),
            "State" => "undecided".len(),
            "Since" | "Pods" => 5,
            other => other.len(),
        };
        for kind in KINDS.iter().filter(|kind| kind.field == "status") {
            let shown: Vec<&Column> = kind.columns.iter().filter(|column| !column.wide).collect();
            let (last, others) = shown.split_last().expect("there are columns");
            assert_eq!(last.name, "Endpoint");
            let names = "NAMESPACE".len() + 3 + "pi-k7m2qx".len() + 3;
            let width: usize = names + others.iter().map(|column| widest(column) + 3).sum::<usize>();
            assert!(width <= 80, "{width}");
        }
    }
}
