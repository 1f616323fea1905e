//! One line of `strace -f -y -xx`, taken apart.
//!
//! A call that another thread interrupts is logged in two lines, `<unfinished ...>` and `resumed`; they come out as one
//! call with two positions. Between them the call may have happened at any moment.

use std::collections::HashMap;

/// A system call that was made, and where in the log it began and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub begin: usize,
    /// `None` for a call that the process's end cut short: it may have happened or not.
    pub end: Option<usize>,
    pub pid: u32,
    pub name: String,
    pub args: Vec<String>,
    /// `None` where the log has no number.
    pub result: Option<i64>,
}

/// Reads the calls of a whole log, by the position of their beginning.
pub fn calls(log: &str) -> Result<Vec<Call>, String> {
    let mut calls: Vec<Call> = Vec::new();
    let mut open: HashMap<u32, (usize, &str)> = HashMap::new();
    for (at, line) in log.lines().enumerate() {
        let error = |why: &str| format!("line {} of the strace log: {why}: {:.200}", at + 1, line);
        let (pid, text) = line.trim_start().split_once(' ').ok_or_else(|| error("no process id"))?;
        let pid: u32 = pid.parse().map_err(|_| error("no process id"))?;
        let text = text.trim_start();
        if text.starts_with("+++") || text.starts_with("---") || text.starts_with("strace: ") {
            continue;
        }
        if let Some(begun) = text.strip_suffix("<unfinished ...>") {
            if open.insert(pid, (at, begun.trim_end())).is_some() {
                return Err(error("a second call of one thread began before the first ended"));
            }
            continue;
        }
        if let Some(rest) = text.strip_prefix("<... ") {
            let (name, rest) = rest.split_once(" resumed>").ok_or_else(|| error("no `resumed`"))?;
            let (begin, begun) = open.remove(&pid).ok_or_else(|| error("resumed what never began"))?;
            if !begun.starts_with(&format!("{name}(")) {
                return Err(error("resumed another call than the one that began"));
            }
            calls.push(call(begin, Some(at), pid, &format!("{begun}{rest}")).ok_or_else(|| error("not a call"))?);
        } else {
            calls.push(call(at, Some(at), pid, text).ok_or_else(|| error("not a call"))?);
        }
    }
    for (pid, (begin, begun)) in open {
        let text = format!("{begun}) = ?");
        calls.push(call(begin, None, pid, &text).ok_or_else(|| format!("not a call: {begun:.200}"))?);
    }
    calls.sort_by_key(|call| call.begin);
    Ok(calls)
}

/// Reads `name(arg, arg) = result ...`
fn call(begin: usize, end: Option<usize>, pid: u32, text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (args, rest) = split_args(rest)?;
    let result = rest.trim_start().strip_prefix("= ")?;
    let number = result.split([' ', '<']).next()?;
    let end = if number == "?" { None } else { end };
    let result = match number.strip_prefix("0x") {
        Some(address) => u64::from_str_radix(address, 16).ok().map(|a| a as i64),
        None => number.parse().ok(),
    };
    Some(Call { begin, end, pid, name: name.to_owned(), args, result })
}

/// Splits at the commas that stand in no bracket and no string, up to the closing parenthesis.
fn split_args(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut args, mut depth, mut quoted, mut from) = (Vec::new(), 0usize, false, 0);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quoted => {
                bytes.next();
            }
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => {
                let last = text[from..at].trim();
                if !last.is_empty() {
                    args.push(last.to_owned());
                }
                return Some((args, &text[at + 1..]));
            }
            b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                args.push(text[from..at].trim().to_owned());
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

impl Call {
    pub fn arg(&self, n: usize) -> Result<&str, String> {
        self.args.get(n).map(String::as_str).ok_or_else(|| format!("{} has no argument {n}", self.name))
    }

    /// Reads a file descriptor; with `-y` its path follows in angle brackets.
    pub fn fd(&self, n: usize) -> Result<i32, String> {
        let arg = self.arg(n)?;
        let number = arg.split('<').next().unwrap_or_default();
        number.parse().map_err(|_| format!("{}: {arg:.100} is no file descriptor", self.name))
    }

    pub fn number(&self, n: usize) -> Result<u64, String> {
        let arg = self.arg(n)?;
        arg.parse().map_err(|_| format!("{}: {arg:.100} is no number", self.name))
    }

    /// Reads the bytes of a string, or of all the strings of a list of buffers.
    pub fn bytes(&self, n: usize) -> Result<Vec<u8>, String> {
        let arg = self.arg(n)?;
        let (mut out, mut rest) = (Vec::new(), arg);
        while let Some(at) = rest.find('"') {
            rest = &rest[at + 1..];
            let end = rest.find('"').ok_or_else(|| format!("{}: a string without end", self.name))?;
            unescape(&rest[..end], &mut out).ok_or_else(|| format!("{}: a string that isn't in hex", self.name))?;
            rest = &rest[end + 1..];
            if rest.starts_with("...") {
                return Err(format!("{}: a string was cut short", self.name));
            }
        }
        Ok(out)
    }

    /// Reads what stands in the angle brackets after an argument.
    pub fn resolved(&self, n: usize) -> Result<Option<Vec<u8>>, String> {
        let arg = self.arg(n)?;
        let Some((_, path)) = arg.split_once('<') else { return Ok(None) };
        let mut out = Vec::new();
        let path = path.strip_suffix('>').unwrap_or(path);
        unescape(path, &mut out).ok_or_else(|| format!("{}: a path that isn't in hex", self.name))?;
        Ok(Some(out))
    }
}

/// Reads `\x41` and plain characters.
fn unescape(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            if bytes.get(at + 1) != Some(&b'x') {
                return None;
            }
            let digit = |n: usize| bytes.get(n).and_then(|b| char::from(*b).to_digit(16));
            out.push(u8::try_from(digit(at + 2)? * 16 + digit(at + 3)?).ok()?);
            at += 4;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    Some(())
}
