//! Components that don't fit the contract, each by one edit of its WIT.
//!
//! The text of `wit/` is edited, and a component of the edited world made whose every function traps: right in all but the
//! one thing, so that the host's refusal has to be about that thing.

use std::fs;
use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

/// One edit: in every file of `wit/`, this text becomes that.
pub type Edit<'a> = (&'a str, &'a str);

/// A component of the contract's world after the edits. `packages` are more WIT packages that an edit speaks of.
///
/// # Panics
/// If an edit finds nothing to edit, or the edited text isn't WIT.
#[must_use]
pub fn component(edits: &[Edit<'_>], packages: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Without this every one of them would be refused for asking to read passwords.
    let granted = [("  import secrets-reveal;\n", "")];
    write_edited(folder.path(), &[&granted, edits].concat());
    for (number, package) in packages.iter().enumerate() {
        let place = folder.path().join("deps").join(number.to_string());
        fs::create_dir_all(&place).expect("a folder");
        fs::write(place.join("package.wit"), package).expect("a file");
    }

    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(folder.path()).expect("the edited WIT is WIT");
    let world = resolve.select_world(&[package], Some("database-driver")).expect("the world");
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    let encoder = ComponentEncoder::default().module(&module).expect("a module").validate(true);
    let mut encoder = encoder;
    encoder.encode().expect("a component")
}

/// Writes a component into a folder under a driver's name.
///
/// # Panics
/// If it can't be written.
#[must_use]
pub fn save(folder: &Path, name: &str, component: &[u8]) -> PathBuf {
    let file = folder.join(format!("{name}.wasm"));
    fs::write(&file, component).expect("the component is written");
    file
}

fn write_edited(folder: &Path, edits: &[Edit<'_>]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut found = vec![false; edits.len()];
    for entry in fs::read_dir(source).expect("wit/") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "wit") {
            continue;
        }
        let mut text = fs::read_to_string(&path).expect("WIT");
        for ((from, to), found) in edits.iter().zip(&mut found) {
            *found |= text.contains(from);
            text = text.replace(from, to);
        }
        fs::write(folder.join(path.file_name().expect("a name")), text).expect("a file");
    }
    for ((from, _), found) in edits.iter().zip(found) {
        assert!(found, "the contract has no {from:?} any more: the edit has to follow it");
    }
}
