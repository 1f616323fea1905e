//! Reading and writing of fixed layouts: big-endian integers, fixed arrays, counted bytes.

use super::FormatError;

/// A reader, which takes a layout apart from the front. Every step is checked.
pub(crate) struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes` as a `what`, the name that errors give.
    pub(crate) const fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, rest: bytes }
    }

    pub(crate) fn invalid(&self, why: &'static str) -> FormatError {
        FormatError::Invalid { what: self.what, why }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.invalid("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], FormatError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.invalid("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, FormatError> {
        self.array::<1>().map(|b| u8::from_be_bytes(*b))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, FormatError> {
        self.array().map(|b| u16::from_be_bytes(*b))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FormatError> {
        self.array().map(|b| u32::from_be_bytes(*b))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, FormatError> {
        self.array().map(|b| u64::from_be_bytes(*b))
    }

    /// Reads the bytes after a 16-bit length.
    pub(crate) fn short(&mut self) -> Result<&'a [u8], FormatError> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// Reads the bytes after a 32-bit length of at most `limit`.
    pub(crate) fn long(&mut self, limit: usize) -> Result<&'a [u8], FormatError> {
        let length = usize::try_from(self.u32()?).map_err(|_| self.invalid("a length is over its limit"))?;
        if length > limit {
            return Err(self.invalid("a length is over its limit"));
        }
        self.take(length)
    }

    /// Returns a version byte of at least 1 and at most `known`.
    pub(crate) fn version(&mut self, known: u8) -> Result<u8, FormatError> {
        match self.u8()? {
            0 => Err(self.invalid("its version is 0")),
            found if found > known => Err(FormatError::Newer { what: self.what, found, known }),
            found => Ok(found),
        }
    }

    /// Returns the bytes that haven't been read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Checks that nothing is left.
    pub(crate) fn finish(self) -> Result<(), FormatError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.invalid("bytes are left over")) }
    }
}

/// A writer, which puts a layout together in a buffer of the caller's choice (one that is wiped, for secrets).
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Appends bytes behind their 16-bit length.
    pub(crate) fn short(&mut self, what: &'static str, bytes: &[u8]) -> Result<&mut Self, FormatError> {
        let length =
            u16::try_from(bytes.len()).map_err(|_| FormatError::Invalid { what, why: "a part is too long" })?;
        Ok(self.u16(length).bytes(bytes))
    }

    /// Appends bytes behind their 32-bit length of at most `limit`.
    pub(crate) fn long(&mut self, what: &'static str, limit: usize, bytes: &[u8]) -> Result<&mut Self, FormatError> {
        match u32::try_from(bytes.len()) {
            Ok(length) if bytes.len() <= limit => Ok(self.u32(length).bytes(bytes)),
            _ => Err(FormatError::Invalid { what, why: "a part is too long" }),
        }
    }
}

#[cfg(test)]
mod tests;
