//! Tools that would undo a live edit, told by the marks that they leave.

use std::collections::BTreeMap;

use pullmedic_model::Sighting;
use pullmedic_model::finding::ManagedBy;
use pullmedic_model::subject::owner_or_pod;

use crate::index::Index;

/// The tool that manages what a sighting belongs to, by the first mark from its topmost owner down to the pod; `None`
/// when there is no mark, which does not prove that there is no tool.
pub(crate) fn by(sighting: &Sighting, index: &Index<'_>) -> Option<ManagedBy> {
    let place = &sighting.place;
    let owners = [place.owner.as_ref(), sighting.made_by.as_ref()].into_iter().flatten();
    let workloads = owners.filter_map(|owner| index.workload(&place.namespace, &owner.kind, &owner.name));
    let pod = place.pod.as_deref().and_then(|pod| index.pod(&place.namespace, pod));
    let metas = workloads.map(|workload| &workload.metadata).chain(pod.map(|pod| &pod.metadata));
    let (tool, name, change) = metas.into_iter().find_map(|meta| tool(&meta.labels, &meta.annotations))?;
    let owner = owner_or_pod(place)?;
    Some(ManagedBy { tool: tool.into(), name, owner, namespace: place.namespace.clone(), change })
}

type Marks = BTreeMap<String, String>;

/// Argo CD and Flux come first: both may install a Helm chart, and then they are the ones that undo an edit.
fn tool(labels: &Marks, annotations: &Marks) -> Option<(&'static str, Option<String>, String)> {
    // https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
    if let Some(id) = annotations.get("argocd.argoproj.io/tracking-id") {
        let name = id.split(':').next().unwrap_or(id).to_owned();
        let change = format!("the Git source of Argo CD application {name}, then let it sync");
        return Some(("Argo CD", Some(name), change));
    }
    if let Some(name) = labels.get("argocd.argoproj.io/instance") {
        let change = format!("the Git source of Argo CD application {name}, then let it sync");
        return Some(("Argo CD", Some(name.clone()), change));
    }
    // https://fluxcd.io/flux/faq/ (labels of what kustomize-controller and helm-controller apply)
    if let Some(name) = labels.get("helm.toolkit.fluxcd.io/name") {
        let change = format!("the values of Flux HelmRelease {name}, in the Git source that Flux reads");
        return Some(("Flux", Some(name.clone()), change));
    }
    if let Some(name) = labels.get("kustomize.toolkit.fluxcd.io/name") {
        let change = format!("the Git source of Flux Kustomization {name}");
        return Some(("Flux", Some(name.clone()), change));
    }
    // https://helm.sh/docs/chart_best_practices/labels/
    if labels.get("app.kubernetes.io/managed-by").is_some_and(|tool| tool == "Helm") {
        let name = annotations.get("meta.helm.sh/release-name").cloned();
        let change = match &name {
            Some(name) => format!("the values of Helm release {name}, then helm upgrade"),
            None => "the values of its Helm release, then helm upgrade".to_owned(),
        };
        return Some(("Helm", name, change));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(pairs: &[(&str, &str)]) -> Marks {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn a_chart_that_argo_cd_installs_is_argo_cds() {
        let labels =
            marks(&[("app.kubernetes.io/managed-by", "Helm"), ("app.kubernetes.io/instance", "shop")]);
        let annotations = marks(&[("argocd.argoproj.io/tracking-id", "shop:apps/Deployment:shop/cart")]);
        assert_eq!(
            tool(&labels, &annotations).map(|found| (found.0, found.1)),
            Some(("Argo CD", Some("shop".into())))
        );
        assert_eq!(tool(&labels, &marks(&[])).map(|found| found.0), Some("Helm"));
        assert_eq!(tool(&marks(&[("app.kubernetes.io/instance", "shop")]), &marks(&[])), None);
    }
}
