//! An application's database as a file of its own under the data directory.

use std::{
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::{Error, Result};

/// What `SQLite` keeps beside the file.
const COMPANIONS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

fn file(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("applications").join(format!("{name}.sqlite3"))
}

/// Where the file of this name will be; absolute, since services have another working directory.
pub(super) fn url(data_dir: &Path, name: &str) -> Result<String> {
    let path = std::path::absolute(file(data_dir, name)).map_err(|cause| Error::internal("the data directory cannot be used", cause))?;
    let path = path.to_str().ok_or_else(|| Error::internal("the data directory cannot be used", "its path is not UTF-8"))?;
    // SQLite URLs are percent-decoded, and end at a question mark.
    Ok(format!("sqlite://{}", path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")))
}

/// Makes the empty file, for its owner's eyes only. An existing one is left as it is.
pub(super) fn create(data_dir: &Path, name: &str) -> Result<()> {
    let make = || {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir.join("applications"))?;
        match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file(data_dir, name)) {
            Ok(file) => file.sync_all(),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    };
    make().map_err(|cause| Error::internal("the database file could not be made", cause))
}

/// Removes the file and its companions; what is not there is gone already.
pub(super) fn remove(data_dir: &Path, name: &str) -> Result<()> {
    let path = file(data_dir, name).into_os_string();
    for suffix in COMPANIONS {
        let mut path = path.clone();
        path.push(suffix);
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::internal("the database file could not be removed", error));
            }
            _ => {}
        }
    }
    Ok(())
}
