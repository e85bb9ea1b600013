//! Embeds every file of `cases/` and `requirements/`, in the order of their names.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut source = String::new();
    for (name, folder) in [("CASES", "cases"), ("REQUIREMENTS", "requirements")] {
        println!("cargo:rerun-if-changed={}", root.join(folder).display());
        writeln!(source, "/// The files of `{folder}/`: path and text.\npub const {name}: &[(&str, &str)] = &[")?;
        for file in files(&root.join(folder))? {
            println!("cargo:rerun-if-changed={}", file.display());
            let shown = Path::new("suites").join(file.strip_prefix(&root)?);
            writeln!(source, "    ({:?}, include_str!({:?})),", shown.display().to_string(), file.display().to_string())?;
        }
        source.push_str("];\n");
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("embedded.rs"), source)?;
    Ok(())
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
