//! Turns the kept corpus into folders for the fuzzer, and back.
//!
//!     corpus unpack KEPT FOLDER    the kept inputs and the seeds, one file each
//!     corpus pack FOLDER KEPT      one file of lines for each target

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use bellhop_fuzz::{TARGETS, corpus, seeds};

/// How many bytes of inputs are kept for each target: the shortest, for longer ones seldom say more.
const MOST_BYTES: usize = 12 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [command, from, to] = words.as_slice() else { return Err("corpus unpack|pack FROM TO".into()) };
    for (target, _) in TARGETS {
        match command.as_str() {
            "unpack" => unpack(target, Path::new(from), Path::new(to))?,
            "pack" => pack(target, Path::new(from), Path::new(to))?,
            _ => return Err("corpus unpack|pack FROM TO".into()),
        }
    }
    Ok(())
}

/// Writes a target's kept inputs and seeds into its folder.
fn unpack(target: &str, kept: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(kept.join(format!("{target}.txt"))).unwrap_or_default();
    let folder = folder.join(target);
    fs::create_dir_all(&folder)?;
    for (number, input) in corpus::read(&text).into_iter().chain(seeds(target)).enumerate() {
        fs::write(folder.join(format!("kept-{number:04}")), input)?;
    }
    Ok(())
}

/// Writes the inputs of a target's folder into its file.
fn pack(target: &str, folder: &Path, kept: &Path) -> Result<(), Box<dyn Error>> {
    let folder = folder.join(target);
    if !folder.exists() {
        return Ok(());
    }
    let mut inputs = Vec::new();
    for file in fs::read_dir(folder)? {
        inputs.push(fs::read(file?.path())?);
    }
    let (seeds, mut room) = (seeds(target), MOST_BYTES);
    inputs.retain(|input| !seeds.contains(input));
    inputs.sort_by_key(Vec::len);
    inputs.retain(|input| room.checked_sub(input.len()).inspect(|left| room = *left).is_some());
    fs::write(kept.join(format!("{target}.txt")), corpus::write(inputs))?;
    Ok(())
}
