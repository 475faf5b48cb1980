//! A file as it should be, where that is certain and shows no credential.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

use crate::address;
use crate::behaviour::Behaviour;
use crate::fields::{self, Fault};
use crate::hosts_file::{self, HostsFile};

/// Keys whose values are credentials, or may be.
const SECRET: [&str; 8] =
    ["auth", "auths", "header", "headers", "identitytoken", "password", "token", "username"];

/// Whether a value below is one that nobody but the node may see: by its key, or because an address may hold a login.
pub(crate) fn holds_secrets(table: &dyn TableLike) -> bool {
    table.iter().any(|(key, item)| {
        SECRET.contains(&key.to_ascii_lowercase().as_str())
            || key.contains('@')
            || item.as_table_like().is_some_and(holds_secrets)
            || item.as_array_of_tables().is_some_and(|tables| tables.iter().any(|table| holds_secrets(table)))
            || item.as_value().is_some_and(|value| value.to_string().contains('@'))
    })
}

/// config.toml with `config_path` set in the section that the release reads.
pub(crate) fn config_path(text: &str, section: &str, path: &str) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let mut table = document.as_table_mut();
    for name in ["plugins", section, "registry"] {
        table = table
            .entry(name)
            .or_insert_with(|| {
                let mut new = Table::new();
                new.set_implicit(name != "registry");
                Item::Table(new)
            })
            .as_table_mut()?;
    }
    table.insert("config_path", value(path));
    Some(document.to_string())
}

/// A hosts.toml without a `[host]` table, its settings repeated in one for the server.
pub(crate) fn with_host_table(text: &str, upstream: Option<&str>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    if holds_secrets(document.as_table()) {
        return None;
    }
    let server = fields::text(document.as_table(), "server").ok()?.filter(|server| !server.is_empty());
    let url = match (&server, upstream) {
        (Some(server), _) => server.clone(),
        (None, Some(upstream)) => format!("https://{upstream}"),
        (None, None) => return None,
    };
    let mut host = Table::new();
    for (key, item) in document.iter().filter(|(key, _)| *key != "server") {
        host.insert(key, item.clone());
    }
    let mut hosts = Table::new();
    hosts.set_implicit(true);
    hosts.insert(&url, Item::Table(host));
    document.insert("host", Item::Table(hosts));
    Some(document.to_string())
}

/// A hosts.toml that was refused, with the one small change that makes it one that is read. `None` when there is no
/// such change, when several would do, or when the file may hold a credential.
pub(crate) fn hosts_file(text: &str, base: &str, behaviour: Behaviour, fault: &Fault) -> Option<String> {
    let small = text.to_ascii_lowercase();
    if SECRET.iter().any(|key| small.contains(key)) || text.contains('@') {
        return None;
    }
    let mut found: Vec<String> = Vec::new();
    for candidate in candidates(text, fault) {
        let read = hosts_file::parse(&candidate, base, behaviour);
        if read.is_ok_and(|file| is_plausible(&file)) && !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    match found.as_slice() {
        [only] => Some(only.clone()),
        [] | [_, ..] => None,
    }
}

/// Whether no address and no path holds a sign that belongs to the syntax.
fn is_plausible(file: &HostsFile) -> bool {
    let clean = |text: &str| {
        !text.contains(['"', '\'', '[', ']', '=', '#', ',']) && !text.contains(char::is_whitespace)
    };
    file.unseen.is_empty()
        && file.hosts.iter().all(|host| {
            let addressed = host.address.as_ref().is_none_or(|address| {
                address::endpoint(&address.host, pullmedic_model::probe::route::Scheme::Https).is_some()
            });
            let mut files =
                host.authorities.iter().flatten().chain(host.clients.iter().map(|(file, _)| file));
            addressed && clean(&host.path) && files.all(|file| clean(file))
        })
}

/// Changes of the line at fault, and of the one before it, where an open string may have been noticed late.
fn candidates(text: &str, fault: &Fault) -> Vec<String> {
    let Some(span) = &fault.span else { return Vec::new() };
    let (line, _) = fields::position(text, span.start);
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for number in [line, line.saturating_sub(1)] {
        let Some(old) = number.checked_sub(1).and_then(|index| lines.get(index)).map(|line| line.trim_end())
        else {
            continue;
        };
        // What stands behind a comment sign cannot be told from a value that holds one.
        if old.is_empty() || old.contains('#') {
            continue;
        }
        for new in changed(old) {
            let mut changed: Vec<&str> = lines.clone();
            changed[number - 1] = &new;
            found.push(changed.join("\n") + "\n");
        }
    }
    found
}

fn changed(line: &str) -> Vec<String> {
    let mut found = vec![format!("{line}\""), format!("{line}]"), format!("{line}\"]")];
    if let Some(before) = line.strip_suffix(']') {
        found.push(format!("{before}\"]"));
    }
    if let Some((key, old)) = line.split_once('=') {
        let (key, old) = (key.trim_end(), old.trim());
        let bare = old.trim_matches('"');
        found.push(format!("{key} = {bare}"));
        found.push(format!("{key} = \"{bare}\""));
        found.push(format!("{key} = [\"{bare}\"]"));
        found.extend(without_referrers(old).map(|list| format!("{key} = {list}")));
    }
    found.retain(|new| new != line);
    found
}

/// The list without the capability that releases before 2.2 refuse.
fn without_referrers(list: &str) -> Option<String> {
    let parsed: DocumentMut = format!("list = {list}").parse().ok()?;
    let array = parsed.get("list")?.as_array()?;
    let kept: Array = array
        .iter()
        .filter_map(toml_edit::Value::as_str)
        .filter(|capability| !capability.eq_ignore_ascii_case("referrers"))
        .collect();
    (kept.len() < array.len()).then(|| kept.to_string())
}
