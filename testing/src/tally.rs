//! Counting which tests ran on which engine: each case says so when it has passed, and the test
//! script adds up.

use std::io::Write as _;

/// Names the file; unset, nothing is counted.
const VARIABLE: &str = "MINTREU_TEST_TALLY";

/// Notes that a case passed on `engine`.
pub fn tally(engine: &str) {
    #[expect(clippy::disallowed_methods, reason = "how the test script tells where to count")]
    let Ok(path) = std::env::var(VARIABLE) else { return };
    let noted =
        std::fs::File::options().create(true).append(true).open(path).and_then(|mut file| file.write_all(format!("{engine}\n").as_bytes()));
    if let Err(error) = noted {
        eprintln!("the tally could not be written: {error}");
    }
}
