//! Circles in a graph of imports.

use super::graph::Graph;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Describes circles import by import: for each file that is in a circle, a shortest one, unless the file is
/// in one that is already described.
pub fn find(graph: &Graph) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for start in graph.keys() {
        if seen.contains(start) {
            continue;
        }
        if let Some(circle) = shortest(graph, start) {
            found.push(describe(graph, &circle));
            seen.extend(circle);
        }
    }
    found
}

/// The files of a shortest circle through `start`, which comes first.
fn shortest(graph: &Graph, start: &str) -> Option<Vec<String>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(file) = waiting.pop_front() {
        for target in graph.get(file).into_iter().flat_map(BTreeMap::keys) {
            if target == start {
                let mut circle = vec![file.to_owned()];
                let mut at = file;
                while at != start {
                    at = before[at];
                    circle.push(at.to_owned());
                }
                circle.reverse();
                return Some(circle);
            }
            if !before.contains_key(target.as_str()) {
                before.insert(target, file);
                waiting.push_back(target);
            }
        }
    }
    None
}

fn describe(graph: &Graph, circle: &[String]) -> String {
    let next = circle.iter().cycle().skip(1);
    let lines = circle.iter().zip(next).map(|(from, to)| format!("  {from} -> {to} ({})", graph[from][to]));
    format!("a circle of {}:\n{}", circle.len(), lines.collect::<Vec<_>>().join("\n"))
}
