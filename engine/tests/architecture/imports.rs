//! The modules of a crate, and the file to which each path refers.

use super::graph::Graph;
use super::parser::{parse, Body, Use};
use std::collections::BTreeMap;

/// A module, in a file of its own or inside the file of its parent.
#[derive(Debug)]
pub struct Module {
    /// Its name; "crate" for the root.
    pub name: String,
    /// Path of its file under `src`.
    pub file: String,
    is_inline: bool,
    parent: usize,
    children: BTreeMap<String, usize>,
    body: Body,
}

impl Module {
    /// False for a module inside the file of its parent.
    pub fn has_own_file(&self) -> bool {
        !self.is_inline
    }
}

/// All modules of a crate, the root first.
pub struct Crate(Vec<Module>);

/// Maximum length of a chain of re-exports; a longer one is circular.
const MAX_STEPS: u32 = 16;

impl Crate {
    /// Parses the modules of `lib.rs`; `files` maps paths under `src` to their text.
    ///
    /// # Panics
    ///
    /// The file of a module is missing.
    pub fn parse(files: &BTreeMap<String, String>) -> Self {
        let mut modules = Self(Vec::new());
        modules.add("crate", "lib.rs", "", 0, parse(&files["lib.rs"]), false, files);
        modules
    }

    /// The modules, the root first.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.0.iter()
    }

    /// Adds a module and its descendants, whose files are in `folder`; returns its index.
    #[allow(clippy::too_many_arguments)] // each is a property of the module
    fn add(
        &mut self,
        name: &str,
        file: &str,
        folder: &str,
        parent: usize,
        mut body: Body,
        is_inline: bool,
        files: &BTreeMap<String, String>,
    ) -> usize {
        let this = self.0.len();
        let (inline, with_file) =
            (std::mem::take(&mut body.inline_modules), std::mem::take(&mut body.file_modules));
        let children = BTreeMap::new();
        self.0.push(Module { name: name.into(), file: file.into(), is_inline, parent, children, body });
        for (child, body) in inline {
            let index = self.add(&child, file, &format!("{folder}{child}/"), this, body, true, files);
            self.0[this].children.insert(child, index);
        }
        for child in with_file {
            let paths = [format!("{folder}{child}.rs"), format!("{folder}{child}/mod.rs")];
            let path = paths.iter().find(|path| files.contains_key(*path));
            let path = path.unwrap_or_else(|| panic!("{file}: no file of the module {child}"));
            let body = parse(&files[path]);
            let index = self.add(&child, path, &format!("{folder}{child}/"), this, body, false, files);
            self.0[this].children.insert(child, index);
        }
        this
    }

    /// The module whose file defines the item of a path used in `module`; None for an item of another crate.
    fn resolve(&self, module: usize, path: &[String], steps: u32) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            _ if steps > MAX_STEPS => None,
            "crate" => self.descend(0, rest, steps),
            "self" => self.descend(module, rest, steps),
            "super" => self.resolve_from(self.0[module].parent, rest, steps),
            name if self.0[module].children.contains_key(name) => self.descend(module, path, steps),
            name => {
                let uses = &self.0[module].body.uses;
                let import = uses.iter().find(|one| one.name.as_deref() == Some(name))?;
                self.resolve(module, &[&import.path[..], rest].concat(), steps + 1)
            }
        }
    }

    /// As `resolve`, after a `super` that more of them may follow.
    fn resolve_from(&self, module: usize, path: &[String], steps: u32) -> Option<usize> {
        match path.first() {
            Some(first) if first == "super" => self.resolve(module, path, steps),
            _ => self.descend(module, path, steps),
        }
    }

    /// The same for a path relative to `module`. A re-export is followed to the definition.
    fn descend(&self, module: usize, path: &[String], steps: u32) -> Option<usize> {
        let Some((name, rest)) = path.split_first() else { return Some(module) };
        let here = &self.0[module];
        if let Some(&child) = here.children.get(name) {
            return self.descend(child, rest, steps);
        }
        if here.body.items.contains(name) {
            return Some(module);
        }
        let named = here.body.uses.iter().filter(|one| one.name.as_ref() == Some(name));
        let named = named.map(|one| [&one.path[..], rest].concat());
        let globs = here.body.uses.iter().filter(|one| one.name.is_none());
        let globs = globs.map(|one| [&one.path[..], path].concat());
        let mut found = named.chain(globs).filter_map(|path| self.resolve(module, &path, steps + 1));
        found.next().or(Some(module))
    }
}

/// The imports between files.
pub fn imports(modules: &Crate) -> Graph {
    let mut graph = Graph::new();
    for (index, module) in modules.0.iter().enumerate() {
        let targets = graph.entry(module.file.clone()).or_default();
        let used = module.body.uses.iter().map(|Use { path, .. }| path);
        for path in used.chain(&module.body.paths) {
            let Some(found) = modules.resolve(index, path, 0) else { continue };
            let file = &modules.0[found].file;
            if *file != module.file {
                targets
                    .entry(file.clone())
                    .or_insert_with(|| format!("{}: {}", module.file, path.join("::")));
            }
        }
    }
    graph
}

/// The types that are visible beyond their parent module, each with its file.
pub fn public_types(modules: &Crate) -> impl Iterator<Item = (String, String)> + '_ {
    let types = |module: &'_ Module| {
        let file = module.file.clone();
        module.body.public_types.clone().into_iter().map(move |name| (name, file.clone()))
    };
    modules.0.iter().flat_map(types)
}
