//! Writes the TypeScript side of the border: `make bindings`.

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/backend/bindings.ts");
    labkeep_shell::write_bindings(&target)?;
    println!("{} is written.", target.display());
    Ok(())
}
