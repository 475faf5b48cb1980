//! Takes the real cluster up and down and cuts both off at different moments: whatever is left standing, the next
//! `down` must leave the machine as it was. Needs root and a machine without a running cluster:
//! `cargo test -p xtask --test cleanup -- --ignored`.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// What a cluster could leave behind, as seen from the machine's own namespaces.
#[derive(Debug, PartialEq, Eq)]
struct Machine {
    links: BTreeSet<String>,
    mounts: BTreeSet<String>,
    namespaces: BTreeSet<String>,
    cgroups: BTreeSet<String>,
    folders: Vec<&'static str>,
}

/// Folders that components write to wherever their settings point.
const FOLDERS: [&str; 6] = [
    "/run/containerd",
    "/run/netns",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/usr/libexec/kubernetes",
];

impl Machine {
    fn look() -> Self {
        let names = |folder: &str| -> BTreeSet<String> {
            fs::read_dir(folder)
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok())
                .collect()
        };
        let mounts = fs::read_to_string("/proc/self/mounts").expect("/proc is mounted");
        let of_processes = |kind: &str| -> Vec<String> {
            let pids = names("/proc").into_iter().filter(|name| name.parse::<u32>().is_ok());
            pids.filter_map(|pid| fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok())
                .map(|link| link.display().to_string())
                .collect()
        };
        let hierarchies: Vec<&str> = mounts
            .lines()
            .filter(|line| line.contains(" cgroup"))
            .filter_map(|line| line.split(' ').nth(1))
            .collect();
        Self {
            links: names("/sys/class/net"),
            mounts: mounts.lines().map(str::to_owned).collect(),
            namespaces: of_processes("net").into_iter().chain(of_processes("mnt")).collect(),
            cgroups: hierarchies
                .iter()
                .flat_map(|hierarchy| {
                    names(hierarchy).into_iter().map(move |name| format!("{hierarchy}/{name}"))
                })
                .filter(|path| fs::metadata(path).is_ok_and(|data| data.is_dir()))
                .collect(),
            folders: FOLDERS.into_iter().filter(|folder| fs::exists(folder).unwrap_or(true)).collect(),
        }
    }
}

fn xtask(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn succeed(arguments: &[&str]) {
    let output = xtask(arguments).output().expect("xtask starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

/// Cuts a run off: `signal` as `kill` names it.
fn cut_off(arguments: &[&str], after: Duration, signal: &str) {
    let mut child: Child = xtask(arguments).spawn().expect("xtask starts");
    // The moment of the cut is what is varied here, so this is no wait for a condition.
    thread::sleep(after);
    Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is there");
    child.wait().expect("a child of ours");
}

#[test]
#[ignore = "takes the real cluster of this machine up and down for minutes, as root"]
fn down_leaves_the_machine_as_it_was_whatever_was_cut_off() {
    succeed(&["cluster", "down", "--check"]);
    let before = Machine::look();

    for (number, tenths) in [0, 1, 2, 3, 4, 5, 7, 10, 15, 25, 40, 60].into_iter().enumerate() {
        let signal = if number % 2 == 0 { "-INT" } else { "-KILL" };
        cut_off(&["cluster", "up"], Duration::from_millis(tenths * 100 + 20), signal);
        succeed(&["cluster", "down"]);
        succeed(&["cluster", "down", "--check"]);
        assert_eq!(Machine::look(), before, "after an up cut off at {tenths} tenths of a second");
    }

    for hundredths in [0, 1, 3, 6, 10, 15] {
        succeed(&["cluster", "up"]);
        let signal = if hundredths % 2 == 0 { "-INT" } else { "-KILL" };
        cut_off(&["cluster", "down"], Duration::from_millis(hundredths * 10 + 3), signal);
        succeed(&["cluster", "down"]);
        succeed(&["cluster", "down", "--check"]);
        assert_eq!(Machine::look(), before, "after a down cut off at {hundredths} hundredths of a second");
    }

    succeed(&["cluster", "up"]);
    cut_off(&["cluster", "down"], Duration::from_millis(60), "-KILL");
    succeed(&["cluster", "up"]);
    succeed(&["cluster", "status"]);
    succeed(&["cluster", "down"]);
    assert_eq!(Machine::look(), before, "after an up over a down that was cut off");
}
