//! Imports as a graph, between files and between directories.

use std::collections::BTreeMap;

/// From each file (or directory) to those from which it imports, with one of the imports.
pub type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// The directory of a file under `src`. A file at the top level counts as a directory, together with the
/// directory of the same name.
pub fn directory_of(file: &str) -> &str {
    match file.rsplit_once('/') {
        Some((directory, _)) => directory,
        None => file.trim_end_matches(".rs"),
    }
}

/// The imports between directories. Re-exports of a `mod.rs` from its own subdirectories are not counted.
pub fn directories_of(files: &Graph) -> Graph {
    let mut graph = Graph::new();
    for (from, targets) in files {
        let directory = directory_of(from);
        let below = format!("{directory}/");
        let found = graph.entry(directory.to_owned()).or_default();
        for (to, why) in targets {
            let is_own_child = from.ends_with("/mod.rs") && to.starts_with(&below);
            if directory_of(to) != directory && !is_own_child {
                found.entry(directory_of(to).to_owned()).or_insert_with(|| why.clone());
            }
        }
    }
    graph
}
