//! A data folder belongs to one process.

use kit_db::{DataFolder, FolderError};

#[test]
fn a_second_process_hears_who_has_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let held = DataFolder::lock(folder.path()).unwrap();
    let refused = DataFolder::lock(folder.path()).unwrap_err();
    assert!(matches!(refused, FolderError::InUse { .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(
        text.contains(&format!("in use by process {}", std::process::id())),
        "{text}"
    );
    assert!(text.contains(&folder.path().display().to_string()), "{text}");
    drop(held);
    let again = DataFolder::lock(folder.path()).unwrap();
    assert_eq!(again.path(), folder.path());
}

#[test]
fn a_folder_that_cannot_be_made_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = DataFolder::lock(file.join("data")).unwrap_err();
    assert!(matches!(refused, FolderError::Unusable { .. }), "{refused:?}");
}
