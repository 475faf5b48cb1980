//! A pod that is only a number until somebody reads it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::object::{Form, Key, Object, text};
use crate::store::{key, spread, uid_of};

/// What is filled in, each a private-use character that no recorded pod has.
const SLOTS: [(char, Slot); 9] = [
    ('\u{e000}', Slot::Name),
    ('\u{e001}', Slot::Namespace),
    ('\u{e002}', Slot::Uid),
    ('\u{e003}', Slot::Version),
    ('\u{e004}', Slot::Node),
    ('\u{e005}', Slot::Owner),
    ('\u{e006}', Slot::OwnerUid),
    ('\u{e007}', Slot::App),
    ('\u{e008}', Slot::At),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Name,
    Namespace,
    Uid,
    Version,
    Node,
    Owner,
    OwnerUid,
    App,
    At,
}

#[derive(Debug)]
enum Piece {
    Text(Box<str>),
    Fill(Slot),
}

/// A recorded pod with holes.
#[derive(Debug)]
pub(crate) struct Template {
    whole: Vec<Piece>,
    item: Vec<Piece>,
    partial: Vec<Piece>,
    phase: String,
}

impl Template {
    /// Takes a recorded pod apart.
    pub(crate) fn of(pod: &Value) -> Template {
        let mut pod = pod.clone();
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        let hole = |slot: Slot| {
            let found = SLOTS.iter().find(|(_, known)| *known == slot);
            Value::String(found.map(|(mark, _)| mark.to_string()).unwrap_or_default())
        };
        let meta = &mut pod["metadata"];
        meta["name"] = hole(Slot::Name);
        meta["namespace"] = hole(Slot::Namespace);
        meta["uid"] = hole(Slot::Uid);
        meta["resourceVersion"] = hole(Slot::Version);
        if meta["labels"]["app"].is_string() {
            meta["labels"]["app"] = hole(Slot::App);
        }
        if let Some(owner) = meta["ownerReferences"].as_array_mut().and_then(|owners| owners.first_mut()) {
            owner["name"] = hole(Slot::Owner);
            owner["uid"] = hole(Slot::OwnerUid);
        }
        pod["spec"]["nodeName"] = hole(Slot::Node);
        let conditions = pod["status"]["conditions"].as_array_mut();
        for condition in conditions.into_iter().flatten().filter(|condition| condition["type"] == "Ready") {
            condition["lastTransitionTime"] = hole(Slot::At);
        }
        let phase = text(&pod, "/status/phase").to_owned();
        let partial = json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": pod["metadata"],
        });
        let whole = pieces(&pod);
        if let Some(fields) = pod.as_object_mut() {
            fields.remove("kind");
            fields.remove("apiVersion");
        }
        Template { whole, item: pieces(&pod), partial: pieces(&partial), phase }
    }
}

fn pieces(value: &Value) -> Vec<Piece> {
    let text = value.to_string();
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, mark) in text.char_indices() {
        if let Some((_, slot)) = SLOTS.iter().find(|(known, _)| *known == mark) {
            pieces.push(Piece::Text(text[from..at].into()));
            pieces.push(Piece::Fill(*slot));
            from = at + mark.len_utf8();
        }
    }
    pieces.push(Piece::Text(text[from..].into()));
    pieces
}

/// What the pods of a population share.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) templates: Vec<Template>,
    pub(crate) namespaces: Vec<Arc<str>>,
    pub(crate) nodes: u32,
    pub(crate) pods_per_owner: u32,
}

impl Cast {
    fn owner_number(&self, pod: u32) -> u32 {
        pod / self.pods_per_owner
    }

    pub(crate) fn namespace(&self, pod: u32) -> &Arc<str> {
        &self.namespaces[self.owner_number(pod) as usize % self.namespaces.len()]
    }

    fn app(&self, pod: u32) -> String {
        format!("app-{:05}", self.owner_number(pod))
    }

    fn owner(&self, pod: u32) -> String {
        let number = self.owner_number(pod);
        format!("app-{number:05}-{:010x}", spread(u64::from(number)) & 0xff_ffff_ffff)
    }

    pub(crate) fn name(&self, pod: u32) -> String {
        format!("{}-{:05x}", self.owner(pod), pod & 0xf_ffff)
    }

    /// The ReplicaSet of a pod and the Deployment of that, without what nobody reads of them.
    pub(crate) fn owners(&self, pod: u32, version: u64) -> ((Key, Object), (Key, Object)) {
        let number = u64::from(self.owner_number(pod));
        let (namespace, app, set) = (self.namespace(pod), self.app(pod), self.owner(pod));
        let uid = uid_of((1 << 43) | number);
        let meta = |name: &str, uid: &str| {
            json!({
                "name": name, "namespace": **namespace, "uid": uid, "resourceVersion": version.to_string(),
                "labels": {"app": app},
            })
        };
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(&app, &uid),
            "spec": {"replicas": self.pods_per_owner},
        });
        let mut of_deployment = meta(&set, &uid_of((1 << 41) | number));
        of_deployment["ownerReferences"] = json!([
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": app, "uid": uid, "controller": true,
             "blockOwnerDeletion": true},
        ]);
        let replica_set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": of_deployment,
            "spec": {"replicas": self.pods_per_owner},
        });
        (
            (key(namespace, &set), Object::plain(replica_set)),
            (key(namespace, &app), Object::plain(deployment)),
        )
    }

    pub(crate) fn node(&self, pod: u32) -> String {
        format!("node-{:04}", spread(u64::from(pod)) % u64::from(self.nodes.max(1)))
    }
}

/// One pod: its number, what it looks like now, and since when.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    cast: Arc<Cast>,
    version: u64,
    number: u32,
    /// Seconds of the last change, since 1970; enough until 2106.
    at: u32,
    template: u16,
}

impl Row {
    pub(crate) fn new(cast: &Arc<Cast>, number: u32, template: u16, version: u64, at: u32) -> Row {
        Row { cast: Arc::clone(cast), version, number, at, template }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn set_version(&mut self, version: u64) {
        self.version = version;
    }

    pub(crate) fn template(&self) -> u16 {
        self.template
    }

    fn shape(&self) -> &Template {
        &self.cast.templates[usize::from(self.template)]
    }

    pub(crate) fn write(&self, form: Form, out: &mut Vec<u8>) {
        let shape = self.shape();
        let pieces = match form {
            Form::Whole => &shape.whole,
            Form::Item => &shape.item,
            Form::Partial => &shape.partial,
        };
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Fill(slot) => out.extend_from_slice(self.fill(*slot).as_bytes()),
            }
        }
    }

    fn fill(&self, slot: Slot) -> String {
        match slot {
            Slot::Name => self.cast.name(self.number),
            Slot::Namespace => self.cast.namespace(self.number).to_string(),
            // Apart from the uids that the store counts.
            Slot::Uid => uid_of((1 << 40) | u64::from(self.number)),
            Slot::Version => self.version.to_string(),
            Slot::Node => self.cast.node(self.number),
            Slot::Owner => self.cast.owner(self.number),
            Slot::OwnerUid => uid_of((1 << 41) | u64::from(self.cast.owner_number(self.number))),
            Slot::App => self.cast.app(self.number),
            Slot::At => Timestamp::from_second(i64::from(self.at)).unwrap_or_default().to_string(),
        }
    }

    pub(crate) fn value(&self) -> Value {
        let mut text = Vec::new();
        self.write(Form::Whole, &mut text);
        // The pieces come from JSON, and what is filled in needs no escape.
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(crate) fn field(&self, path: &str) -> String {
        match path {
            "spec.nodeName" => self.fill(Slot::Node),
            "status.phase" => self.shape().phase.clone(),
            path => text(&self.value(), &format!("/{}", path.replace('.', "/"))).to_owned(),
        }
    }

    pub(crate) fn label(&self, key: &str) -> Option<String> {
        self.value()["metadata"]["labels"][key].as_str().map(str::to_owned)
    }
}
