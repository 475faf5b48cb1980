//! Pull secrets to logins, by the rules of the kubelet.
