//! One `hosts.toml`, read as a release of containerd reads it.
//!
//! <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/config/hosts.go>

use secrecy::SecretString;
use toml_edit::{Item, Table, TableLike, Value};

use crate::address::{Address, duration_ms};
use crate::behaviour::Behaviour;
use crate::copy::joined;
use crate::fields::{self, Fault};

/// What the file says of one host, its paths made absolute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The address; `None`: the upstream.
    pub(crate) address: Option<Address>,
    /// The path before the repository.
    pub(crate) path: String,
    pub(crate) pull: bool,
    pub(crate) resolve: bool,
    pub(crate) authorities: Option<Vec<String>>,
    pub(crate) clients: Vec<(String, Option<String>)>,
    pub(crate) skip_verify: Option<bool>,
    pub(crate) headers: Vec<(String, SecretString)>,
    pub(crate) dial_timeout_ms: Option<u64>,
}

impl Settings {
    /// The upstream with nothing set.
    pub(crate) fn upstream() -> Settings {
        Settings { pull: true, resolve: true, ..Settings::default() }
    }

    /// Whether a host of `http://` is tried by TLS because of them.
    pub(crate) fn has_tls_settings(&self, behaviour: Behaviour) -> bool {
        self.authorities.is_some()
            || !self.clients.is_empty()
            || self.skip_verify.is_some()
            || (self.dial_timeout_ms.is_some() && behaviour.dial_timeout_is_tls())
    }
}

/// A file that was read.
#[derive(Debug, Clone)]
pub(crate) struct HostsFile {
    /// The hosts in the order in which they are asked; the root's settings last.
    pub(crate) hosts: Vec<Settings>,
    /// Hosts that are written in a form in which the release does not see them.
    pub(crate) unseen: Vec<String>,
}

/// Why a file is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unused {
    /// It does not parse, or holds a value that is refused.
    Fault(Fault),
    /// It has no `[host]` table, which the release demands.
    NoHostTable {
        /// Whether it says anything that is lost by that.
        says_something: bool,
    },
}

impl From<Fault> for Unused {
    fn from(fault: Fault) -> Unused {
        Unused::Fault(fault)
    }
}

type Span = Option<std::ops::Range<usize>>;

/// Reads the text of the file that stands in the folder `base`.
pub(crate) fn parse(text: &str, base: &str, behaviour: Behaviour) -> Result<HostsFile, Unused> {
    let document = fields::parse(text)?;
    let root = document.as_table();
    let hosts = root.get("host");
    if behaviour.needs_host_table() && !hosts.is_some_and(Item::is_table_like) {
        return Err(Unused::NoHostTable { says_something: !root.is_empty() });
    }
    let tables: Option<&dyn TableLike> = match hosts {
        Some(item) => Some(item.as_table_like().ok_or_else(|| Fault::at(item, "host: expected a table"))?),
        None => None,
    };
    // The decoder sees every host, whether it is asked or not: a wrong type anywhere refuses the file.
    let mut all: Vec<(&str, &dyn TableLike, Span)> = Vec::new();
    for (name, item) in tables.into_iter().flat_map(TableLike::iter) {
        let table =
            item.as_table_like().ok_or_else(|| Fault::at(item, "host: expected a table for each host"))?;
        check_types(table, behaviour)?;
        all.push((name, table, item.span()));
    }
    check_types(root, behaviour)?;
    let server = fields::text(root, "server")?.unwrap_or_default();

    let order = if behaviour.lists_hosts_by_header() {
        hosts.and_then(Item::as_table).map(headers_in_order).unwrap_or_default()
    } else {
        by_line(hosts)?
    };
    let mut read = Vec::new();
    for name in &order {
        if let Some((_, table, span)) = all.iter().find(|(known, ..)| known == name) {
            read.push(settings(name, span.clone(), *table, base, behaviour)?);
        }
    }
    let span = fields::get(root, "server").and_then(Item::span);
    read.push(settings(&server, span, root, base, behaviour)?);
    let unseen =
        all.iter().map(|(name, ..)| (*name).to_owned()).filter(|name| !order.contains(name)).collect();
    Ok(HostsFile { hosts: read, unseen })
}

/// The hosts as containerd 2.x lists them: by the headers of tables, in the order of the file, a host again when
/// another's header stands between two of its own. A host without a header of its own is not listed.
fn headers_in_order(hosts: &Table) -> Vec<String> {
    fn collect<'t>(table: &'t Table, host: &'t str, found: &mut Vec<(isize, &'t str)>) {
        if let Some(position) = table.position().filter(|_| !table.is_implicit() && !table.is_dotted()) {
            found.push((position, host));
        }
        for (_, item) in table.iter() {
            if let Item::Table(below) = item {
                collect(below, host, found);
            }
        }
    }
    let mut found = Vec::new();
    for (host, item) in hosts.iter() {
        if let Item::Table(table) = item {
            collect(table, host, &mut found);
        }
    }
    found.sort_by_key(|(position, _)| *position);
    found.dedup_by_key(|(_, host)| *host);
    found.into_iter().map(|(_, host)| host.to_owned()).collect()
}

/// The hosts as containerd 1.x lists them: by the line of their table, which go-toml 1 leaves at zero for an inline one.
/// Its lexer ends a header at the first bracket, quoted or not, so no header can name an IPv6 address.
/// <https://github.com/pelletier/go-toml/blob/v1.9.5/lexer.go>, `lexInsideTableKey`
fn by_line(hosts: Option<&Item>) -> Result<Vec<String>, Fault> {
    let mut listed: Vec<(&str, &Item)> =
        hosts.and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter).collect();
    for (name, item) in &listed {
        let has_header = item.as_table().is_some_and(|table| !table.is_dotted());
        if has_header && name.contains(['[', ']']) {
            return Err(Fault::at(
                item,
                "a bracket in a quoted table header, which this release does not parse",
            ));
        }
    }
    listed.sort_by_key(|(_, item)| item.is_table());
    Ok(listed.into_iter().map(|(name, _)| name.to_owned()).collect())
}

fn check_types(table: &dyn TableLike, behaviour: Behaviour) -> Result<(), Fault> {
    fields::list(table, "capabilities")?;
    fields::flag(table, "skip_verify")?;
    fields::flag(table, "override_path")?;
    fields::table(table, "header")?;
    if behaviour.reads_dial_timeout() {
        fields::text(table, "dial_timeout")?;
    }
    Ok(())
}

/// <https://github.com/containerd/containerd/blob/v2.3.4/core/remotes/docker/config/hosts.go#L425-L547>
fn settings(
    server: &str,
    span: Span,
    table: &dyn TableLike,
    base: &str,
    behaviour: Behaviour,
) -> Result<Settings, Fault> {
    let mut read = Settings::upstream();
    if !server.is_empty() {
        // A name that merely begins so, such as `httpbin.test`, is left without a scheme as well.
        let url = if server.starts_with("http") { server.to_owned() } else { format!("https://{server}") };
        let address =
            Address::parse(&url).map_err(|_| Fault::new(span, "a host or server is not an address"))?;
        let override_path = fields::flag(table, "override_path")?.unwrap_or(false);
        read.path = path_of(&address.path, override_path);
        read.address = Some(address);
    }
    read.skip_verify = fields::flag(table, "skip_verify")?;
    if let Some(capabilities) = fields::list(table, "capabilities")?.filter(|list| !list.is_empty()) {
        (read.pull, read.resolve) = (false, false);
        for capability in capabilities {
            match capability.to_lowercase().as_str() {
                "pull" => read.pull = true,
                "resolve" => read.resolve = true,
                "push" => {}
                "referrers" if behaviour.knows_referrers() => {}
                _ => {
                    let span = fields::get(table, "capabilities").and_then(Item::span);
                    return Err(Fault::new(span, format!("unknown capability {capability:?}")));
                }
            }
        }
    }
    if let Some(item) = fields::get(table, "ca") {
        let paths = fields::texts(item, "ca")?;
        read.authorities = Some(paths.iter().map(|path| joined(base, path)).collect());
    }
    if let Some(item) = fields::get(table, "client") {
        read.clients = clients(item, base)?;
    }
    for (name, item) in fields::table(table, "header")?.into_iter().flat_map(TableLike::iter) {
        for value in fields::texts(item, "header")? {
            read.headers.push((name.to_owned(), value.into()));
        }
    }
    if behaviour.reads_dial_timeout()
        && let Some(text) = fields::text(table, "dial_timeout")?.filter(|text| !text.is_empty())
    {
        let span = fields::get(table, "dial_timeout").and_then(Item::span);
        let wrong = || Fault::new(span, "dial_timeout: expected a duration such as \"10s\"");
        read.dial_timeout_ms = Some(duration_ms(&text).ok_or_else(wrong)?);
    }
    Ok(read)
}

/// `/v2` is appended unless it is there already, or the file overrides the path.
fn path_of(path: &str, override_path: bool) -> String {
    let cleaned = crate::address::clean_path(path);
    if override_path || (!path.is_empty() && cleaned.ends_with("/v2")) { cleaned } else { cleaned + "/v2" }
}

fn clients(item: &Item, base: &str) -> Result<Vec<(String, Option<String>)>, Fault> {
    let wrong = || Fault::at(item, "client: expected a file, files, or pairs of files");
    let absolute = |path: &str| joined(base, path);
    match item.as_value().ok_or_else(wrong)? {
        Value::String(file) => Ok(vec![(absolute(file.value()), None)]),
        Value::Array(values) => values
            .iter()
            .map(|value| match value {
                Value::String(file) => Ok((absolute(file.value()), None)),
                Value::Array(pair) => {
                    let pair: Option<Vec<&str>> = pair.iter().map(Value::as_str).collect();
                    match pair.as_deref() {
                        // An empty key means that it stands in the certificate's file; joined with the folder it is
                        // never empty, so the folder itself is read and refused.
                        Some([certificate, key]) => Ok((absolute(certificate), Some(absolute(key)))),
                        Some(_) | None => Err(wrong()),
                    }
                }
                Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Datetime(_)
                | Value::InlineTable(_) => Err(wrong()),
            })
            .collect(),
        Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::InlineTable(_) => Err(wrong()),
    }
}
