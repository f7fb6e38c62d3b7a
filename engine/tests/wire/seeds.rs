//! The fuzzing seeds, which are also the fixtures of the tests.

use std::path::Path;

/// One seed of a target.
pub fn seed(target: &str, name: &str) -> Vec<u8> {
    let path = folder(target).join(format!("{name}.bin"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All seeds of a target, in the order of their names.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = folder(target).read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Link type and packet of a seed of `decode`.
pub fn packet(seed: &[u8]) -> (u16, &[u8]) {
    let (link, packet) = seed.split_first_chunk().unwrap();
    (u16::from_be_bytes(*link), packet)
}

fn folder(target: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target)
}
