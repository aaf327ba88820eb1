//! Temporary folders.

use std::path::Path;

/// A folder that is removed when the value is dropped.
pub struct DataFolder(tempfile::TempDir);

/// An empty folder for one test.
///
/// # Panics
/// When the temporary folder of the machine cannot be written to.
pub fn data_folder() -> DataFolder {
    DataFolder(
        tempfile::Builder::new()
            .prefix("vorrang-test-")
            .tempdir()
            .expect("the temporary folder must be writable"),
    )
}

impl DataFolder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl AsRef<Path> for DataFolder {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}
