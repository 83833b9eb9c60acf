//! Paths that come in commands and must not leave their folder.

use std::path::{Component, Path, PathBuf};

/// `relative` below `folder`, with `suffix` added; `None` when it is empty,
/// absolute, too long or climbs out.
pub(crate) fn within(folder: &Path, relative: &str, suffix: &str) -> Option<PathBuf> {
    let path = Path::new(relative);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    if relative.is_empty() || relative.len() > MAX_PATH || relative.contains('\0') || !plain {
        return None;
    }
    let mut full = folder.join(path).into_os_string();
    full.push(suffix);
    Some(full.into())
}

/// Bytes of a relative path: what a file name may have, and a few folders.
const MAX_PATH: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_folder() {
        let folder = Path::new("data");
        assert_eq!(within(folder, "2026/call", ".wav"), Some(PathBuf::from("data/2026/call.wav")));
        for bad in ["", "/etc/passwd", "../up", "a/../../up", "./a", "a\0b", &"x".repeat(513)] {
            assert_eq!(within(folder, bad, ".wav"), None, "{bad}");
        }
    }
}
