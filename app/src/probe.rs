//! `pullmedic probe IMAGE`: the whole pull of one image by hand, every answer shown.

use std::io::Write as _;

use anyhow::anyhow;
use clap::ValueEnum;
use jiff::Timestamp;
use pullmedic_cluster::{Cluster, Scope};
use pullmedic_model::Reference;
use pullmedic_model::finding::Vantage;
use pullmedic_model::probe::login::SecretState;
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::probe::{Ask, Ended, Got, LoginName, Record, What};
use pullmedic_model::report::ApiVersion;
use pullmedic_prevent::{Depth, Walk, Walked};
use pullmedic_report::{shown, write_json, write_record};
use serde::Serialize;

use crate::access::AccessArguments;
use crate::failure::{Exit, Failure};
use crate::output::Screen;
use crate::prove::{ClientArguments, SecretSource, Secrets, Setup};

/// Arguments of `probe`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pullmedic probe nginx:1.29                        name, connection, TLS, token, manifest\n  \
    pullmedic probe --whole reg.acme.test/cart:4.1    and config and every layer; counted as a pull where pulls are\n  \
    pullmedic probe reg.acme.test/cart:4.1 -n shop --as-pod cart-7c9f8\n  \
    pullmedic probe reg.acme.test/cart:4.1 -n shop --secret regcred\n\n\
    Exit status: 0 all that was asked for is there, 1 it is not, 2 it could not be asked.")]
pub(crate) struct Arguments {
    /// The image, as a pod names it
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The namespace of the pod or secret [default: the context's]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    /// Ask with the pull secrets of this pod, for the platform of its node
    #[arg(long, value_name = "POD", conflicts_with = "secret")]
    as_pod: Option<String>,
    /// Ask with this pull secret
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// Ask for everything that a pull needs: GET of manifest and config, HEAD of every layer
    #[arg(long)]
    whole: bool,
    /// The platform, as OS/ARCH[/VARIANT], with all that its pull needs, as --whole; may be given several times
    /// [default: the pod's node's, else every one]
    #[arg(long = "platform", value_name = "PLATFORM", value_parser = platform)]
    platforms: Vec<Platform>,
    /// How to write
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
    #[command(flatten)]
    client: ClientArguments,
    #[command(flatten)]
    access: AccessArguments,
}

/// How a probe is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// Everything, as JSON
    Json,
}

/// The document of `-o json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    api_version: ApiVersion,
    kind: &'static str,
    image: &'a str,
    /// `there`, `not-there` or `not-asked`.
    outcome: &'static str,
    records: &'a [Record],
}

/// Reads `OS/ARCH[/VARIANT]`.
pub(crate) fn platform(text: &str) -> Result<Platform, String> {
    let mut parts = text.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(os), Some(architecture), variant, None) if !os.is_empty() && !architecture.is_empty() => {
            let (os, architecture) = (os.to_owned(), architecture.to_owned());
            Ok(Platform { os, architecture, variant: variant.unwrap_or_default().to_owned() })
        }
        _ => Err("write it as OS/ARCH, such as linux/amd64".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    crate::waited(probe(arguments, screen))
}

async fn probe(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let reference = Reference::parse(&arguments.image).map_err(|error| {
        let next = error.candidates.first().map(|meant| format!("pullmedic probe {}", shown(meant)));
        Failure::new(anyhow!("read the image {:?}: {error}", arguments.image)).next(next)
    })?;
    let setup = Setup::new(&arguments.client, Vantage::Workstation)?;
    let asker = Asker::of(arguments).await?;
    let runtime = setup.runtime(asker.runtime.clone());
    let route = setup.route(&arguments.image, runtime.as_ref());
    let secrets = Secrets::new(asker.source(), (&[], false), setup.install_key());
    let held = secrets.named(&asker.namespace, &asker.secrets, &arguments.image, &route).await;
    for secret in &held.logins.secrets {
        // Talk only, but it is why a request goes without a login.
        if let Some(why) = why_unused(&secret.state) {
            let _ = writeln!(std::io::stderr(), "secret {} is not used: {}", secret.name, shown(&why));
        }
    }
    let logins: Vec<LoginName> = held.logins.own.iter().map(|login| login.name.clone()).collect();
    setup.prober().add_credentials(held.credentials);
    let platforms = if arguments.platforms.is_empty() {
        asker.platform.iter().cloned().collect()
    } else {
        arguments.platforms.clone()
    };
    let walk = Walk {
        reference: &reference,
        route: &route,
        logins: &logins,
        platforms: &platforms,
        // Only the manifest's body tells its platforms.
        depth: if arguments.whole || !arguments.platforms.is_empty() { Depth::Whole } else { Depth::Resolve },
    };
    let mut records: Vec<Record> = Vec::new();
    let stands = loop {
        match walk.after(&records) {
            Walked::Next(ask) => records.push(setup.prober().ask(&ask, runtime.as_ref()).await),
            stands => break stands,
        }
    };
    if arguments.whole
        && stands == Walked::Whole
        && let Some(ask) = referrers(&records)
    {
        // What refers to an image (signatures, bills of materials) is shown; a pull does not need it.
        records.push(setup.prober().ask(&ask, runtime.as_ref()).await);
    }
    let exit = exit(&stands, &records);
    let outcome = match exit {
        Exit::Healthy => "there",
        Exit::Findings => "not-there",
        Exit::Incomplete => "not-asked",
    };
    let mut out = screen.out();
    let look = screen.look(Some(Timestamp::now()));
    match arguments.output {
        Output::Json => {
            let image = &arguments.image;
            let document = Document {
                api_version: ApiVersion::V1Alpha1,
                kind: "Probe",
                image,
                outcome,
                records: &records,
            };
            write_json(&document, &look, &mut out)?;
        }
        Output::Text => {
            write_record(&records, &look, &mut out)?;
            match stands {
                Walked::NoPlatform(wanted, have) => {
                    let have: Vec<String> = have.iter().map(ToString::to_string).collect();
                    let line = format!("no {wanted} in this image; it has {}", have.join(", "));
                    writeln!(out, "{}", shown(&line))?;
                }
                Walked::NoHost => writeln!(out, "the node's files leave no host to ask")?,
                Walked::Whole | Walked::Failed(_) | Walked::Next(_) => {}
            }
        }
    }
    out.flush()?;
    Ok(exit)
}

/// The question for what refers to the image that was found.
fn referrers(records: &[Record]) -> Option<Ask> {
    let found = records.iter().find_map(|record| match record.got() {
        Some(Got::Manifest { digest: Some(digest), .. }) => Some((record, digest)),
        _ => None,
    });
    found.map(|(record, digest)| Ask { what: What::Referrers(digest.clone()), ..record.ask.clone() })
}

fn exit(stands: &Walked, records: &[Record]) -> Exit {
    match stands {
        Walked::Whole => Exit::Healthy,
        Walked::NoPlatform(..) | Walked::NoHost | Walked::Next(_) => Exit::Findings,
        Walked::Failed(at) => match records.get(*at).map(|record| &record.ended) {
            Some(Ended::NotAsked(_)) => Exit::Incomplete,
            Some(Ended::Got(_) | Ended::Refused { .. }) | None => Exit::Findings,
        },
    }
}

fn why_unused(state: &SecretState) -> Option<String> {
    match state {
        SecretState::Matches(_) => None,
        SecretState::Absent => Some("it does not exist".to_owned()),
        SecretState::Unread { needs } => Some(format!("needs {needs}")),
        SecretState::OtherType(kind) | SecretState::MatchesUnderOtherType(kind) => {
            Some(format!("its type is {kind:?}, which the kubelet does not read"))
        }
        SecretState::Malformed { path, defect, mend: _ } => Some(format!("{defect} at {path}")),
        SecretState::Near(keys) => keys
            .first()
            .map(|near| format!("its key {} does not match; {} would", near.login.key, near.should_be)),
        SecretState::OtherHosts => Some("it has no key for this image's host".to_owned()),
    }
}

/// Who asks.
struct Asker {
    cluster: Option<Cluster>,
    namespace: String,
    secrets: Vec<String>,
    platform: Option<Platform>,
    runtime: Option<pullmedic_model::probe::route::Runtime>,
}

impl Asker {
    fn source(&self) -> SecretSource<'_> {
        self.cluster.as_ref().map_or(SecretSource::Nowhere, SecretSource::Cluster)
    }

    async fn of(arguments: &Arguments) -> Result<Asker, Failure> {
        if arguments.as_pod.is_none() && arguments.secret.is_none() {
            let (namespace, secrets) = (String::new(), Vec::new());
            return Ok(Asker { cluster: None, namespace, secrets, platform: None, runtime: None });
        }
        let cluster = arguments.access.connect().await?;
        let namespace = arguments.namespace.clone().unwrap_or_else(|| cluster.default_namespace().to_owned());
        let mut asker = Asker {
            cluster: None,
            namespace,
            secrets: arguments.secret.iter().cloned().collect(),
            platform: None,
            runtime: None,
        };
        if let Some(name) = &arguments.as_pod {
            asker.take(name, &cluster).await?;
        }
        asker.cluster = Some(cluster);
        Ok(asker)
    }

    /// Takes secrets and platform of a pod.
    async fn take(&mut self, name: &str, cluster: &Cluster) -> Result<(), Failure> {
        let scope = Scope { namespace: Some(self.namespace.clone()), selector: None };
        let objects = cluster.pods_and_events(&scope).await.map_err(|error| {
            let next = error.hint();
            Failure::new(error).next(next)
        })?;
        let Some(pod) = objects.pods.iter().find(|pod| pod.metadata.name == name) else {
            let error = anyhow!("find Pod {name:?} in namespace {:?}", self.namespace);
            return Err(Failure::new(error).next("check the name and the namespace (-n)".to_owned()));
        };
        self.secrets = pod.spec.image_pull_secrets.iter().map(|secret| secret.name.clone()).collect();
        let nodes = cluster.nodes(&std::collections::BTreeSet::from([pod.spec.node_name.clone()])).await;
        if let Some(node) = nodes.nodes.first() {
            self.platform = crate::prove::platform_of(node);
            self.runtime = crate::prove::runtime_of(node);
        }
        Ok(())
    }
}
