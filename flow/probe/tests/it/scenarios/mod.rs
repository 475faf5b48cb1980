//! The scenarios of `docs/scenarios`, each as a case and scripted answers.

mod first;
