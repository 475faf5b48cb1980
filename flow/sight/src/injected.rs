//! Images that are in the pod and not in its owner's template.

use pullmedic_model::object::{Container, ContainerKind, Pod, Workload};
use pullmedic_model::sighting::Injected;

use crate::index::Index;
use crate::owner;

/// Marks by which known injectors show themselves: a key (or its prefix up to `/`) of an annotation or label, and a
/// container name or its prefix. Both must be there, since a pod may be injected by several.
const INJECTORS: [(&str, &str, &str); 9] = [
    // https://istio.io/latest/docs/reference/config/annotations/
    ("sidecar.istio.io/status", "istio-", "Istio"),
    // https://linkerd.io/2/reference/proxy-configuration/
    ("linkerd.io/proxy-version", "linkerd-", "Linkerd"),
    // https://developer.hashicorp.com/vault/docs/platform/k8s/injector/annotations
    ("vault.hashicorp.com/agent-inject-status", "vault-agent", "Vault Agent Injector"),
    // https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels
    ("consul.hashicorp.com/connect-inject-status", "consul-", "Consul"),
    // https://docs.dapr.io/reference/arguments-annotations-overview/
    ("dapr.io/enabled", "daprd", "Dapr"),
    // https://github.com/open-telemetry/opentelemetry-operator (auto-instrumentation)
    ("instrumentation.opentelemetry.io/", "opentelemetry-", "OpenTelemetry Operator"),
    // https://kuma.io/docs/latest/reference/kubernetes-annotations/
    ("kuma.io/sidecar-injected", "kuma-", "Kuma"),
    // https://docs.datadoghq.com/containers/cluster_agent/admission_controller/
    ("admission.datadoghq.com/", "datadog-", "Datadog Admission Controller"),
    // https://github.com/aws/aws-app-mesh-controller-for-k8s
    ("appmesh.k8s.aws/", "envoy", "AWS App Mesh"),
];

/// Whether `container` of `pod` was put there, or given its image, by somebody else than its owner; `None` when it was
/// not, or when the owner was not read.
pub(crate) fn find(
    pod: &Pod,
    kind: ContainerKind,
    container: &Container,
    index: &Index<'_>,
) -> Option<Injected> {
    if !matches!(kind, ContainerKind::Main | ContainerKind::Init) {
        return None;
    }
    let controller = index.owner(&pod.metadata.namespace, pod.metadata.controller()?)?;
    let template = controller.template()?;
    let planned = match kind {
        ContainerKind::Init => template.spec.init_containers.iter(),
        _ => template.spec.containers.iter(),
    };
    let planned = planned.clone().find(|planned| planned.name == container.name);
    let replaced = match planned {
        Some(planned) if planned.image == container.image => return None,
        // These may have changed their template since they made the pod.
        Some(_) if !template_is_fixed(controller) => return None,
        Some(_) => true,
        None if !template_is_fixed(controller) && injector(pod, container).is_none() => return None,
        None => false,
    };
    let (evidence, injector) = injector(pod, container).unzip();
    Some(Injected {
        owner: owner::of_workload(controller, index),
        container: container.name.clone(),
        replaced,
        injector,
        evidence,
    })
}

/// Whether a pod's template cannot have changed since the pod was made. A ReplicaSet's template is fixed in practice: a
/// Deployment makes a new one for each change.
fn template_is_fixed(controller: &Workload) -> bool {
    matches!(controller.kind.as_str(), "ReplicaSet" | "Job")
}

fn injector(pod: &Pod, container: &Container) -> Option<(String, String)> {
    let keys = || pod.metadata.annotations.keys().chain(pod.metadata.labels.keys());
    INJECTORS.iter().find_map(|&(mark, name, injector)| {
        let key =
            keys().find(|key| key.as_str() == mark || (mark.ends_with('/') && key.starts_with(mark)))?;
        container.name.starts_with(name).then(|| (key.clone(), injector.to_owned()))
    })
}
