//! Pull secrets, as the kubelet reads them.

use pullmedic_model::Cause::{
    ConnectTimeout, NoCredentials, PullSecretMalformed, PullSecretMissing, Unreachable,
};
use pullmedic_model::Stage;

use crate::rule::Rule;

pub(super) const ROWS: &[Rule] = &[
    // The pull goes on without the secret, so whatever fails afterwards may be another matter.
    Rule::any("kubelet/secrets-not-retrieved", &["unable to retrieve some image pull secrets"])
        .certain(PullSecretMissing)
        .or(&[NoCredentials, Unreachable, ConnectTimeout])
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/kubelet_pods.go"),
    Rule::any("kubelet/secret-not-retrieved", &["unable to retrieve pull secret"])
        .certain(PullSecretMissing)
        .or(&[NoCredentials])
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.20.0:pkg/kubelet/kubelet_pods.go"),
    Rule::any("kubelet/reason-secret", &["failedtoretrieveimagepullsecret"])
        .certain(PullSecretMissing)
        .or(&[NoCredentials])
        .at(Stage::Secret)
        .from("kubernetes/kubernetes@v1.30.0:pkg/kubelet/kubelet_pods.go"),
    Rule::any("keyring/base64", &["illegal base64 data at input byte"])
        .verdict()
        .certain(PullSecretMalformed)
        .at(Stage::Secret)
        .from("golang/go@go1.22.0:src/encoding/base64/base64.go"),
    Rule::any(
        "keyring/auth-field",
        &["unable to parse auth field", "must be formatted as base64 username:password"],
    )
    .verdict()
    .certain(PullSecretMalformed)
    .at(Stage::Secret)
    .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/config.go"),
    Rule::says(
        "keyring/json",
        &[
            "dockerconfigjson|dockercfg|dockerconfig|docker config",
            "invalid character|end of json|cannot unmarshal|unable to decode",
        ],
    )
    .verdict()
    .strong(PullSecretMalformed)
    .at(Stage::Secret)
    .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/secrets/secrets.go"),
    Rule::says(
        "keyring/key",
        &["unable to get host for registry|docker secrets index|error while looking up image pull secret"],
    )
    .strong(PullSecretMalformed)
    .at(Stage::Secret)
    .from("kubernetes/kubernetes@v1.30.0:pkg/credentialprovider/keyring.go"),
    Rule::says(
        "kubelet/lookup",
        &["failed to look up|looking up", "image pull credentials|pull credentials"],
    )
    .weak(PullSecretMalformed)
    .or(&[NoCredentials])
    .at(Stage::Secret)
    .from("kubernetes/kubernetes@v1.33.0:pkg/kubelet/images/image_manager.go"),
];
