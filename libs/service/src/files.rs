//! Folders and files that only we may read.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use vorrang_error::Error;

/// Makes `folder` and what is missing above it, mode 0700. A folder that exists stays as it is.
pub(crate) fn private_folder(folder: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|why| cannot("make the folder", folder, why))
}

/// Writes `content` to `file`, mode 0600, unless the file exists; gives what is in it then. Processes that do this at
/// once agree on one content, because the name appears only with the content behind it.
pub(crate) fn create_or_read(file: &Path, content: &str) -> Result<String, Error> {
    match fs::read_to_string(file) {
        Ok(existing) => return Ok(existing),
        Err(why) if why.kind() == ErrorKind::NotFound => {}
        Err(why) => return Err(cannot("read", file, why)),
    }
    let fresh = file.with_extension(format!("new-{}", uuid::Uuid::new_v4()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut open| open.write_all(content.as_bytes()).and_then(|()| open.sync_all()));
    let linked = written.and_then(|()| match fs::hard_link(&fresh, file) {
        Err(why) if why.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    // The other name is only a step on the way; that it is left behind would harm nobody.
    let _ = fs::remove_file(&fresh);
    linked.map_err(|why| cannot("write", file, why))?;
    fs::read_to_string(file).map_err(|why| cannot("read", file, why))
}

fn cannot(what: &str, path: &Path, why: std::io::Error) -> Error {
    Error::unavailable(
        "DATA_FOLDER_UNUSABLE",
        format!("cannot {what} {}: {why}", path.display()),
    )
}
