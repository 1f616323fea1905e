//! Follows a program's descriptors, names and offsets from call to call, as the kernel does, and notes what happens to
//! which file.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::strace::Call;
use super::trace::{Act, Content, Event, Node, ROOT, SyncCall};

/// The result of an `open`, shared by descriptors that were duplicated.
struct Opened {
    node: Node,
    append: bool,
    offset: usize,
}

pub struct Tracer {
    dir: PathBuf,
    cwd: PathBuf,
    pub initial: Vec<Content>,
    /// Names as the running program sees them.
    names: Vec<Option<BTreeMap<Vec<u8>, Node>>>,
    lengths: Vec<usize>,
    opened: Vec<Opened>,
    descriptors: HashMap<i32, usize>,
    printed: Vec<u8>,
    executed: bool,
    pub events: Vec<Event>,
}

impl Tracer {
    pub fn new(dir: &Path, cwd: &Path, initial: Vec<Content>) -> Self {
        let names = initial.iter().map(|c| if let Content::Dir(names) = c { Some(names.clone()) } else { None });
        let lengths = initial.iter().map(|c| if let Content::File(bytes) = c { bytes.len() } else { 0 });
        Self {
            dir: dir.to_owned(),
            cwd: cwd.to_owned(),
            names: names.collect(),
            lengths: lengths.collect(),
            initial,
            opened: Vec::new(),
            descriptors: HashMap::new(),
            printed: Vec::new(),
            executed: false,
            events: Vec::new(),
        }
    }

    pub fn apply(&mut self, call: &Call) -> Result<(), String> {
        let failed = call.result.is_some_and(|r| r < 0) || (call.result.is_none() && call.end.is_some());
        if failed {
            return Ok(());
        }
        match call.name.as_str() {
            "open" | "openat" | "creat" => self.open(call),
            "close" => {
                self.descriptors.remove(&call.fd(0)?);
                Ok(())
            }
            "dup" | "dup2" | "dup3" => self.duplicate(call),
            "fcntl" => match call.arg(1)? {
                "F_DUPFD" | "F_DUPFD_CLOEXEC" => self.duplicate(call),
                "F_SETFL" if call.arg(2)?.contains("O_APPEND") => self.unsupported(call, 0),
                _ => Ok(()),
            },
            "read" | "readv" => {
                let count = count(call);
                if let Some(opened) = self.file(call.fd(0)?) {
                    opened.offset += count;
                }
                Ok(())
            }
            "lseek" => {
                let to = count(call);
                if let Some(opened) = self.file(call.fd(0)?) {
                    opened.offset = to;
                }
                Ok(())
            }
            "write" | "writev" => self.write(call),
            "pwrite64" => self.pwrite(call),
            "ftruncate" => match self.file(call.fd(0)?).map(|opened| opened.node) {
                Some(node) => self.set_len(call, node, call.number(1)?),
                None => Ok(()),
            },
            "truncate" => match self.lookup(call, None, 0)? {
                Some(node) => self.set_len(call, node, call.number(1)?),
                None => Ok(()),
            },
            "fsync" | "fdatasync" => self.sync(call),
            "rename" => self.rename(call, None, 0, None, 1),
            "renameat" => self.rename(call, Some(0), 1, Some(2), 3),
            "renameat2" if call.arg(4)?.contains("EXCHANGE") => Err("RENAME_EXCHANGE isn't modelled".to_owned()),
            "renameat2" => self.rename(call, Some(0), 1, Some(2), 3),
            "unlink" | "rmdir" => self.unlink(call, None, 0),
            "unlinkat" => self.unlink(call, Some(0), 1),
            "mkdir" => self.make_dir(call, None, 0),
            "mkdirat" => self.make_dir(call, Some(0), 1),
            "link" => self.link(call, None, 0, None, 1),
            "linkat" => self.link(call, Some(0), 1, Some(2), 3),
            "symlink" | "symlinkat" | "mknod" | "mknodat" => {
                let (dir, path) = match call.name.as_str() {
                    "symlink" => (None, 1),
                    "symlinkat" => (Some(1), 2),
                    "mknod" => (None, 0),
                    _ => (Some(0), 1),
                };
                if self.place(call, dir, path)?.is_some() {
                    Err(format!("{} isn't modelled", call.name))
                } else {
                    Ok(())
                }
            }
            "mmap" if call.arg(3)?.contains("MAP_SHARED") && call.arg(2)?.contains("PROT_WRITE") => {
                if call.arg(4)?.starts_with('-') { Ok(()) } else { self.unsupported(call, 4) }
            }
            "mmap" => Ok(()),
            "pwritev" | "pwritev2" | "fallocate" | "splice" | "tee" | "vmsplice" => self.unsupported(call, 0),
            "sendfile" => self.unsupported(call, 0),
            "copy_file_range" => self.unsupported(call, 2),
            "sync" | "syncfs" | "openat2" | "io_uring_setup" => Err(format!("{} isn't modelled", call.name)),
            "execve" if !self.executed => {
                self.executed = true;
                Ok(())
            }
            "execve" | "execveat" | "fork" | "vfork" => Err("the program started another one".to_owned()),
            "clone" | "clone3" if !call.args.concat().contains("CLONE_THREAD") => {
                Err("the program started another one".to_owned())
            }
            "clone" | "clone3" => Ok(()),
            "chdir" => {
                self.cwd = normal(&self.cwd.join(OsStr::from_bytes(&call.bytes(0)?)));
                Ok(())
            }
            other => Err(format!("{other} isn't known to the recorder")),
        }
    }

    fn open(&mut self, call: &Call) -> Result<(), String> {
        let (dir, path) = if call.name == "openat" { (Some(0), 1) } else { (None, 0) };
        let flags = if call.name == "creat" { "O_CREAT|O_TRUNC" } else { call.arg(path + 1)? };
        let descriptor = call.result.and_then(|r| i32::try_from(r).ok());
        if let Some(descriptor) = descriptor {
            self.descriptors.remove(&descriptor);
        }
        let Some((parent, name)) = self.place(call, dir, path)? else { return Ok(()) };
        if flags.contains("O_TMPFILE") {
            return Err("O_TMPFILE isn't modelled".to_owned());
        }
        let known = if name.is_empty() { Some(parent) } else { self.entry(parent, &name) };
        let node = match known {
            Some(node) => node,
            None if flags.contains("O_CREAT") => {
                let node = self.make(Content::File(Vec::new()));
                self.set_names(call, vec![(parent, name, Some(node))]);
                node
            }
            None if call.end.is_none() => return Ok(()),
            None => return Err(format!("opened {:?}, which nothing made", String::from_utf8_lossy(&name))),
        };
        if flags.contains("O_TRUNC") && self.lengths[node] > 0 {
            self.set_len(call, node, 0)?;
        }
        if let Some(descriptor) = descriptor {
            self.descriptors.insert(descriptor, self.opened.len());
            self.opened.push(Opened { node, append: flags.contains("O_APPEND"), offset: 0 });
        }
        Ok(())
    }

    fn duplicate(&mut self, call: &Call) -> Result<(), String> {
        let Some(new) = call.result.and_then(|r| i32::try_from(r).ok()) else { return Ok(()) };
        match self.descriptors.get(&call.fd(0)?).copied() {
            Some(opened) => self.descriptors.insert(new, opened),
            None => self.descriptors.remove(&new),
        };
        Ok(())
    }

    fn write(&mut self, call: &Call) -> Result<(), String> {
        let descriptor = call.fd(0)?;
        if descriptor == 1 && !self.descriptors.contains_key(&1) {
            return self.print(call);
        }
        let Some(&at) = self.descriptors.get(&descriptor) else { return Ok(()) };
        let bytes = written(call)?;
        let (node, append, offset) = (self.opened[at].node, self.opened[at].append, self.opened[at].offset);
        let offset = if append { self.lengths[node] } else { offset };
        self.opened[at].offset = offset + bytes.len();
        self.put(call, node, offset, bytes);
        Ok(())
    }

    fn pwrite(&mut self, call: &Call) -> Result<(), String> {
        let Some(opened) = self.file(call.fd(0)?) else { return Ok(()) };
        if opened.append {
            return Err("pwrite64 with O_APPEND isn't modelled".to_owned());
        }
        let node = opened.node;
        let offset = usize::try_from(call.number(3)?).map_err(|e| e.to_string())?;
        self.put(call, node, offset, written(call)?);
        Ok(())
    }

    fn put(&mut self, call: &Call, file: Node, offset: usize, bytes: Vec<u8>) {
        self.lengths[file] = self.lengths[file].max(offset + bytes.len());
        self.event(call, Act::Write { file, offset, bytes });
    }

    /// Notes printed lines. They count from the moment when the printing began: from then on somebody may have read
    /// them.
    fn print(&mut self, call: &Call) -> Result<(), String> {
        self.printed.extend(written(call)?);
        while let Some(end) = self.printed.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.printed.drain(..=end).collect();
            let line = String::from_utf8(line).map_err(|_| "an acknowledgement isn't UTF-8".to_owned())?;
            self.event(call, Act::Ack(line.trim_end().to_owned()));
        }
        Ok(())
    }

    fn set_len(&mut self, call: &Call, file: Node, length: u64) -> Result<(), String> {
        let length = usize::try_from(length).map_err(|e| e.to_string())?;
        self.lengths[file] = length;
        self.event(call, Act::SetLen { file, length });
        Ok(())
    }

    fn sync(&mut self, call: &Call) -> Result<(), String> {
        let Some(node) = self.file(call.fd(0)?).map(|opened| opened.node) else { return Ok(()) };
        let Some(shown) = call.resolved(0)? else { return Err("strace was run without -y".to_owned()) };
        let path = Path::new(OsStr::from_bytes(&shown)).strip_prefix(&self.dir).unwrap_or(Path::new("")).to_owned();
        self.event(call, Act::Sync(SyncCall { node, path, data_only: call.name == "fdatasync", thread: call.pid }));
        Ok(())
    }

    fn rename(
        &mut self,
        call: &Call,
        d1: Option<usize>,
        p1: usize,
        d2: Option<usize>,
        p2: usize,
    ) -> Result<(), String> {
        match (self.place(call, d1, p1)?, self.place(call, d2, p2)?) {
            (None, None) => Ok(()),
            (Some((from, old)), Some((to, new))) => {
                let Some(node) = self.entry(from, &old) else { return unfinished(call, "renamed what nothing made") };
                self.set_names(call, vec![(from, old, None), (to, new, Some(node))]);
                Ok(())
            }
            _ => Err("renamed into or out of the recorded directory".to_owned()),
        }
    }

    fn link(&mut self, call: &Call, d1: Option<usize>, p1: usize, d2: Option<usize>, p2: usize) -> Result<(), String> {
        match (self.lookup(call, d1, p1)?, self.place(call, d2, p2)?) {
            (_, None) => Ok(()),
            (Some(node), Some((to, new))) => {
                self.set_names(call, vec![(to, new, Some(node))]);
                Ok(())
            }
            (None, Some(_)) => unfinished(call, "linked what nothing made"),
        }
    }

    fn unlink(&mut self, call: &Call, dir: Option<usize>, path: usize) -> Result<(), String> {
        let Some((parent, name)) = self.place(call, dir, path)? else { return Ok(()) };
        if self.entry(parent, &name).is_none() {
            return unfinished(call, "removed what nothing made");
        }
        self.set_names(call, vec![(parent, name, None)]);
        Ok(())
    }

    fn make_dir(&mut self, call: &Call, dir: Option<usize>, path: usize) -> Result<(), String> {
        let Some((parent, name)) = self.place(call, dir, path)? else { return Ok(()) };
        let node = self.make(Content::Dir(BTreeMap::new()));
        self.set_names(call, vec![(parent, name, Some(node))]);
        Ok(())
    }

    fn make(&mut self, content: Content) -> Node {
        self.names.push(matches!(content, Content::Dir(_)).then(BTreeMap::new));
        self.lengths.push(0);
        self.initial.push(content);
        self.initial.len() - 1
    }

    fn set_names(&mut self, call: &Call, changes: Vec<(Node, Vec<u8>, Option<Node>)>) {
        for (dir, name, node) in &changes {
            if let Some(names) = &mut self.names[*dir] {
                match node {
                    Some(node) => names.insert(name.clone(), *node),
                    None => names.remove(name),
                };
            }
        }
        self.event(call, Act::Names(changes));
    }

    fn event(&mut self, call: &Call, act: Act) {
        self.events.push(Event { begin: call.begin, end: call.end, act });
    }

    fn file(&mut self, descriptor: i32) -> Option<&mut Opened> {
        self.descriptors.get(&descriptor).map(|at| &mut self.opened[*at])
    }

    fn unsupported(&mut self, call: &Call, argument: usize) -> Result<(), String> {
        match self.file(call.fd(argument)?) {
            Some(_) => Err(format!("{} isn't modelled", call.name)),
            None => Ok(()),
        }
    }

    fn entry(&self, dir: Node, name: &[u8]) -> Option<Node> {
        self.names.get(dir)?.as_ref()?.get(name).copied()
    }

    fn lookup(&self, call: &Call, dir: Option<usize>, path: usize) -> Result<Option<Node>, String> {
        Ok(self.place(call, dir, path)?.and_then(|(parent, name)| self.entry(parent, &name)))
    }

    /// Returns the directory and the name that a path argument means; `None` outside of the recorded directory. The
    /// directory itself has no name.
    fn place(&self, call: &Call, dir: Option<usize>, path: usize) -> Result<Option<(Node, Vec<u8>)>, String> {
        let path = PathBuf::from(OsStr::from_bytes(&call.bytes(path)?));
        let base = match dir {
            Some(dir) if path.is_relative() => {
                let shown = call.resolved(dir)?.ok_or("strace was run without -y")?;
                PathBuf::from(OsStr::from_bytes(&shown))
            }
            _ => self.cwd.clone(),
        };
        let path = normal(&base.join(path));
        let Ok(inside) = path.strip_prefix(&self.dir) else { return Ok(None) };
        let mut names: Vec<&[u8]> = inside.iter().map(OsStrExt::as_bytes).collect();
        let Some(last) = names.pop() else { return Ok(Some((ROOT, Vec::new()))) };
        let mut node = ROOT;
        for name in names {
            match self.entry(node, name) {
                Some(next) => node = next,
                None => return Err(format!("{} uses {path:?}, whose directory nothing made", call.name)),
            }
        }
        Ok(Some((node, last.to_vec())))
    }
}

/// Forgives a call that the process's end cut short.
fn unfinished(call: &Call, why: &str) -> Result<(), String> {
    if call.end.is_none() { Ok(()) } else { Err(why.to_owned()) }
}

fn count(call: &Call) -> usize {
    call.result.and_then(|r| usize::try_from(r).ok()).unwrap_or(0)
}

/// Returns what a write handed over; of one that was cut short, all of it.
fn written(call: &Call) -> Result<Vec<u8>, String> {
    let mut bytes = call.bytes(1)?;
    if call.result.is_some() {
        let taken = count(call);
        if taken > bytes.len() {
            return Err("the log holds fewer bytes than were written".to_owned());
        }
        bytes.truncate(taken);
    }
    Ok(bytes)
}

/// Returns the path without `.` and `..`; symbolic links are the caller's care.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
