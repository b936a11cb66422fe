//! `mintreu journal import`: brings in the usage of a replica that is no more.

use std::path::Path;

use crate::{Failure, config::Config, plane::ControlPlane, serve};

/// Counts what the directory holds and was not counted yet, and removes the files.
pub async fn import(config: Config, directory: &Path) -> Result<(), Failure> {
    let control = serve::open_beside(&config, false).await?;
    let imported = mintreu_gateway::import_journal(directory, &ControlPlane::new(control.clone()))
        .await
        .map_err(|error| Failure::new(&format!("{} cannot be brought in", directory.display()), &error))?;
    control.db.close().await;
    eprintln!("{} records of {} segments are counted.", imported.records, imported.segments);
    if imported.damaged > 0 {
        let aside = directory.join("damaged");
        eprintln!("{} could not be read; the files with damage are kept in {}.", imported.damaged, aside.display());
    }
    Ok(())
}
