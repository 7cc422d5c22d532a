//! Variables that look like a setting with a slip of the pen in it.

use super::{
    problem::Warning,
    table::{Setting, settings},
};

/// A warning for the variable, when it is none of ours and close to one that is.
pub(super) fn warning(variable: &str) -> Option<Warning> {
    let known = |setting: &Setting| setting.name == variable || setting.file_variable().as_deref() == Some(variable);
    if !begins_like_ours(variable) || settings().any(known) {
        return None;
    }
    let message = match variable.strip_suffix("_FILE").filter(|name| settings().any(|setting| setting.name == *name)) {
        Some(name) => format!("is not a setting: only secrets can stand in a file; set {name} itself"),
        None => format!("is not a setting; is {} meant?", closest(variable)?),
    };
    Some(Warning { variable: variable.to_owned(), message })
}

/// Whether the first word is that of a setting. Other programs' variables are none of our business.
fn begins_like_ours(variable: &str) -> bool {
    let first = |name| str::split_once(name, '_').map(|(first, _)| first);
    first(variable).is_some_and(|word| settings().any(|setting| first(setting.name) == Some(word)))
}

/// The nearest name, when at most a fourth of the letters differ.
fn closest(variable: &str) -> Option<String> {
    let names = settings().flat_map(|setting| [Some(setting.name.to_owned()), setting.file_variable()]).flatten();
    names
        .map(|name| (strsim::osa_distance(variable, &name), name))
        .filter(|(distance, name)| *distance <= (name.len() / 4).max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
