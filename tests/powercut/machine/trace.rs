//! The calls by which a recorded program changed the files below one directory, in terms of files rather than names.
//!
//! Whatever could change a file behind the recorder's back (shared mappings, a second process, `copy_file_range`, a
//! whole-system `sync`) is an error here: a trace is complete or there is none.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::strace::{self, Call};
use super::tracer::Tracer;

/// A file or directory, whatever its names.
pub type Node = usize;

/// The recorded directory itself.
pub const ROOT: Node = 0;

/// Calls that make or use names, or descriptors, besides `open` and `dup`.
const BY_NAME: [&str; 13] = [
    "creat",
    "fcntl",
    "truncate",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "link",
    "linkat",
];

/// The recorded calls, and what the directory held before them.
#[derive(Debug)]
pub struct Trace {
    pub nodes: Vec<Content>,
    /// The events, by the position of their beginning.
    pub events: Vec<Event>,
}

/// A node's content before the recording; empty for those that were made during it.
#[derive(Debug, Clone)]
pub enum Content {
    File(Vec<u8>),
    Dir(BTreeMap<Vec<u8>, Node>),
}

#[derive(Debug)]
pub struct Event {
    pub begin: usize,
    /// `None`: cut short by the process's end.
    pub end: Option<usize>,
    pub act: Act,
}

#[derive(Debug)]
pub enum Act {
    Write {
        file: Node,
        offset: usize,
        bytes: Vec<u8>,
    },
    SetLen {
        file: Node,
        length: usize,
    },
    /// Names that change together: directory, name, and what it stands for from now on.
    Names(Vec<(Node, Vec<u8>, Option<Node>)>),
    Sync(SyncCall),
    /// A line that the program printed: something it has promised to keep.
    Ack(String),
}

/// An `fsync` or `fdatasync` that succeeded.
#[derive(Debug, Clone)]
pub struct SyncCall {
    pub node: Node,
    /// The name of the file when it was synced, below the recorded directory.
    pub path: PathBuf,
    pub data_only: bool,
    /// The thread that called it.
    pub thread: u32,
}

impl Trace {
    /// Reads a log. `before` is the recorded directory's content from before; `dir` its path, without symbolic links in
    /// it; `cwd` the directory in which the program was started.
    pub fn parse(log: &str, dir: &Path, cwd: &Path, before: Before) -> Result<Self, String> {
        let calls = strace::calls(log)?;
        let mut tracer = Tracer::new(dir, cwd, before.0);
        // Names and descriptors come to be when a call ends; what a descriptor means, a call has looked up when it begins.
        let mut order: Vec<(usize, &Call)> = calls
            .iter()
            .map(|call| {
                let late =
                    call.name.starts_with("open") || call.name.starts_with("dup") || BY_NAME.contains(&&*call.name);
                (if late { call.end.unwrap_or(call.begin) } else { call.begin }, call)
            })
            .collect();
        order.sort_by_key(|(at, _)| *at);
        for (_, call) in order {
            tracer.apply(call).map_err(|why| format!("line {} of the strace log: {why}", call.begin + 1))?;
        }
        let mut events = tracer.events;
        events.sort_by_key(|event| event.begin);
        Ok(Self { nodes: tracer.initial, events })
    }

    pub fn syncs(&self) -> usize {
        self.events.iter().filter(|e| matches!(e.act, Act::Sync(_))).count()
    }

    pub fn acks(&self) -> usize {
        self.events.iter().filter(|e| matches!(e.act, Act::Ack(_))).count()
    }
}

/// A directory's content, read before a recording.
pub struct Before(Vec<Content>);

impl Before {
    pub fn read(dir: &Path) -> std::io::Result<Self> {
        let mut nodes = Vec::new();
        read_node(dir, &mut nodes)?;
        Ok(Self(nodes))
    }
}

fn read_node(path: &Path, nodes: &mut Vec<Content>) -> std::io::Result<Node> {
    let node = nodes.len();
    if fs::metadata(path)?.is_dir() {
        nodes.push(Content::Dir(BTreeMap::new()));
        let mut entries = BTreeMap::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let child = read_node(&entry.path(), nodes)?;
            entries.insert(entry.file_name().as_bytes().to_vec(), child);
        }
        nodes[node] = Content::Dir(entries);
    } else {
        nodes.push(Content::File(fs::read(path)?));
    }
    Ok(node)
}
