//! Events that the tests of several files share, and the journal against published vectors.

pub(super) mod samples;
mod vectors;
