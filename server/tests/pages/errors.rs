//! `/docs/errors` has a line for every code that the sources give to a problem, and for no other.

use std::{collections::BTreeSet, path::Path};

use mintreu_control_testing::on_sqlite;

use crate::site::Site;

/// What comes before the code of a problem; a status may stand between.
const BEFORE: [&str; 4] = ["conflict(", "forbidden(", "Problem::new(", "Self::new("];

/// Of the gateway, which has them in one table: `Name = "code", …`.
const TABLE: &str = "gateway/src/problem.rs";

fn literal(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('"')?.split('"').next()
}

fn codes(text: &str) -> impl Iterator<Item = &str> {
    BEFORE.into_iter().flat_map(move |before| {
        text.match_indices(before).filter_map(move |(at, _)| {
            let rest = text[at + before.len()..].trim_start();
            let status = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if status.len() < rest.len() { literal(status.strip_prefix(',')?) } else { literal(rest).filter(|_| !before.contains("new")) }
        })
    })
}

fn table(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.ends_with(';')).filter_map(|line| literal(line.split_once(" = ")?.1))
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.extend(codes(&text).map(str::to_owned));
            if path.ends_with(TABLE) {
                found.extend(table(&text).map(str::to_owned));
            }
        }
    }
}

#[tokio::test]
async fn every_code_has_its_line_and_every_line_its_code() {
    on_sqlite(async |bench| {
        let mut found = BTreeSet::new();
        for part in ["model", "control", "gateway", "app", "server"] {
            collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(part).join("src"), &mut found);
        }
        assert!(found.contains("rate_limited") && found.contains("tenant_deleting") && found.contains("json_malformed"), "{found:?}");
        let page = Site::new(&bench).open("/docs/errors", "").await.text;
        let lines: BTreeSet<_> = page.split("<code id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
        assert_eq!(found.difference(&lines).collect::<Vec<_>>(), Vec::<&String>::new(), "codes without a line in app/src/public/errors.rs");
        assert_eq!(lines.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new(), "lines without a code in the sources");
    })
    .await;
}
