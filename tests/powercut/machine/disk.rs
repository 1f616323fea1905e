//! The content that a disk may have after a power cut, given what was written and synced until then.
//!
//! The model, chosen to be no kinder than file systems are allowed to be:
//!
//! - A write or a new length is safe once an `fsync` or `fdatasync` of that file has ended that began after it ended.
//!   Both cover the file's size, as they must for its data to be found again.
//! - A name that was made, changed or removed is safe once an `fsync` of its directory has; syncing the file isn't
//!   enough (ext4 is kinder). A rename is atomic, also between directories.
//! - What isn't safe may be on the disk or not: none of it, all of it, or any 512-byte sector of it without the others.
//!   A sector is never torn itself. A grown file may have any of its sizes, with zeros where nothing was written.
//! - Unsafe names may be there in any combination, or up to some moment only, as with a journal.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::random::Random;
use super::trace::{Act, Content, Node, ROOT, SyncCall, Trace};

const SECTOR: usize = 512;

/// The fate of everything that isn't safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    Dropped,
    Kept,
    Torn,
}

impl Variant {
    pub const ALL: [Self; 3] = [Self::Dropped, Self::Kept, Self::Torn];
}

/// The files and directories that are there after a cut.
#[derive(Debug, Default)]
pub struct Image<'a> {
    /// The directories, parents before their content.
    pub dirs: Vec<PathBuf>,
    pub files: Vec<(PathBuf, Cow<'a, [u8]>)>,
}

/// The disk at one moment of a trace.
pub struct Disk<'t> {
    trace: &'t Trace,
    /// The safe content, by node.
    safe: Vec<Content>,
    /// The writes that aren't safe, by event, in the order in which they began.
    unsafe_writes: BTreeMap<Node, Vec<usize>>,
    unsafe_names: Vec<usize>,
    ended: BTreeSet<usize>,
    /// For each sync under way, the events that it will make safe.
    syncing: BTreeMap<usize, Vec<usize>>,
}

impl<'t> Disk<'t> {
    pub fn new(trace: &'t Trace) -> Self {
        Self {
            trace,
            safe: trace.nodes.clone(),
            unsafe_writes: BTreeMap::new(),
            unsafe_names: Vec::new(),
            ended: BTreeSet::new(),
            syncing: BTreeMap::new(),
        }
    }

    /// Begins an event: from now on it may be on the disk.
    pub fn begin(&mut self, event: usize) {
        match &self.trace.events[event].act {
            Act::Write { file, .. } | Act::SetLen { file, .. } => {
                self.unsafe_writes.entry(*file).or_default().push(event);
            }
            Act::Names(_) => self.unsafe_names.push(event),
            Act::Sync(SyncCall { node, .. }) => {
                self.syncing.insert(event, self.covered(*node));
            }
            Act::Ack(_) => {}
        }
    }

    /// Ends an event. Of a sync: what had ended when it began is safe from now on.
    pub fn end(&mut self, event: usize) {
        if let Some(covered) = self.syncing.remove(&event) {
            self.make_safe(&covered);
        } else {
            self.ended.insert(event);
        }
    }

    /// Ends a sync without doing anything, as in a program without it.
    pub fn skip(&mut self, event: usize) {
        self.syncing.remove(&event);
    }

    pub fn image(&self, variant: Variant, random: &mut Random) -> Image<'_> {
        let names = self.names(variant, random);
        let mut image = Image::default();
        self.add(ROOT, Path::new(""), &names, variant, random, &mut image);
        image
    }

    /// Tells whether all three variants are one and the same.
    pub fn is_settled(&self) -> bool {
        self.unsafe_names.is_empty() && self.unsafe_writes.values().all(Vec::is_empty)
    }

    fn covered(&self, node: Node) -> Vec<usize> {
        if let Content::File(_) = self.safe[node] {
            let writes = self.unsafe_writes.get(&node).into_iter().flatten();
            return writes.copied().filter(|event| self.ended.contains(event)).collect();
        }
        // A change of this directory takes with it the earlier changes of the names it touches, wherever they are.
        let (mut covered, mut touched) = (Vec::new(), BTreeSet::new());
        for &event in self.unsafe_names.iter().rev().filter(|event| self.ended.contains(event)) {
            let Act::Names(changes) = &self.trace.events[event].act else { continue };
            if changes.iter().any(|(dir, name, _)| *dir == node || touched.contains(&(*dir, name))) {
                touched.extend(changes.iter().map(|(dir, name, _)| (*dir, name)));
                covered.push(event);
            }
        }
        covered.reverse();
        covered
    }

    fn make_safe(&mut self, covered: &[usize]) {
        for event in covered {
            // Two syncs at once may cover the same.
            if !self.ended.remove(event) {
                continue;
            }
            match &self.trace.events[*event].act {
                Act::Names(changes) => {
                    apply_names(&mut self.safe, changes);
                    self.unsafe_names.retain(|e| e != event);
                }
                Act::Write { file, .. } | Act::SetLen { file, .. } => {
                    if let Content::File(bytes) = &mut self.safe[*file] {
                        apply_write(bytes, &self.trace.events[*event].act);
                    }
                    if let Some(writes) = self.unsafe_writes.get_mut(file) {
                        writes.retain(|e| e != event);
                    }
                }
                Act::Sync(_) | Act::Ack(_) => {}
            }
        }
    }

    /// Returns each directory's names after the cut.
    fn names(&self, variant: Variant, random: &mut Random) -> BTreeMap<Node, BTreeMap<Vec<u8>, Node>> {
        let mut nodes: BTreeMap<Node, BTreeMap<Vec<u8>, Node>> = BTreeMap::new();
        for (node, content) in self.safe.iter().enumerate() {
            if let Content::Dir(names) = content {
                nodes.insert(node, names.clone());
            }
        }
        let journal = random.below(2) == 0;
        let until = random.below(self.unsafe_names.len() + 1);
        for (n, event) in self.unsafe_names.iter().enumerate() {
            let there = match variant {
                Variant::Dropped => false,
                Variant::Kept => true,
                Variant::Torn if journal => n < until,
                Variant::Torn => random.below(2) == 0,
            };
            let Act::Names(changes) = &self.trace.events[*event].act else { continue };
            for (dir, name, node) in changes.iter().filter(|_| there) {
                let names = nodes.entry(*dir).or_default();
                match node {
                    Some(node) => names.insert(name.clone(), *node),
                    None => names.remove(name),
                };
            }
        }
        nodes
    }

    fn add<'a>(
        &'a self,
        dir: Node,
        path: &Path,
        names: &BTreeMap<Node, BTreeMap<Vec<u8>, Node>>,
        variant: Variant,
        random: &mut Random,
        image: &mut Image<'a>,
    ) {
        for (name, node) in names.get(&dir).into_iter().flatten() {
            let path = path.join(OsStr::from_bytes(name));
            match &self.safe[*node] {
                Content::Dir(_) => {
                    image.dirs.push(path.clone());
                    self.add(*node, &path, names, variant, random, image);
                }
                Content::File(bytes) => {
                    let content = self.content(*node, bytes, variant, random);
                    image.files.push((path, content));
                }
            }
        }
    }

    fn content<'a>(&'a self, file: Node, safe: &'a [u8], variant: Variant, random: &mut Random) -> Cow<'a, [u8]> {
        let writes = self.unsafe_writes.get(&file).map(Vec::as_slice).unwrap_or_default();
        if writes.is_empty() || variant == Variant::Dropped {
            return Cow::Borrowed(safe);
        }
        let acts: Vec<&Act> = writes.iter().map(|event| &self.trace.events[*event].act).collect();
        if variant == Variant::Torn {
            return Cow::Owned(torn(safe, &acts, random));
        }
        let mut bytes = safe.to_vec();
        acts.iter().for_each(|act| apply_write(&mut bytes, act));
        Cow::Owned(bytes)
    }
}

fn apply_names(nodes: &mut [Content], changes: &[(Node, Vec<u8>, Option<Node>)]) {
    for (dir, name, node) in changes {
        if let Content::Dir(names) = &mut nodes[*dir] {
            match node {
                Some(node) => names.insert(name.clone(), *node),
                None => names.remove(name),
            };
        }
    }
}

fn apply_write(bytes: &mut Vec<u8>, act: &Act) {
    match act {
        Act::Write { offset, bytes: written, .. } => {
            let end = offset + written.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(written);
        }
        Act::SetLen { length, .. } => bytes.resize(*length, 0),
        _ => {}
    }
}

/// Returns each sector as it was after some number of the writes that touch it, and one of the sizes that the file had.
fn torn(safe: &[u8], acts: &[&Act], random: &mut Random) -> Vec<u8> {
    let (mut sizes, mut longest) = (vec![safe.len()], safe.len());
    for act in acts {
        let size = sizes[sizes.len() - 1];
        let size = match act {
            Act::Write { offset, bytes, .. } => size.max(offset + bytes.len()),
            Act::SetLen { length, .. } => *length,
            _ => size,
        };
        longest = longest.max(size);
        sizes.push(size);
    }
    let mut bytes = safe.to_vec();
    bytes.resize(longest, 0);
    let sectors = longest.div_ceil(SECTOR);
    let mut touched: Vec<u32> = vec![0; sectors];
    let ranges: Vec<(usize, usize)> = acts
        .iter()
        .map(|act| match act {
            Act::Write { offset, bytes, .. } => (*offset, offset + bytes.len()),
            Act::SetLen { length, .. } => ((*length).min(longest), longest),
            _ => (0, 0),
        })
        .collect();
    let of = |(from, to): (usize, usize)| if from < to { from / SECTOR..to.div_ceil(SECTOR) } else { 0..0 };
    ranges.iter().for_each(|range| of(*range).for_each(|s| touched[s] += 1));
    let mut left: Vec<u32> = touched.iter().map(|n| random.below(*n as usize + 1) as u32).collect();
    for (act, range) in acts.iter().zip(&ranges) {
        for sector in of(*range) {
            if left[sector] == 0 {
                continue;
            }
            left[sector] -= 1;
            let from = range.0.max(sector * SECTOR);
            let to = range.1.min((sector + 1) * SECTOR);
            match act {
                Act::Write { offset, bytes: written, .. } => {
                    bytes[from..to].copy_from_slice(&written[from - offset..to - offset]);
                }
                _ => bytes[from..to].fill(0),
            }
        }
    }
    let at = random.below(sizes.len());
    let size = match sizes.get(at + 1) {
        // A file that was growing may have got part of the way.
        Some(next) if *next > sizes[at] && random.below(2) == 0 => {
            let part = sizes[at] + random.below(next - sizes[at]);
            (part / SECTOR * SECTOR).max(sizes[at])
        }
        _ => sizes[at],
    };
    bytes.resize(size, 0);
    bytes
}
