//! What to try by hand while all of it is up.

use std::io::{self, Write};

use crate::play::Played;
use crate::product::text;
use crate::registries::{EDGE, METRICS, SHOP};

/// Addresses, the authority, and commands.
pub(crate) fn write(played: &Played, out: &mut dyn Write) -> io::Result<()> {
    let Played { running, folder, api, healed, .. } = played;
    let (etc, authority) = (text(&folder.etc()), text(&folder.authority()));
    let (admin, controller) = folder.kubeconfigs();
    let (admin, controller) = (text(&admin), text(&controller));
    writeln!(
        out,
        "\nRegistries, API server and controller stay up until Ctrl-C, which also removes\n{}:\n",
        folder.path().display()
    )?;
    for (name, address) in running.addresses() {
        let about = if name == EDGE { " (nothing listens there)" } else { "" };
        writeln!(out, "  {name:<20} {address}{about}")?;
    }
    let place = |name: &str| format!("{name}:{}", running.endpoint(name).port());
    let (shop, expired) = (place(SHOP), place(METRICS));
    for (what, is) in [
        ("their name server", running.dns().to_string()),
        ("their authority", authority.clone()),
        ("API server", api.url()),
        ("kubeconfig", admin.clone()),
        ("the controller's", controller),
    ] {
        writeln!(out, "  {what:<20} {is}")?;
    }
    write!(
        out,
        "\nTry (pullmedic is `cargo run --release --`, where it is not installed):\n\n  \
         export KUBECONFIG={admin}\n  \
         pullmedic diagnose -n payments --node-config {etc} --why\n  \
         pullmedic check -A --node-config {etc}\n  \
         pullmedic incidents -A --watch\n  \
         pullmedic incidents show {} -n {}\n  \
         pullmedic probe {shop}/shop/storefront:1.9.2 --node-config {etc}\n  \
         pullmedic probe {shop}/shop/storefront:1.93 --node-config {etc}\n  \
         pullmedic probe {expired}/monitoring/dashboards:11.2 --node-config {etc}\n  \
         pullmedic diagnose --from-transcript {} --why\n  \
         kubectl get pullincidents -A\n  \
         kubectl -n payments delete pods --all\n  \
         curl -i --cacert {authority} --resolve {shop}:127.0.0.1 https://{shop}/v2/\n",
        healed.incident,
        healed.namespace,
        text(&folder.transcript()),
    )
}
