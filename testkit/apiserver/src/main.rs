//! `testkit-apiserver`: a Kubernetes API with a large cluster's pods as a process, for scale runs beside a client.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::{Value, json};
use testkit_apiserver::{ApiServer, Options, Population, Request, Running, recorded_failures};
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};

/// Serves a Kubernetes API on loopback until SIGTERM, SIGINT, or the end of stdin if so told.
///
/// It prints one line of JSON when it is ready: {"url", "kubeconfig", "pods", "failing", "version", "measured"}; and
/// one at its end: {"requests": {VERB RESOURCE: COUNT}, "lists", "writes", "refused"}.
#[derive(Debug, Parser)]
#[command(name = "testkit-apiserver")]
struct Arguments {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:0")]
    address: SocketAddr,
    /// How many pods there are
    #[arg(long, default_value_t = 0)]
    pods: u32,
    /// On how many nodes [default: one for every 30 pods]
    #[arg(long)]
    nodes: Option<u32>,
    /// In how many namespaces
    #[arg(long, default_value_t = 50)]
    namespaces: u32,
    /// How many of a hundred pods fail
    #[arg(long, default_value_t = 1.0)]
    failing_percent: f64,
    /// For how many causes
    #[arg(long, default_value_t = 20)]
    causes: usize,
    /// The recording that failing pods are taken from
    #[arg(long, default_value = "examples/broken-cluster/pods.yaml")]
    recording: PathBuf,
    /// How many pods change a second
    #[arg(long, default_value_t = 0)]
    changes: u32,
    /// Serve one streaming list of pods to nobody first, and say how long that took
    #[arg(long)]
    measure: bool,
    /// Objects to begin with: a file of JSON, one object or a List
    #[arg(long)]
    objects: Vec<PathBuf>,
    /// Know no streaming lists, as servers before 1.32
    #[arg(long)]
    no_streaming_lists: bool,
    /// Write the kubeconfig to this file
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// End when stdin closes
    #[arg(long)]
    until_stdin_closes: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where stderr is gone there is nobody left to tell.
            let _ = writeln!(io::stderr().lock(), "error: failed to {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> io::Result<()> {
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let options = Options {
        address: arguments.address,
        streaming_lists: !arguments.no_streaming_lists,
        ..Options::default()
    };
    let api = ApiServer::start(options).await.map_err(|error| of("listen", error))?;
    for file in &arguments.objects {
        put_all(&api, file)?;
    }
    let mut population = Population::new(arguments.pods).namespaces(arguments.namespaces);
    if let Some(nodes) = arguments.nodes {
        population = population.nodes(nodes);
    }
    if arguments.pods > 0 && arguments.failing_percent > 0.0 {
        let failures = recorded_failures(&arguments.recording, arguments.causes)
            .map_err(|error| of(&format!("use {}", arguments.recording.display()), error))?;
        population = population.failing(arguments.failing_percent / 100.0, failures);
    }
    let crowd = population.settle(&api);
    let measured = match arguments.measure {
        true => {
            let served = api.measure_streaming_list("pods").await?;
            api.clear_requests();
            json!({"seconds": served.elapsed.as_secs_f64(), "bytes": served.bytes})
        }
        false => Value::Null,
    };
    let kubeconfig = api.kubeconfig(api.admin_token());
    if let Some(file) = &arguments.kubeconfig {
        std::fs::write(file, &kubeconfig).map_err(|error| of(&format!("write {}", file.display()), error))?;
    }
    let ready = json!({
        "url": api.url(), "kubeconfig": kubeconfig, "pods": crowd.pods(), "failing": crowd.failing(),
        "version": api.version(), "measured": measured,
    });
    say(&ready)?;
    let changes = (arguments.changes > 0).then(|| crowd.change(arguments.changes));
    let closed = async {
        if !arguments.until_stdin_closes {
            std::future::pending::<()>().await;
        }
        let mut bytes = [0; 1024];
        let mut stdin = tokio::io::stdin();
        while stdin.read(&mut bytes).await.is_ok_and(|length| length > 0) {}
    };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
        () = closed => {}
    }
    drop(changes);
    say(&summary(&api))?;
    // A client that hangs must not hold the end up.
    let _ = tokio::time::timeout(Duration::from_secs(2), api.stop()).await;
    Ok(())
}

fn summary(api: &Running) -> Value {
    let requests = api.requests();
    let mut counts = serde_json::Map::new();
    for request in &requests {
        let what = format!("{} {}", request.verb, request.resource);
        let count = counts.get(&what).and_then(Value::as_u64).unwrap_or(0);
        counts.insert(what, (count + 1).into());
    }
    let count = |fits: fn(&Request) -> bool| requests.iter().filter(|request| fits(request)).count();
    json!({
        "requests": counts, "lists": count(Request::lists), "writes": count(Request::writes),
        "refused": count(|request| request.code.is_some_and(|code| code >= 400)),
    })
}

fn put_all(api: &Running, file: &PathBuf) -> io::Result<()> {
    let what = format!("use {}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| of(&what, error))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| of(&what, error.into()))?;
    let objects = match value["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![value],
    };
    for object in objects {
        let made = if object["status"].is_null() { api.create(object) } else { api.put(object) };
        made.map_err(|refusal| of(&what, io::Error::other(refusal.message)))?;
    }
    Ok(())
}

fn say(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}

fn of(what: &str, error: io::Error) -> io::Error {
    io::Error::other(format!("{what}: {error}"))
}
