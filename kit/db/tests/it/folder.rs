//! A data folder belongs to one process.

use kit_db::{DataFolder, Db, DbSettings, DbTarget, FolderError};

use crate::shop::MIGRATIONS;

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

#[cfg(unix)]
#[tokio::test]
async fn what_is_written_is_the_owners_alone_also_what_was_not_before() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let _held = DataFolder::lock(folder.path()).unwrap();
    let (made, found) = (folder.path().join("made.db"), folder.path().join("found.db"));
    std::fs::write(&found, "").unwrap();
    std::fs::set_permissions(&found, PermissionsExt::from_mode(0o644)).unwrap();
    let lifecycle = kit_runtime::Lifecycle::new();
    for file in [made, found] {
        let settings = DbSettings::new("shop", DbTarget::Sqlite { file });
        let db = Db::open(settings, &MIGRATIONS, &kit_testing::db::deps(&lifecycle))
            .await
            .unwrap();
        drop(db);
    }
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let rights = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(rights, 0o600, "{:?}", entry.path());
    }
    lifecycle.end().await;
}
