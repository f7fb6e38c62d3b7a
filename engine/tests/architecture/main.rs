//! Rules that cannot be seen in a single file: imports go one way, and a name has one meaning.

mod circles;
mod examples;
mod graph;
mod imports;
mod methods;
mod parser;
mod tokens;

use graph::{directories_of, directory_of, Graph};
use imports::{imports, public_types, Crate};
use methods::add_method_calls;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The directories of `src`, and the files at its top level, from bottom to top: each imports only from the
/// lines above its own, and those in one line do not import each other.
const LAYERS: &[&[&str]] = &[
    &["address"],
    &["capture", "wire/bytes"],
    &["wire/decode", "wire/dhcp", "wire/dns", "wire/preamble", "wire/tls"],
    &["wire/quic"],
    &["wire"],
    &["row", "settings", "shares", "tag", "types"],
    &["counters"],
    &["kept"],
    &["machines", "reassembly", "view"],
    &["opening", "resolution"],
    &["naming"],
    &["flow"],
    &["report"],
    &["event", "monitor"],
    &["privileges", "reading", "sensor"],
    &["python"],
    &["lib"],
];
/// A wrapper for Python may share the name of what it wraps.
const WRAPPERS: &str = "python/";

/// The Rust files of the engine by their path under `src`.
fn engine() -> BTreeMap<String, String> {
    fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                read(&entry.path(), &format!("{name}/"), files);
            } else if name.ends_with(".rs") {
                files.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
    files
}

/// Wrappers for Python share their names with what they wrap, so their methods cannot be told apart by type.
fn without_wrappers(mut sources: BTreeMap<String, String>) -> BTreeMap<String, String> {
    sources.retain(|file, _| !file.starts_with(WRAPPERS));
    sources
}

/// Names that are used more than once, each with its files.
fn duplicates(names: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, file) in names.filter(|(_, file)| !file.starts_with(WRAPPERS)) {
        files.entry(name).or_default().push(file);
    }
    files.retain(|_, files| files.len() > 1);
    files.iter().map(|(name, files)| format!("{name}: {}", files.join(", "))).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let found = circles::find(&imports(&Crate::parse(&engine())));
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn no_files_call_each_other_in_a_circle_through_the_methods_of_a_type() {
    let sources = engine();
    let mut graph = imports(&Crate::parse(&sources));
    add_method_calls(&mut graph, &without_wrappers(sources));
    let found = circles::find(&graph);
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn no_directories_import_each_other_in_a_circle() {
    let found = circles::find(&directories_of(&imports(&Crate::parse(&engine()))));
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn directories_import_only_from_layers_below_their_own() {
    let layer_of: BTreeMap<&str, usize> =
        (0..).zip(LAYERS).flat_map(|(layer, names)| names.iter().map(move |name| (*name, layer))).collect();
    let graph: Graph = directories_of(&imports(&Crate::parse(&engine())));
    let upwards =
        graph.iter().flat_map(|(from, targets)| targets.iter().map(move |(to, why)| (from, to, why)));
    let upwards: Vec<_> = upwards
        .filter(|(from, to, _)| layer_of.get(from.as_str()) <= layer_of.get(to.as_str()))
        .map(|(from, to, why)| format!("{from} must not import from {to}: {why}"))
        .collect();
    assert!(upwards.is_empty(), "{}", upwards.join("\n"));
}

#[test]
fn the_documentation_of_the_crate_lists_the_modules_from_top_to_bottom() {
    let sources = engine();
    let lines = sources["lib.rs"].lines().filter(|line| line.starts_with("//! - `"));
    let names = lines.filter_map(|line| line.split('`').nth(1));
    let layers: Vec<_> = names.map(|name| LAYERS.iter().position(|layer| layer.contains(&name))).collect();
    assert!(layers.is_sorted_by(|upper, lower| upper >= lower), "{layers:?}");
    let top_level = LAYERS.concat().into_iter().filter(|name| *name != "lib" && !name.contains('/'));
    assert_eq!(layers.len(), top_level.count());
}

#[test]
fn the_layers_name_every_directory_once() {
    let sources = engine();
    let directories: BTreeSet<&str> = sources.keys().map(|file| directory_of(file)).collect();
    let listed: Vec<&str> = LAYERS.concat();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), directories);
    assert_eq!(listed.len(), directories.len(), "a directory is in two layers");
}

#[test]
fn module_names_are_unique() {
    let engine = Crate::parse(&engine());
    let modules = engine.modules().filter(|module| module.has_own_file());
    let found = duplicates(modules.map(|module| (module.name.clone(), module.file.clone())));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn names_of_public_types_are_unique() {
    let found = duplicates(public_types(&Crate::parse(&engine())));
    assert!(found.is_empty(), "{}", found.join("\n"));
}
