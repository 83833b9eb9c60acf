//! Where the RFCs' test messages lie; they are not part of the repository.

use std::path::PathBuf;

use super::config::root;

/// The folder named by `TRUNKLINE_TESTDATA`, which then must be there, else the one beside the repository if any.
pub(crate) fn testdata() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TRUNKLINE_TESTDATA") {
        let folder = PathBuf::from(named);
        assert!(folder.is_dir(), "TRUNKLINE_TESTDATA names {}, which is no folder", folder.display());
        return Some(folder);
    }
    let beside = root().join("../shared/testdata");
    beside.is_dir().then_some(beside)
}
