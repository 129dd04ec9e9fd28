#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use std::path::Path;
use std::process::Command;

const BYTE: Range = Range { offset: 0x4000_0000, length: 1 };
const OTHER: Range = Range { offset: 0x4000_0002, length: 510 };

fn directory(path: &Path) -> Directory {
    Directory::open_ambient(path, false, Limits::default()).unwrap()
}

fn writing() -> Opening {
    Opening { write: true, create: true, ..Opening::default() }
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let files = directory(folder.path());
    let file = files.open("a.db", writing()).unwrap();
    file.write_at(5, b"hello").unwrap();
    assert_eq!(file.read_at(0, 100).unwrap(), b"\0\0\0\0\0hello");
    assert_eq!(file.size().unwrap(), 10);
    file.truncate(7).unwrap();
    file.sync().unwrap();
    assert_eq!(std::fs::read(folder.path().join("a.db")).unwrap(), b"\0\0\0\0\0he");
    assert_eq!(files.stat("a.db").unwrap(), Some(7));
    assert_eq!(files.enumerate(10).unwrap(), vec![Listed { path: "a.db".to_owned(), size: 7 }]);
    files.remove("a.db", true).unwrap();
    assert_eq!(files.stat("a.db").unwrap(), None);
    assert_eq!(files.remove("a.db", true), Err(FileError::NotFound));
}

#[test]
fn nothing_outside_can_be_reached() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.db"), "in").unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let link = |from: &Path, to: &str| std::os::unix::fs::symlink(from, folder.path().join(to)).unwrap();
    link(outside.path(), "way-out");
    link(&outside.path().join("secret"), "secret");
    link(Path::new("../../../../../../etc/passwd"), "passwd");
    link(Path::new("in.db"), "alias.db");
    nix::unistd::mkfifo(&folder.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let files = directory(folder.path());
    let inside = outside.path().join("secret");
    for bad in [
        "way-out/secret",
        "secret",
        "passwd",
        "alias.db",
        "../secret",
        "sub/../../x",
        "/etc/passwd",
        "sub",
        "pipe",
        inside.to_str().unwrap(),
    ] {
        for opening in [Opening::default(), writing()] {
            assert!(matches!(files.open(bad, opening), Err(FileError::Denied(_) | FileError::Other(_))), "{bad} was opened");
        }
        assert!(!matches!(files.stat(bad), Ok(Some(_))), "{bad} was looked at");
    }
    assert!(files.open("way-out/new", writing()).is_err());
    assert!(files.remove("way-out/secret", false).is_err());
    assert!(inside.exists() && !outside.path().join("new").exists());
    assert_eq!(files.open("in.db", Opening::default()).unwrap().read_at(0, 9).unwrap(), b"in");
}

#[test]
fn a_read_only_directory_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.db"), "abc").unwrap();
    let files = Directory::open_ambient(folder.path(), true, Limits::default()).unwrap();
    assert!(matches!(files.open("a.db", writing()), Err(FileError::Denied(_))));
    assert!(matches!(files.remove("a.db", false), Err(FileError::Denied(_))));
    let file = files.open("a.db", Opening::default()).unwrap();
    assert!(matches!(file.write_at(0, b"x"), Err(FileError::Denied(_))));
    assert!(matches!(file.truncate(0), Err(FileError::Denied(_))));
    assert!(matches!(file.lock(BYTE, LockMode::Exclusive), Err(FileError::Denied(_))));
    assert!(file.lock(BYTE, LockMode::Shared).unwrap());
    assert_eq!(std::fs::read(folder.path().join("a.db")).unwrap(), b"abc");
}

#[test]
fn limits_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { open_files: 2, file_bytes: 100, temporary_bytes: 10 };
    let files = Directory::open_ambient(folder.path(), false, limits).unwrap();
    let first = files.open("a", writing()).unwrap();
    let second = files.temporary().unwrap();
    assert!(matches!(files.open("b", writing()), Err(FileError::Full(_))));
    assert!(matches!(files.temporary(), Err(FileError::Full(_))));
    first.write_at(90, &[1; 10]).unwrap();
    assert!(matches!(first.write_at(91, &[1; 10]), Err(FileError::Full(_))));
    assert!(matches!(first.write_at(u64::MAX, &[1; 10]), Err(FileError::Full(_))));
    assert!(matches!(first.truncate(101), Err(FileError::Full(_))));
    assert!(matches!(second.write_at(1, &[1; 10]), Err(FileError::Full(_))));
    drop(second);
    files.open("b", writing()).unwrap();
}

#[test]
fn locks_exclude_other_files_of_this_process() {
    let folder = tempfile::tempdir().unwrap();
    let files = directory(folder.path());
    let one = files.open("a.db", writing()).unwrap();
    let two = files.open("a.db", writing()).unwrap();
    let siblings = vec!["-journal".to_owned(), "-wal".to_owned()];
    let three = files.open("a.db", Opening { siblings, ..Opening::default() }).unwrap();
    assert!(one.lock(BYTE, LockMode::Shared).unwrap() && two.lock(BYTE, LockMode::Shared).unwrap());
    assert!(!two.lock(BYTE, LockMode::Exclusive).unwrap());
    one.unlock(BYTE).unwrap();
    assert!(two.lock(BYTE, LockMode::Exclusive).unwrap());
    assert!(one.locked(BYTE).unwrap() && !two.locked(BYTE).unwrap());
    assert_eq!(three.enter(BYTE, OTHER, 2).unwrap(), None);
    // Another handle that is closed takes no lock away.
    drop(files.open("a.db", Opening::default()).unwrap());
    assert!(one.locked(BYTE).unwrap());
    drop(two);
    assert!(!one.locked(BYTE).unwrap());

    one.write_at(0, b"header").unwrap();
    std::fs::write(folder.path().join("a.db-journal"), "12345").unwrap();
    let entry = three.enter(BYTE, OTHER, 2).unwrap().unwrap();
    assert_eq!(entry, Entry { size: 6, stamp: (u64::from_le_bytes(*b"ader\0\0\0\0"), 0), siblings: 0b01 });
    assert!(!one.lock(OTHER, LockMode::Exclusive).unwrap(), "the range is held");
    assert!(one.lock(BYTE, LockMode::Exclusive).unwrap(), "the gate is not");
}

#[test]
fn locks_exclude_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    let files = directory(folder.path());
    let path = folder.path().join("a.db");
    let sqlite3 = |sql: &str| Command::new("sqlite3").arg(&path).arg(sql).output().expect("the sqlite3 command");
    assert!(sqlite3("CREATE TABLE t(a); INSERT INTO t VALUES (1)").status.success());
    let file = files.open("a.db", writing()).unwrap();
    // SQLite's PENDING byte: whoever holds it keeps new readers out.
    assert!(file.lock(BYTE, LockMode::Exclusive).unwrap());
    let refused = sqlite3("SELECT * FROM t");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("locked"), "{refused:?}");
    file.unlock(BYTE).unwrap();
    assert_eq!(sqlite3("SELECT * FROM t").stdout, b"1\n");
}

#[test]
fn syncing_works_on_every_kind_of_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let files = directory(folder.path());
    let sync = || files.open("a.db", writing()).unwrap().sync().unwrap();
    sync();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async { sync() });
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap().block_on(async { sync() });
}
