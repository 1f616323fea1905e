//! A growing buffer for plaintext that leaves no copy behind when it grows, with a limit.

use std::io;

use crate::crypto::{Zeroizing, extend_wiped};

/// Bytes that are wiped on drop and whenever they move.
pub(crate) struct Buffer {
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
}

impl Buffer {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::new()), limit }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl io::Write for Buffer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let needed = self.bytes.len().saturating_add(data.len());
        if needed > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        extend_wiped(&mut self.bytes, data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
