//! Where a test takes place: registries, an API server with the definitions and the rights of `deploy/`, and pods that wait.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use pullmedic_model::Incident;
use pullmedic_model::incident::{History as _, Query};
use serde_json::{Value, json};
use testkit_apiserver::{ApiServer, Options, Refusal, Request, Rule, Running, User, Versions};

use crate::child::{Controller, until};
use crate::stage::{Stage, registry};
use crate::words::Said;
use crate::world::{Waiting, World};

/// As whom the controller is known.
pub(crate) const USER: &str = "system:serviceaccount:pullmedic:pullmedic";
/// What proves it.
pub(crate) const TOKEN: &str = "token-of-the-account";

/// The definitions of `deploy/crds`.
pub(crate) const ALL: [&str; 3] = ["pullincidents", "clusterpullincidents", "registryprofiles"];

/// The objects of a file of `deploy/`.
pub(crate) fn deployed(path: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    serde_saphyr::from_multiple(&std::fs::read_to_string(root.join(path)).unwrap()).unwrap()
}

/// The rights of `deploy/rbac`, for a user that is not the account itself.
fn rights() -> Vec<Rule> {
    let words = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let roles = ["controller.yaml", "leader.yaml"].map(|file| deployed(&format!("rbac/{file}")));
    let roles = roles.into_iter().flatten().filter(|role| role["rules"].is_array());
    let of_role = |role: Value| {
        let rules = role["rules"].as_array().cloned().unwrap_or_default();
        rules.into_iter().map(move |rule| Rule {
            verbs: words(&rule["verbs"]),
            groups: words(&rule["apiGroups"]),
            resources: words(&rule["resources"]),
            names: words(&rule["resourceNames"]),
            namespace: role["metadata"]["namespace"].as_str().map(str::to_owned),
        })
    };
    roles.flat_map(of_role).collect()
}

/// Registries and an API server.
pub(crate) struct Ground {
    pub(crate) stage: Stage,
    api: Option<Running>,
}

impl Ground {
    /// One registry, `registry`, and a cluster of one node where nothing waits.
    pub(crate) fn quiet() -> Ground {
        Ground::of(Stage::of(vec![registry("registry")]))
    }

    pub(crate) fn of(stage: Stage) -> Ground {
        Ground::with(stage, Options::default(), &ALL)
    }

    pub(crate) fn with(stage: Stage, options: Options, definitions: &[&str]) -> Ground {
        let api = stage.runtime.block_on(ApiServer::start(options)).unwrap();
        let ground = Ground { stage, api: Some(api) };
        for file in ["account.yaml", "controller.yaml", "leader.yaml", "pull-secrets.yaml"] {
            deployed(&format!("rbac/{file}")).into_iter().for_each(|object| ground.create(object));
        }
        definitions.iter().for_each(|kind| ground.define(kind));
        ground.put_all(&World::new());
        ground.api().add_token(TOKEN, User::service_account("pullmedic", "pullmedic"));
        ground.stage.save("kubeconfig", ground.api().kubeconfig(TOKEN));
        ground
    }

    /// A controller of this name is from now on a user of its own, with the same rights; gives the user's name.
    pub(crate) fn account(&self, name: &str) -> String {
        let user = User::service_account("pullmedic", name);
        self.api().set_rules(&user.name, rights());
        self.api().add_token(name, user.clone());
        self.stage.save(&format!("{name}.kubeconfig"), self.api().kubeconfig(name));
        user.name
    }

    pub(crate) fn api(&self) -> &Running {
        self.api.as_ref().unwrap()
    }

    pub(crate) fn create(&self, object: Value) {
        self.api().create(object).unwrap_or_else(|refusal: Refusal| panic!("{refusal:?}"));
    }

    /// Installs a definition as `deploy/` has it.
    pub(crate) fn define(&self, plural: &str) {
        deployed(&format!("crds/{plural}.pullmedic.dev.yaml"))
            .into_iter()
            .for_each(|object| self.create(object));
    }

    /// The API server goes away.
    pub(crate) fn down(&self) {
        self.stage.runtime.block_on(self.api().down());
    }

    /// And comes back.
    pub(crate) fn up(&self, versions: Versions) {
        self.stage.runtime.block_on(self.api().up(versions)).unwrap();
    }

    /// Puts objects there, with their namespaces.
    pub(crate) fn put_all(&self, world: &World) {
        let saved: Value = serde_json::from_str(&world.saved()).unwrap();
        let items = saved["items"].as_array().unwrap();
        let names = items.iter().filter_map(|item| item["metadata"]["namespace"].as_str());
        for name in names.collect::<BTreeSet<_>>() {
            if self.api().object("namespaces", "", name).is_none() {
                self.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
            }
        }
        for item in items {
            let mut object = item.clone();
            object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
            self.api().put(object).unwrap();
        }
    }

    /// The image of a tag that is not there.
    pub(crate) fn image(&self, tag: &str) -> String {
        self.stage.image("registry", &format!("team/app:{tag}"))
    }

    /// A pod of a Deployment that waits for a tag that is not there; both are named after the tag.
    pub(crate) fn waits(&self, namespace: &str, tag: &str) {
        let name = format!("app-{}", tag.replace('.', "-"));
        self.waits_as(namespace, tag, &format!("{name}-5d-x"), &name);
    }

    pub(crate) fn waits_as(&self, namespace: &str, tag: &str, name: &str, owner: &str) {
        let (image, words) =
            (self.image(tag), self.stage.words("registry", &format!(":{tag}"), Said::NotFound));
        let mut world = World::default();
        world.waiting(&Waiting { namespace, name, image: &image, words: &words, secrets: &[], owner });
        self.put_all(&world);
    }

    /// The pod of that tag runs from now on.
    pub(crate) fn runs(&self, namespace: &str, tag: &str) {
        self.runs_as(namespace, &format!("app-{}-5d-x", tag.replace('.', "-")));
    }

    pub(crate) fn runs_as(&self, namespace: &str, pod: &str) {
        let changed = self.api().change("pods", namespace, pod, |pod| {
            pod["status"]["phase"] = json!("Running");
            let status = &mut pod["status"]["containerStatuses"][0];
            status["state"] = json!({"running": {"startedAt": "2026-11-22T16:00:00Z"}});
            status["imageID"] = json!("sha256:00");
        });
        assert!(changed.is_some(), "{namespace}/{pod} is not there");
    }

    /// `pullmedic controller` with a state of its own.
    pub(crate) fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let own = self.stage.path(&format!("{name}.kubeconfig"));
        let is_own = Path::new(&own).exists();
        let kubeconfig = if is_own { own } else { self.stage.path("kubeconfig") };
        let state = self.stage.path(name);
        let mut command = self.stage.command("controller", &["--kubeconfig", &kubeconfig]);
        command
            .args([
                "--state-dir",
                &state,
                "--log-format",
                "json",
                "--lease",
                "pullmedic/pullmedic-controller",
            ])
            .env("PULLMEDIC_LOG_LEVEL", "debug")
            .env("PULLMEDIC_LISTEN", "")
            .env("POD_NAME", name)
            .args(arguments);
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Controller {
        self.start_as("one", arguments)
    }

    /// A log for each start.
    pub(crate) fn start_as(&self, name: &str, arguments: &[&str]) -> Controller {
        self.spawn(name, self.command(name, arguments))
    }

    pub(crate) fn spawn(&self, name: &str, command: Command) -> Controller {
        let mut logs = (0..).map(|number| self.stage.folder.path().join(format!("{name}-{number}.log")));
        let log = logs.find(|path| !path.exists()).unwrap();
        Controller::start(command, &log)
    }

    /// What a controller's history holds.
    pub(crate) fn history(&self, name: &str) -> Vec<Incident> {
        let path = self.stage.path(&format!("{name}/history.db"));
        let store = pullmedic_store::Store::read_only(path).unwrap();
        store.past(&Query::default()).unwrap().into_iter().map(|past| past.incident).collect()
    }

    /// Every ClusterPullIncident.
    pub(crate) fn wholes(&self) -> Vec<Value> {
        self.api().objects("clusterpullincidents")
    }

    /// Every PullIncident.
    pub(crate) fn parts(&self) -> Vec<Value> {
        self.api().objects("pullincidents")
    }

    /// Events of ours.
    pub(crate) fn told(&self) -> Vec<Value> {
        let ours = |event: &Value| event["reportingComponent"] == "pullmedic.dev/controller";
        self.api().objects("events").into_iter().filter(ours).collect()
    }

    /// How often anything was listed, of which the incidents that stand, before one leads, are no part.
    pub(crate) fn lists(&self) -> Vec<Request> {
        let lists = self.api().requests().into_iter().filter(|request| request.lists());
        lists.filter(|request| request.group != "pullmedic.dev").collect()
    }

    /// Waits until a namespace shows an incident that is proven.
    pub(crate) fn proves(&self, namespace: &str) {
        until(&format!("an incident of {namespace} proven"), || {
            let parts = self.parts();
            let is = |part: &Value| {
                part["metadata"]["namespace"] == namespace && part["status"]["state"] == "proven"
            };
            parts.iter().any(is).then_some(()).ok_or_else(|| brief(&self.wholes()))
        });
    }

    /// Waits until the cluster shows exactly this: an open, proven incident for each tag in each of its namespaces.
    /// Gives the name of each tag's incident.
    pub(crate) fn shows(&self, expected: &[(&str, &str)]) -> BTreeMap<String, String> {
        until("what the cluster is to show", || self.shown(expected))
    }

    /// Whether it is so now; what it is not, else.
    pub(crate) fn shown(&self, expected: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
        let (wholes, parts) = (self.wholes(), self.parts());
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
        let lasts = |object: &&Value| object["status"]["phase"] != "resolved";
        let open: BTreeMap<String, &Value> =
            wholes.iter().filter(lasts).map(|whole| (name(whole), whole)).collect();
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        let mut seen = 0;
        for part in parts.iter().filter(lasts) {
            let namespace = part["metadata"]["namespace"].as_str().unwrap();
            for image in part["status"]["images"].as_array().into_iter().flatten() {
                let tag = image.as_str().unwrap().rsplit(':').next().unwrap();
                if !expected.contains(&(namespace, tag)) {
                    return Err(format!(
                        "{tag} in {namespace} is shown to wait: {}",
                        brief(std::slice::from_ref(part))
                    ));
                }
                if ids.insert(tag.to_owned(), name(part)).is_some_and(|other| other != name(part)) {
                    return Err(format!("{tag} has two incidents: {}", brief(&wholes)));
                }
                seen += 1;
            }
            if !open.contains_key(&name(part)) {
                return Err(format!(
                    "{} in {namespace} is of no open incident: {}",
                    name(part),
                    brief(&wholes)
                ));
            }
        }
        let tags: BTreeSet<&str> = expected.iter().map(|(_, tag)| *tag).collect();
        if seen != expected.len() || open.len() != tags.len() {
            return Err(format!(
                "{seen} of {} places and {} of {} incidents are shown: {} {}",
                expected.len(),
                open.len(),
                tags.len(),
                brief(&wholes),
                brief(&parts)
            ));
        }
        let unproven = open.values().find(|whole| whole["status"]["verdict"]["certainty"] != "proven");
        match unproven {
            Some(whole) => Err(format!("{} is not proven", name(whole))),
            None => Ok(ids),
        }
    }

    /// Whatever was written is of an incident that the cluster shows, and no cause was opened twice: all that ever opened
    /// are these.
    pub(crate) fn assert_whole(&self, ever: usize) {
        let (wholes, parts) = (self.wholes(), self.parts());
        let names: BTreeSet<&str> =
            wholes.iter().map(|whole| whole["metadata"]["name"].as_str().unwrap()).collect();
        for part in &parts {
            let name = part["metadata"]["name"].as_str().unwrap();
            assert!(names.contains(name), "an orphan: {part:#}, {}", brief(&wholes));
        }
        assert_eq!(names.len(), ever, "{} {}", brief(&wholes), brief(&parts));
    }
}

/// Objects, short enough for the message of an assertion.
pub(crate) fn brief(objects: &[Value]) -> String {
    let short = objects.iter().map(|object| {
        let (meta, status) = (&object["metadata"], &object["status"]);
        format!(
            "{}/{} {} {} {}",
            meta["namespace"].as_str().unwrap_or_default(),
            meta["name"].as_str().unwrap_or_default(),
            status["state"].as_str().unwrap_or_default(),
            status["verdict"]["cause"].as_str().unwrap_or_default(),
            status["images"],
        )
    });
    format!("{:#?}", short.collect::<Vec<_>>())
}
