//! What the fuzzer kept, thrown at the same functions without a fuzzer.

use super::inputs::{TARGETS, accepts_seeds, broken, corpus, seeds};

/// The kept inputs of a target.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let file = format!("{}/../../tests/fuzz/corpus/{target}.txt", env!("CARGO_MANIFEST_DIR"));
    corpus::read(&std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{file} is missing")))
}

#[test]
fn nothing_kept_panics_or_passes_unproved() {
    for (target, run) in TARGETS {
        let kept = kept(target);
        assert!(kept.len() >= 10, "{target}: only {} inputs are kept", kept.len());
        for input in kept {
            run(&input);
        }
    }
}

#[test]
fn the_seeds_reach_what_accepts() {
    assert_eq!(broken(), [""; 0], "requests that do not prove themselves");
    for (target, run) in TARGETS {
        let seeds = seeds(target);
        let accepted = seeds.iter().filter(|seed| run(seed)).count();
        let wanted = if accepts_seeds(target) { seeds.len() } else { 1 };
        assert!(accepted >= wanted.max(1), "{target}: {accepted} of {} seeds are accepted", seeds.len());
    }
}

#[test]
fn each_target_is_one_that_can_be_built() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz");
    let manifest = std::fs::read_to_string(format!("{folder}/Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        let source = std::fs::read_to_string(format!("{folder}/fuzz_targets/{target}.rs")).unwrap();
        assert!(source.contains(&format!("bellhop_fuzz::{target}(data)")), "{target}");
        assert!(manifest.contains(&format!("name = \"{target}\"\n")), "{target}");
    }
}

#[test]
fn a_kept_line_reads_back_as_it_was() {
    let inputs = vec![(0..=255).collect::<Vec<u8>>(), Vec::new(), b"\\x41 \n\"'\\".to_vec()];
    let mut sorted = inputs.clone();
    sorted.sort();
    assert_eq!(corpus::read(&corpus::write(inputs)), sorted);
}
