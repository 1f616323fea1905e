use std::io;

use super::*;

/// An error with a cause.
#[derive(Debug, thiserror::Error)]
#[error("outer")]
struct Outer(#[source] io::Error);

#[test]
fn full_disk_is_named_however_deep_it_lies_and_other_failures_are_not() {
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge] {
        assert!(matches!(Error::io("writing", io::Error::from(kind)), Error::DiskFull { what: "writing", .. }));
        assert!(matches!(Error::io("writing", Outer(kind.into())), Error::DiskFull { .. }));
        assert!(matches!(Error::io("writing", io::Error::other(Outer(kind.into()))), Error::DiskFull { .. }));
        assert!(matches!(Error::directory(Path::new("crm"), kind.into()), Error::DiskFull { .. }));
    }
    for kind in [ErrorKind::PermissionDenied, ErrorKind::Other, ErrorKind::NotFound] {
        assert!(matches!(Error::io("writing", Outer(kind.into())), Error::Io { .. }));
    }
}

#[test]
fn directory_that_cannot_be_written_is_named() {
    let error = Error::directory(Path::new("crm-data"), ErrorKind::PermissionDenied.into());
    assert!(error.to_string().contains("crm-data"), "{error}");
}

#[test]
fn wrong_key_is_told_from_a_wrong_passphrase() {
    let wrong = |wanted: &str| Error::WrongMasterKey { wanted: wanted.into(), given: "passphrase".into() }.to_string();
    assert!(wrong("passphrase").contains("refused"));
    assert!(wrong("key-file:1").contains("`key-file:1`"));
}

#[test]
fn denial_shows_the_administrators_part_to_administrators_only() {
    let denial = Denial::new("no_role", "read: `clerk` is not among the policy's roles");
    let error = Error::Denied(Box::new(denial));
    assert_eq!(error.to_string(), "denied: You are not allowed to do this.");
    let told = "denied: You are not allowed to do this. [no_role: read: `clerk` is not among the policy's roles]";
    assert_eq!((format!("{error:#}"), error.for_admin()), (told.to_owned(), told.to_owned()));
}

#[test]
fn administrator_is_told_the_causes_of_any_error() {
    let error = Error::io("writing", Outer(ErrorKind::NotFound.into()));
    assert_eq!(error.for_admin(), "writing failed: outer: entity not found");
}
