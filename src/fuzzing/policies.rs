//! The reader of policy files.

#[cfg(feature = "policy-file")]
pub(super) fn policy_file(bytes: &[u8]) {
    use crate::policy::{AccessPolicy, PolicyFile};

    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match PolicyFile::parse(text) {
        Ok(policy) => {
            let again = PolicyFile::parse(&policy.text().unwrap());
            assert!(again.is_ok_and(|again| again.version() == policy.version()));
            assert!(policy.check().is_ok());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[cfg(not(feature = "policy-file"))]
pub(super) fn policy_file(_: &[u8]) {}
