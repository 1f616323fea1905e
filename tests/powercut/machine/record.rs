//! Runs a program under `strace` and reads what it did to one directory.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::trace::{Before, Trace};

/// Every call that can change a file, its name, or which file a descriptor means, or that makes changes durable.
/// (`sync_file_range` isn't one: it promises nothing after a power cut.)
const CALLS: &str = "open,openat,openat2,creat,close,dup,dup2,dup3,fcntl,read,readv,lseek,write,writev,pwrite64,pwritev,\
    pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile,splice,tee,vmsplice,mmap,rename,renameat,renameat2,\
    unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,mknod,mknodat,fsync,fdatasync,sync,syncfs,\
    execve,execveat,clone,clone3,fork,vfork,chdir,io_uring_setup";

const INSTALL: &str = "the power-cut test needs strace: `apt-get install strace` (or your system's package of it)";

const REFUSED: &str = "strace may not trace here: allow it (in a container `--cap-add=SYS_PTRACE`, else \
    `sysctl kernel.yama.ptrace_scope=1`)";

/// Records as [`record_with`] does, with the `strace` on the path.
pub fn record(command: &Command, dir: &Path) -> Result<Trace, String> {
    record_with("strace", command, dir)
}

/// Runs `command` to its end and returns what it did below `dir`, which must exist. Each line that it prints counts as
/// an acknowledgement.
pub fn record_with(strace: &str, command: &Command, dir: &Path) -> Result<Trace, String> {
    let dir = dir.canonicalize().map_err(|e| format!("{}: {e}", dir.display()))?;
    let before = Before::read(&dir).map_err(|e| format!("reading {}: {e}", dir.display()))?;
    let scratch = tempfile::tempdir().map_err(|e| format!("making a scratch directory: {e}"))?;
    let log = scratch.path().join("log");
    let mut strace = Command::new(strace);
    strace.args(["-f", "-y", "-xx", "-s", "67108864", "--seccomp-bpf", "-e", "signal=none"]);
    strace.arg("-e").arg(format!("trace={CALLS}")).arg("-o").arg(&log).arg("--");
    strace.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(key, value),
            None => strace.env_remove(key),
        };
    }
    let cwd = command.get_current_dir().unwrap_or(Path::new("."));
    let cwd = cwd.canonicalize().map_err(|e| format!("{}: {e}", cwd.display()))?;
    strace.current_dir(&cwd);
    strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = strace.output().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => INSTALL.to_owned(),
        _ => format!("running strace: {e}"),
    })?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("PTRACE") || errors.contains("ptrace") {
        return Err(format!("{REFUSED}\n{errors}"));
    }
    if !output.status.success() {
        return Err(format!("the recorded program failed ({}):\n{errors}", output.status));
    }
    let log = fs::read_to_string(&log).map_err(|e| format!("reading strace's log: {e}"))?;
    Trace::parse(&log, &dir, &cwd, before)
}
