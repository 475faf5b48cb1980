//! How the controller is set up: by flags, by the environment, by one file, in this order; what none of them says has a
//! default. `--print-config` prints all of it as such a file, each line with where it came from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use jiff::SignedDuration;
use serde::Deserialize;

use super::logs::{Format, Level};
use crate::access::AccessArguments;
use crate::diagnose::duration;
use crate::failure::Failure;
use crate::prove::{self, ClientArguments};

/// The longest configuration file that is read.
const LONGEST: u64 = 1 << 20;

/// What flags and the environment say.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "Examples:\n  \
    pullmedic controller                            watch a cluster and write incidents into it\n  \
    pullmedic controller --no-write                 the same, written to the history and the log only\n  \
    pullmedic controller --no-write -n shop -n bank of these namespaces only\n  \
    pullmedic controller --config controller.yaml --print-config\n  \
    pullmedic controller --no-write --record r.jsonl; pullmedic incidents replay r.jsonl\n\n\
    Every option can stand in the file of --config under its long name in camelCase, and most in the environment.\n\
    A flag comes before the environment, the environment before the file.")]
pub(crate) struct Given {
    /// Watch this namespace only; may be given several times [default: the whole cluster]
    #[arg(short, long = "namespace", value_name = "NS", env = "PULLMEDIC_NAMESPACES", value_delimiter = ',')]
    namespaces: Vec<String>,
    /// Write nothing to the cluster: no incidents, no events
    #[arg(long, env = "PULLMEDIC_NO_WRITE", num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    no_write: Option<bool>,
    /// Write only while holding this Lease [default: pullmedic-controller in our own namespace]
    #[arg(long, value_name = "NAMESPACE/NAME", env = "PULLMEDIC_LEASE")]
    lease: Option<String>,
    /// Write without a Lease: nothing else may write incidents into this cluster
    #[arg(long, env = "PULLMEDIC_NO_LEASE", num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    no_lease: Option<bool>,
    /// A YAML file with any of these options
    #[arg(long, value_name = "FILE", env = "PULLMEDIC_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print how all of it is set, and by whom, and end
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Serve health and metrics here; an empty text serves none [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT", env = "PULLMEDIC_LISTEN")]
    listen: Option<String>,
    /// The folder of history, install key and refusals [default: that of this user]
    #[arg(long, value_name = "DIR", env = "PULLMEDIC_STATE_DIR")]
    state_dir: Option<PathBuf>,
    /// For how long resolved incidents are kept in the history [default: 30 days]
    #[arg(long, value_name = "DURATION", env = "PULLMEDIC_KEEP", value_parser = duration)]
    keep: Option<SignedDuration>,
    /// Write everything that the correlation is told, redacted, to this file
    #[arg(long, value_name = "FILE", env = "PULLMEDIC_RECORD", help_heading = "Output options")]
    record: Option<PathBuf>,
    /// How long that file may become, in bytes [default: 1073741824]
    #[arg(long, value_name = "BYTES", env = "PULLMEDIC_RECORD_MAX", help_heading = "Output options")]
    record_max: Option<u64>,
    /// How log lines are written [default: text]
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        env = "PULLMEDIC_LOG_FORMAT",
        help_heading = "Output options"
    )]
    log_format: Option<Format>,
    /// What is logged [default: info]
    #[arg(
        long,
        value_enum,
        value_name = "LEVEL",
        env = "PULLMEDIC_LOG_LEVEL",
        help_heading = "Output options"
    )]
    log_level: Option<Level>,
    /// Ask no registry: say what the words alone support
    #[arg(long, env = "PULLMEDIC_NO_PROBE", num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL", help_heading = "Registry options")]
    no_probe: Option<bool>,
    /// Proofs that run at once, one at a time for each registry [default: 8]
    #[arg(long, value_name = "NUMBER", env = "PULLMEDIC_PROOFS", help_heading = "Registry options")]
    proofs: Option<usize>,
    /// How long the proof of one container may take [default: 2m]
    #[arg(long, value_name = "DURATION", env = "PULLMEDIC_PROBE_TIMEOUT", value_parser = duration, help_heading = "Registry options")]
    probe_timeout: Option<SignedDuration>,
    /// How long a pull may go on before it counts as stalled [default: 5m]
    #[arg(long, value_name = "DURATION", env = "PULLMEDIC_STALLED_AFTER", value_parser = duration)]
    stalled_after: Option<SignedDuration>,
    /// Ask this registry though its name is of the cluster or of one label: HOST or HOST:PORT
    #[arg(
        long = "allow-host",
        value_name = "HOST",
        env = "PULLMEDIC_ALLOW_HOSTS",
        value_delimiter = ',',
        help_heading = "Registry options"
    )]
    allow_hosts: Vec<String>,
    /// Let a registry send logins to this token service: REGISTRY=REALM
    #[arg(
        long = "allow-realm",
        value_name = "REGISTRY=REALM",
        env = "PULLMEDIC_ALLOW_REALMS",
        value_delimiter = ',',
        help_heading = "Registry options"
    )]
    allow_realms: Vec<String>,
    /// This host may speak plain HTTP
    #[arg(
        long = "allow-plain-http",
        value_name = "HOST",
        env = "PULLMEDIC_ALLOW_PLAIN_HTTP",
        value_delimiter = ',',
        help_heading = "Registry options"
    )]
    allow_plain_http: Vec<String>,
    /// Dial this address for a host and port, as curl does
    #[arg(
        long = "resolve",
        value_name = "HOST:PORT:ADDR",
        env = "PULLMEDIC_RESOLVE",
        value_delimiter = ',',
        help_heading = "Registry options"
    )]
    resolve: Vec<String>,
    /// Ask the name servers of this file; in a cluster its search list belongs left out
    #[arg(long, value_name = "FILE", env = "PULLMEDIC_RESOLV_CONF", help_heading = "Registry options")]
    resolv_conf: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) access: AccessArguments,
}

/// Arguments of `controller`: what was given, and which of it on the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    pub(crate) given: Given,
    from_environment: Vec<String>,
}

impl FromArgMatches for Arguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Arguments, clap::Error> {
        let is_of_environment = |id: &&str| matches.value_source(id) == Some(ValueSource::EnvVariable);
        let names: Vec<&str> = matches.ids().map(clap::Id::as_str).collect();
        // Groups are among them, and have no source.
        let of = names.into_iter().filter(|id| matches.try_contains_id(id).is_ok()).filter(is_of_environment);
        Ok(Arguments {
            given: Given::from_arg_matches(matches)?,
            from_environment: of.map(str::to_owned).collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Arguments::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Arguments {
    fn augment_args(command: Command) -> Command {
        Given::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Given::augment_args_for_update(command)
    }
}

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filed {
    namespaces: Option<Vec<String>>,
    no_write: Option<bool>,
    lease: Option<String>,
    no_lease: Option<bool>,
    listen: Option<String>,
    state_dir: Option<PathBuf>,
    keep: Option<String>,
    record: Option<PathBuf>,
    record_max: Option<u64>,
    log_format: Option<Format>,
    log_level: Option<Level>,
    no_probe: Option<bool>,
    proofs: Option<usize>,
    probe_timeout: Option<String>,
    stalled_after: Option<String>,
    allow_hosts: Option<Vec<String>>,
    allow_realms: Option<Vec<String>>,
    allow_plain_http: Option<Vec<String>>,
    resolve: Option<Vec<String>>,
    resolv_conf: Option<PathBuf>,
}

/// How the controller is set up.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) namespaces: Vec<String>,
    pub(crate) no_write: bool,
    /// Namespace and name; `None`: the usual.
    pub(crate) lease: Option<(String, String)>,
    pub(crate) no_lease: bool,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) state_dir: PathBuf,
    pub(crate) keep: SignedDuration,
    pub(crate) record: Option<PathBuf>,
    pub(crate) record_max: u64,
    pub(crate) log_format: Format,
    pub(crate) log_level: Level,
    pub(crate) no_probe: bool,
    pub(crate) proofs: usize,
    pub(crate) stalled_after: SignedDuration,
    pub(crate) allow_hosts: Vec<String>,
    pub(crate) client: ClientArguments,
    /// As a file, each line with where it came from.
    pub(crate) printed: String,
}

/// Picks each setting, and writes down where it came from.
struct Picker<'a> {
    from_environment: &'a [String],
    file: String,
    lines: BTreeMap<&'static str, (String, String)>,
}

impl Picker<'_> {
    /// The flag's or the environment's, else the file's, else the default. `id` is the flag's name in the code.
    fn pick<T>(
        &mut self,
        (id, key): (&str, &'static str),
        given: Option<T>,
        filed: Option<T>,
        default: T,
        shown: impl Fn(&T) -> String,
    ) -> T {
        let (value, from) = match (given, filed) {
            (Some(value), _) if self.from_environment.iter().any(|name| name == id) => {
                (value, "environment".to_owned())
            }
            (Some(value), _) => (value, "flag".to_owned()),
            (None, Some(value)) => (value, self.file.clone()),
            (None, None) => (default, "default".to_owned()),
        };
        self.lines.insert(key, (shown(&value), from));
        value
    }

    fn list(
        &mut self,
        names: (&str, &'static str),
        given: &[String],
        filed: Option<Vec<String>>,
    ) -> Vec<String> {
        let given = (!given.is_empty()).then(|| given.to_vec());
        self.pick(names, given, filed, Vec::new(), |list| {
            let list: Vec<String> = list.iter().map(|item| quoted(item)).collect();
            format!("[{}]", list.join(", "))
        })
    }

    fn flag(&mut self, names: (&str, &'static str), given: Option<bool>, filed: Option<bool>) -> bool {
        self.pick(names, given, filed, false, ToString::to_string)
    }

    fn span(
        &mut self,
        names: (&str, &'static str),
        given: Option<SignedDuration>,
        filed: Option<String>,
        default: SignedDuration,
    ) -> Result<SignedDuration, Failure> {
        let (key, place) = (names.1, self.file.clone());
        let filed = filed.map(|text| {
            duration(&text)
                .map_err(|hint| Failure::new(anyhow!("read {key}: {text:?} in {place}")).next(hint))
        });
        Ok(self.pick(names, given, filed.transpose()?, default, |span| format!("{span:#}").replace(' ', "")))
    }

    fn path(
        &mut self,
        names: (&str, &'static str),
        given: Option<&PathBuf>,
        filed: Option<PathBuf>,
    ) -> Option<PathBuf> {
        self.pick(names, given.map(|path| Some(path.clone())), filed.map(Some), None, |path| {
            path.as_ref().map_or_else(|| "null".into(), |path| quoted(&path.display().to_string()))
        })
    }
}

impl Settings {
    /// All of it, from flags, environment and file.
    ///
    /// # Errors
    /// When the file cannot be read, or holds what is no setting.
    pub(crate) fn of(arguments: &Arguments) -> Result<Settings, Failure> {
        let given = &arguments.given;
        let filed = given.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let mut picker = Picker {
            from_environment: &arguments.from_environment,
            file: given.config.as_ref().map_or_else(String::new, |path| path.display().to_string()),
            lines: BTreeMap::new(),
        };
        let p = &mut picker;
        let hours = SignedDuration::from_hours;
        let number = |number: &usize| number.to_string();
        let listen = p.pick(
            ("listen", "listen"),
            given.listen.clone(),
            filed.listen,
            "127.0.0.1:8080".to_owned(),
            |text| quoted(text),
        );
        let lease =
            p.pick(("lease", "lease"), given.lease.clone().map(Some), filed.lease.map(Some), None, |lease| {
                lease.as_ref().map_or_else(|| "null".into(), |lease| quoted(lease))
            });
        let state_dir = p.path(("state_dir", "stateDir"), given.state_dir.as_ref(), filed.state_dir);
        let probe_timeout = p.span(
            ("probe_timeout", "probeTimeout"),
            given.probe_timeout,
            filed.probe_timeout,
            SignedDuration::from_mins(2),
        )?;
        let mut settings = Settings {
            namespaces: p.list(("namespaces", "namespaces"), &given.namespaces, filed.namespaces),
            no_write: p.flag(("no_write", "noWrite"), given.no_write, filed.no_write),
            lease: lease.as_deref().map(place).transpose()?,
            no_lease: p.flag(("no_lease", "noLease"), given.no_lease, filed.no_lease),
            listen: (!listen.is_empty()).then(|| address(&listen)).transpose()?,
            state_dir: match state_dir {
                Some(folder) => folder,
                None => prove::state_folder().map(|folder| folder.join("controller")).ok_or_else(|| {
                    Failure::new(anyhow!("find a folder for the history")).next(STATE.to_owned())
                })?,
            },
            keep: p.span(("keep", "keep"), given.keep, filed.keep, hours(30 * 24))?,
            record: p.path(("record", "record"), given.record.as_ref(), filed.record),
            record_max: p.pick(
                ("record_max", "recordMax"),
                given.record_max,
                filed.record_max,
                1 << 30,
                ToString::to_string,
            ),
            log_format: p.pick(
                ("log_format", "logFormat"),
                given.log_format,
                filed.log_format,
                Format::Text,
                |format| format.word().into(),
            ),
            log_level: p.pick(
                ("log_level", "logLevel"),
                given.log_level,
                filed.log_level,
                Level::Info,
                |level| level.word().into(),
            ),
            no_probe: p.flag(("no_probe", "noProbe"), given.no_probe, filed.no_probe),
            proofs: p.pick(("proofs", "proofs"), given.proofs, filed.proofs, 8, number).clamp(1, 64),
            stalled_after: p.span(
                ("stalled_after", "stalledAfter"),
                given.stalled_after,
                filed.stalled_after,
                pullmedic_sight::STALLED_AFTER,
            )?,
            allow_hosts: p.list(("allow_hosts", "allowHosts"), &given.allow_hosts, filed.allow_hosts),
            client: ClientArguments {
                probe_timeout,
                realms: p.list(("allow_realms", "allowRealms"), &given.allow_realms, filed.allow_realms),
                plain_http: p.list(
                    ("allow_plain_http", "allowPlainHttp"),
                    &given.allow_plain_http,
                    filed.allow_plain_http,
                ),
                resolve: p.list(("resolve", "resolve"), &given.resolve, filed.resolve),
                resolv_conf: p.path(
                    ("resolv_conf", "resolvConf"),
                    given.resolv_conf.as_ref(),
                    filed.resolv_conf,
                ),
                node_config: None,
                runtime: None,
            },
            printed: String::new(),
        };
        // What is used where nothing is said, in place of that nothing is.
        if let Some((value, _)) = picker.lines.get_mut("stateDir") {
            *value = quoted(&settings.state_dir.display().to_string());
        }
        for (key, (value, from)) in picker.lines {
            let _ = writeln!(settings.printed, "{key}: {value} # {from}");
        }
        Ok(settings)
    }
}

const STATE: &str = "name one with --state-dir";

fn address(text: &str) -> Result<SocketAddr, Failure> {
    text.parse().map_err(|_| {
        Failure::new(anyhow!("read --listen {text:?}: not an address and a port"))
            .next("write it as 127.0.0.1:8080, [::]:8080, or as an empty text for none".to_owned())
    })
}

/// `NAMESPACE/NAME`.
fn place(text: &str) -> Result<(String, String), Failure> {
    let place = text.split_once('/').filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty());
    place.map(|(namespace, name)| (namespace.to_owned(), name.to_owned())).ok_or_else(|| {
        Failure::new(anyhow!("read --lease {text:?}: not NAMESPACE/NAME"))
            .next("write it as pullmedic/pullmedic-controller".to_owned())
    })
}

fn read(path: &Path) -> Result<Filed, Failure> {
    let refused = |error: anyhow::Error| {
        Failure::new(error).next("pullmedic controller --print-config writes such a file".to_owned())
    };
    let length = std::fs::metadata(path).with_context(|| format!("read {}", path.display()));
    let length = length.map_err(Failure::new)?.len();
    if length > LONGEST {
        return Err(refused(anyhow!("read {}: longer than {LONGEST} bytes", path.display())));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()));
    let text = text.map_err(Failure::new)?;
    if text.trim().is_empty() {
        return Ok(Filed::default());
    }
    serde_saphyr::from_str(&text).map_err(|error| {
        // The first line names the place; what follows is a drawing of it.
        let error = error.to_string();
        let first = error.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        refused(anyhow!("{first}").context(format!("read {}", path.display())))
    })
}

/// As a scalar of YAML.
fn quoted(text: &str) -> String {
    // JSON's strings are YAML's.
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(words: &[&str]) -> Result<Settings, Failure> {
        let definition = Arguments::augment_args(Command::new("controller"));
        let words = ["controller"].iter().chain(words);
        let matches = definition.try_get_matches_from(words).expect("a command line");
        Settings::of(&Arguments::from_arg_matches(&matches).expect("its own definition"))
    }

    fn file(text: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("c.yaml");
        std::fs::write(&path, text).expect("our own folder");
        let path = path.display().to_string();
        (folder, path)
    }

    #[test]
    fn a_flag_comes_before_the_file_and_the_file_before_the_default() {
        let (_folder, path) = file("logLevel: warn\nproofs: 2\nallowHosts: [registry.shop.svc]\n");
        let settings = settings(&["--config", &path, "--proofs", "3", "--state-dir", "/s"])
            .unwrap_or_else(|f| panic!("{f:?}"));
        assert_eq!((settings.proofs, settings.log_level), (3, Level::Warn));
        assert_eq!(settings.allow_hosts, ["registry.shop.svc"]);
        let line = |start: &str| {
            settings.printed.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned()
        };
        assert_eq!(line("proofs"), "proofs: 3 # flag");
        assert_eq!(line("logLevel"), format!("logLevel: warn # {path}"));
        assert_eq!(line("keep"), "keep: 720h # default");
        assert_eq!(line("stateDir"), "stateDir: \"/s\" # flag");
    }

    #[test]
    fn what_is_printed_is_a_file_that_says_the_same() {
        let first =
            settings(&["--state-dir", "/s", "-n", "shop", "--no-write", "--resolve", "r.test:443:10.0.0.1"]);
        let first = first.unwrap_or_else(|f| panic!("{f:?}"));
        let (_folder, path) = file(&first.printed);
        let second = settings(&["--config", &path]).unwrap_or_else(|f| panic!("{f:?}"));
        let bare = |text: &str| -> Vec<String> {
            text.lines()
                .map(|line| line.rsplit_once(" # ").map_or(line, |(kept, _)| kept).to_owned())
                .collect()
        };
        assert_eq!(bare(&first.printed), bare(&second.printed));
        assert!(second.no_write && second.namespaces == ["shop"]);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        for (text, line) in
            [("proofs: 2\nprofs: 3\n", "line 2"), ("keep: soon\n", "keep"), ("proofs: many\n", "line 1")]
        {
            let (_folder, path) = file(text);
            let refused = settings(&["--config", &path, "--state-dir", "/s"]).expect_err("no setting");
            assert!(refused.text().contains(line), "{}", refused.text());
        }
    }

    #[test]
    fn an_empty_listen_serves_nothing_and_a_wrong_one_is_refused() {
        assert!(settings(&["--listen", "", "--state-dir", "/s"]).is_ok_and(|it| it.listen.is_none()));
        assert!(settings(&["--listen", "localhost", "--state-dir", "/s"]).is_err());
    }
}
