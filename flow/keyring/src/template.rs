//! Which pull secrets a pod gets.

/// The names that a pod made from a template has: its own list, or the ServiceAccount's if its own is empty. Never both:
/// admission copies the account's list only into a pod that names none, and never into a pod that exists
/// (<https://github.com/kubernetes/kubernetes/blob/v1.37.2/plugin/pkg/admission/serviceaccount/admission.go>).
pub fn secrets_of_template<'a>(template: &'a [String], account: &'a [String]) -> &'a [String] {
    if template.is_empty() { account } else { template }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_with_a_list_gets_nothing_from_its_account() {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (template, account, expected) in [
            (names(&["a"]), names(&["b"]), names(&["a"])),
            (names(&[]), names(&["b", "c"]), names(&["b", "c"])),
            (names(&["a"]), names(&[]), names(&["a"])),
            (names(&[]), names(&[]), names(&[])),
        ] {
            assert_eq!(secrets_of_template(&template, &account), expected);
        }
    }
}
