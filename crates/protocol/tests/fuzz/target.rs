//! One fuzz target: a contract for any input, a generator of inputs, and a corpus that is kept.
//!
//! The corpus of a target is the folder `tests/fuzz/corpus/<target>` of the repository. Every run
//! begins with it. An input that breaks the contract is made small and written to a file, to be
//! put into the corpus, under a name that says what it shows, with what mends it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// Inputs in a row, between looks at the clock.
const ROUND: u32 = 250;

/// A target, its corpus read.
pub(crate) struct Target {
    name: &'static str,
    names: Vec<PathBuf>,
    /// The inputs that are kept.
    pub(crate) corpus: Arc<[Vec<u8>]>,
}

impl Target {
    pub(crate) fn new(name: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
        let entries = fs::read_dir(folder.join(name)).expect("a corpus");
        let mut names: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        names.sort_unstable();
        let corpus = names.iter().map(|name| fs::read(name).unwrap()).collect();
        Self { name, names, corpus }
    }

    /// Checks what is kept, and then inputs of the generator: one round of always the same ones, or
    /// others for `FUZZ_SECONDS`.
    ///
    /// # Panics
    ///
    /// If `check` panics for an input.
    pub(crate) fn run(&self, inputs: &impl Strategy<Value = Vec<u8>>, check: impl Fn(&[u8])) {
        for (name, input) in self.names.iter().zip(&*self.corpus) {
            let _named = Named(name);
            check(input);
        }
        let seconds = std::env::var("FUZZ_SECONDS").ok().map(|text| text.parse().unwrap());
        let deadline = Instant::now() + Duration::from_secs_f64(seconds.unwrap_or(0.0));
        let config = Config { cases: ROUND, failure_persistence: None, ..Config::default() };
        let mut count = 0;
        loop {
            let mut runner = if seconds.is_some() {
                TestRunner::new(config.clone())
            } else {
                let same = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
                TestRunner::new_with_rng(config.clone(), same)
            };
            let outcome = runner.run(inputs, |input| {
                check(&input);
                Ok(())
            });
            if let Err(TestError::Fail(reason, input)) = outcome {
                let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(self.name);
                fs::write(&file, &input).unwrap();
                let (name, file) = (self.name, file.display());
                panic!("{name}: {reason}\nthe input is in {file}: {}", input.escape_ascii());
            }
            outcome.unwrap();
            count += ROUND;
            if Instant::now() >= deadline {
                break;
            }
        }
        println!("fuzz {}: {count} inputs, and {} that are kept", self.name, self.names.len());
    }
}

/// Names the kept input for which a check fails.
struct Named<'a>(&'a Path);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input is the kept one {}", self.0.display());
        }
    }
}

/// Sizes of pieces to cut an input into. They differ between inputs, but not between runs.
pub(crate) fn piece_sizes(input: &[u8]) -> Vec<usize> {
    let mut state = input
        .iter()
        .fold(1_u32, |state, byte| state.wrapping_mul(0x0101_6b65).wrapping_add(u32::from(*byte)));
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::from(state.to_be_bytes()[0])
    };
    let shift = next() % 8; // mostly small, or mostly large
    (0..8).map(|_| 1 + (next() >> shift)).collect()
}
