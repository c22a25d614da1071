//! The committed TypeScript is what Rust says.

#[test]
fn committed_bindings_are_those_of_the_commands() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/backend/bindings.ts");
    let committed = std::fs::read_to_string(path).expect("the bindings are committed");
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let target = folder.path().join("bindings.ts");
    labkeep_shell::write_bindings(&target).expect("the commands can be exported");
    let now = std::fs::read_to_string(&target).expect("it was written");
    assert!(committed == now, "the border changed: run `make bindings`");
}
