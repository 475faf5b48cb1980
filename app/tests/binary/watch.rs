//! `diagnose --watch` against a server that changes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::kubeconfig::config;
use super::{not_found, pullmedic, saved, waiting_pod};

const IMAGE: &str = "registry.example.com/shop/cart:4.1";

/// The paths that were asked for.
#[derive(Default)]
struct Asked {
    paths: Mutex<Vec<String>>,
    changed: Condvar,
}

impl Asked {
    fn owners(paths: &[String]) -> usize {
        paths.iter().filter(|path| path.contains("/deployments?")).count()
    }
}

/// One pod waits from the start, another from when the owners were asked for: while the first report is made.
fn serve(mut stream: TcpStream, asked: &Asked) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    asked.paths.lock().expect("no holder panics").push(target.clone());
    asked.changed.notify_all();
    let (pods, watch) = (target.contains("/pods?"), target.contains("watch=1"));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    if !watch {
        let items = if pods { vec![waiting_pod("a", IMAGE, &not_found(IMAGE))] } else { Vec::new() };
        let list =
            serde_json::json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "10"},
            "items": items})
            .to_string();
        return write!(stream, "{head}content-length: {}\r\n\r\n{list}", list.len());
    }
    write!(stream, "{head}\r\n")?;
    if pods {
        let paths = asked.paths.lock().expect("no holder panics");
        drop(asked.changed.wait_while(paths, |paths| Asked::owners(paths) == 0).expect("no holder panics"));
        let pod = waiting_pod("b", IMAGE, &not_found(IMAGE));
        writeln!(stream, "{}", serde_json::json!({"type": "ADDED", "object": pod}))?;
    }
    // Held open until the client leaves.
    stream.read(&mut [0]).map(drop)
}

#[test]
fn reports_that_follow_each_other_in_yaml_are_parted_and_owners_are_not_listed_for_each() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let server = format!("http://{}", listener.local_addr().expect("it is bound"));
    let asked = Arc::new(Asked::default());
    let shared = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let asked = Arc::clone(&shared);
            // A client that left is no fault of the server.
            thread::spawn(move || drop(serve(stream, &asked)));
        }
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kubeconfig = saved(folder.path(), "config", config(&server));
    let mut child = pullmedic()
        .args(["diagnose", "--watch", "-o", "yaml", "pod/a", "pod/b", "deploy/nobody", "--kubeconfig"])
        .arg(kubeconfig)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let out = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut told = Vec::new();
    for line in out.map_while(Result::ok) {
        told.push(line);
        if told.iter().filter(|line| line.starts_with("apiVersion:")).count() == 2 {
            break;
        }
    }
    child.kill().expect("it still follows");
    child.wait().expect("it ends");
    let mut err = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut err).expect("it is text");
    let partings = told.iter().filter(|line| *line == "---").count();
    assert_eq!((partings, told[told.len() - 2].as_str()), (1, "---"), "{told:?} {err}");
    assert!(told.iter().any(|line| line.contains("NotFound") || line.contains("not found")), "{told:?}");
    let absent = err.lines().filter(|line| line.contains("is not there yet")).collect::<Vec<_>>();
    // Of what is not there the first is named, once.
    assert_eq!(absent.len(), 1, "{err}");
    assert!(absent[0].starts_with("pod/b "), "{err}");
    assert_eq!(Asked::owners(&asked.paths.lock().expect("no holder panics")), 1);
}
