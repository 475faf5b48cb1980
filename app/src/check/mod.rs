//! `pullmedic check`: images that have not failed yet, before a deploy or in a running cluster.
//!
//! - `gather`: who asks for which images. `plan`: each image once for the same logins and platforms.
//! - `ask`: what registries are asked, and how far; `judge`: a pull that fails, to the decision engine.
//! - `running`: what runs now, which speaks against an absence. `reason`: why a request tells nothing. `outcome`: what became of an image. `entry`: that as the public format.

mod ask;
mod entry;
mod gather;
mod judge;
mod outcome;
mod plan;
mod reason;
mod running;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use jiff::Timestamp;
use pullmedic_model::check::{CheckKind, CheckVerdict};
use pullmedic_model::finding::Vantage;
use pullmedic_model::probe::manifest::Platform;
use pullmedic_model::report::ApiVersion;
use pullmedic_model::{CheckReport, Reference};
use pullmedic_prevent::ImagePath;
use pullmedic_report::{CheckForm, write_check};

use crate::access::AccessArguments;
use crate::failure::{Exit, Failure};
use crate::output::Screen;
use crate::probe::platform;
use crate::prove::{ClientArguments, Setup};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kustomize build . | pullmedic check -f -             before a deploy\n  \
    helm template . | pullmedic check -f - --platform linux/amd64 --platform linux/arm64\n  \
    pullmedic check -f deploy/ -o github                 annotations at the lines of a change\n  \
    pullmedic check -f deploy/ --with-cluster -n shop    with the pull secrets of that namespace\n  \
    pullmedic check -A                                   what a cluster runs, and tags that have moved since\n  \
    pullmedic check nginx:1.29 reg.acme.test/cart:4.1\n\n\
    Exit status: 0 all can be pulled, 1 something cannot, 2 nothing was found but something was not checked.\n\
    Pulls are metered at some hosts (Docker Hub); there only HEADs are sent, which are free, unless --deep is given.")]
pub(crate) struct Arguments {
    /// Images, as a pod names them; they are asked for anonymously
    #[arg(value_name = "IMAGE", conflicts_with_all = ["filename", "all_namespaces", "namespace"])]
    images: Vec<String>,
    /// Read rendered manifests from a file, a folder, or - for standard input
    #[arg(short, long, value_name = "FILE|DIR|-")]
    filename: Vec<PathBuf>,
    /// The workloads of this namespace [default: the context's]; with -f and --with-cluster, of objects that name none
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    /// The workloads of every namespace
    #[arg(short = 'A', long, conflicts_with_all = ["namespace", "filename"])]
    all_namespaces: bool,
    /// With -f: read ServiceAccounts, pull secrets (by name) and the nodes' platforms from the cluster
    #[arg(long, requires = "filename")]
    with_cluster: bool,
    /// With -f: where objects of a custom kind name images, as KIND=.spec.path[*].image; may be given several times
    #[arg(long = "image-path", value_name = "KIND=PATH", value_parser = ImagePath::parse, requires = "filename")]
    paths: Vec<ImagePath>,
    /// A platform that every image must have, as OS/ARCH[/VARIANT]; may be given several times [default: the nodes', if
    /// a cluster is read]
    #[arg(long = "platform", value_name = "PLATFORM", value_parser = platform)]
    platforms: Vec<Platform>,
    /// Read manifests and configs also where each counts as a pull; what it will spend is said first
    #[arg(long)]
    deep: bool,
    /// Ask only whether each image is there and may be pulled: one HEAD, nothing about platforms and layers
    #[arg(long, conflicts_with = "deep")]
    shallow: bool,
    /// Which notes to tell
    #[arg(long, value_enum, default_value = "traps", value_name = "WHICH")]
    notes: Notes,
    /// How to write
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
    #[command(flatten)]
    client: ClientArguments,
    #[command(flatten)]
    access: AccessArguments,
}

/// Which notes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Notes {
    /// None
    None,
    /// Tags that move by habit, and pull policies that do not fit
    Traps,
    /// Also each tag without a digest
    All,
}

/// How a check is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// What needs attention
    Text,
    /// Every image and everybody who asks for it
    Wide,
    /// The public format
    Json,
    /// The public format as YAML
    Yaml,
    /// Workflow commands that GitHub shows beside the lines of a change
    Github,
}

impl From<Output> for CheckForm {
    fn from(output: Output) -> CheckForm {
        match output {
            Output::Text => CheckForm::Text,
            Output::Wide => CheckForm::Wide,
            Output::Json => CheckForm::Json,
            Output::Yaml => CheckForm::Yaml,
            Output::Github => CheckForm::Github,
        }
    }
}

pub(crate) fn run(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    crate::waited(check(arguments, screen))
}

async fn check(arguments: &Arguments, screen: &Screen) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let gathered = gather::gather(arguments).await?;
    let setup = Setup::new(&arguments.client, Vantage::Workstation)?;
    let plan = plan::plan(&gathered, &arguments.platforms);
    let depth = match (arguments.shallow, arguments.deep) {
        (true, _) => ask::Reach::Shallow,
        (false, true) => ask::Reach::Deep,
        (false, false) => ask::Reach::Free,
    };
    let asked = ask::ask(&plan, &gathered, &setup, depth).await;
    let images: BTreeSet<&str> = gathered.asked.iter().map(|(asked, _)| asked.image.as_str()).collect();
    let registries: BTreeSet<String> = images
        .iter()
        .filter_map(|image| Reference::parse(image).ok())
        .map(|reference| reference.host)
        .collect();
    let mut skipped = gathered.skipped.clone();
    skipped.sort();
    skipped.dedup();
    let report = CheckReport {
        api_version: ApiVersion::V1Alpha1,
        kind: CheckKind::CheckReport,
        observed_at: Timestamp::now(),
        images: images.len(),
        registries: registries.len(),
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        metered_pulls: asked.iter().map(|outcome| outcome.metered_pulls).sum(),
        entries: entry::entries(&plan, &asked, arguments.notes),
        skipped,
    };
    let mut out = screen.out();
    write_check(&report, arguments.output.into(), &screen.look(Some(report.observed_at)), &mut out)?;
    out.flush()?;
    Ok(exit(&report))
}

fn exit(report: &CheckReport) -> Exit {
    let any = |is: fn(&CheckVerdict) -> bool| report.entries.iter().any(|entry| is(&entry.verdict));
    if any(|verdict| matches!(verdict, CheckVerdict::Finding(_))) {
        Exit::Findings
    } else if any(|verdict| matches!(verdict, CheckVerdict::NotChecked)) || !report.skipped.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Healthy
    }
}
