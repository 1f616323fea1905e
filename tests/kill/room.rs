//! A disk that is full: a small file system of the child's own, in memory, made where the system lets anybody do so.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use strongroom::audit::Verdict;
use strongroom::policy::Roles;
use strongroom::{Actor, Collection, Error, KeyFile, RecordId, Vault, VaultOptions};

use crate::CHILD;
use crate::crash::office::{Note, admin, clerk};
use crate::crash::said;
use crate::crash::work::say;

/// The child's first word after its mark.
pub const MODE: &str = "room";
/// The size of the child's disk, as `mount` takes it.
const DISK: &str = "size=48m";
const RESERVE: u64 = 4 << 20;
/// The bytes that can be removed to make room again, in each round: the engine's file never shrinks.
const BALLAST: [usize; 2] = [39 << 20, 33 << 20];
/// The longest time until the vault notices by itself that there is room again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a child on a disk of its own. Where the system gives none, says so and tries nothing.
pub fn full_disk() -> Result<(), String> {
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let disk = home.path().join("disk");
    fs::create_dir(&disk).map_err(|e| e.to_string())?;
    let mounted = |then: &str| {
        let script = format!("mount -t tmpfs -o {DISK} tmpfs \"$0\" && {then}");
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]).arg(&disk);
        command
    };
    if !mounted("true").output().is_ok_and(|done| done.status.success()) {
        println!("  skipped: this system lets nobody mount a file system of their own");
        return Ok(());
    }
    let key = home.path().join("key");
    crate::crash::office::make_key(&key)?;
    let mut command = mounted("exec \"$@\"");
    command.arg(std::env::current_exe().map_err(|e| e.to_string())?);
    command.args([CHILD, MODE]).args([&disk, &key]).args(["0", "0"]);
    let output = command.output().map_err(|e| e.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    print!("{printed}");
    if output.status.success() && printed.contains("through") {
        Ok(())
    } else {
        Err(format!("{}: {printed}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
    }
}

pub fn child(disk: &Path, key: &Path) -> Result<(), String> {
    let dir = disk.join("vault");
    let vault = options(&dir, key)?.create().map_err(said("creating"))?;
    let tenant = vault.session(admin()).unwrap().create_tenant("acme").map_err(said("a tenant"))?;
    tenant.session(admin()).unwrap().define::<Note>().map_err(said("defining"))?;
    vault.close().map_err(said("closing"))?;
    let mut model = Model::default();
    let mut next = 1;
    for (round, ballast) in BALLAST.into_iter().enumerate() {
        put(&disk.join("ballast"), ballast)?;
        let vault = options(&dir, key)?.open().map_err(said("opening"))?;
        expect(!vault.health().low_space && reserved(&dir) == Some(RESERVE), "there is room at first")?;
        let kept = model.notes.len();
        fill(&vault, &mut model, &mut next)?;
        expect(vault.health().stopped, "it stopped")?;
        expect(matches!(vault.close(), Err(Error::Stopped { .. })), "closing reports it")?;
        drop(vault);
        put(&disk.join("brim"), usize::MAX)?;
        say(&format!("round {round}: full after {} notes", model.notes.len() - kept));

        helped(&dir, key, &mut model)?;
        // Opened once more, nothing has changed.
        let vault = options(&dir, key)?.open().map_err(said("opening once more"))?;
        expect(vault.health().low_space, "there is no room yet")?;
        if round == 0 {
            vault.close().map_err(said("closing"))?;
            make_room(disk)?;
        } else {
            make_room(disk)?;
            let begin = Instant::now();
            while vault.health().low_space && begin.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(100));
            }
            expect(!vault.health().low_space, "it notices by itself that there is room")?;
            notes(&vault)?
                .insert(&Note::new(next, 0, 0))
                .map(|id| model.notes.insert(id, next))
                .map_err(said("writing"))?;
            next += 1;
            vault.close().map_err(said("closing"))?;
        }
        let vault = options(&dir, key)?.open().map_err(said("opening with room"))?;
        expect(!vault.health().low_space && reserved(&dir) == Some(RESERVE), "the space is reserved again")?;
        notes(&vault)?
            .insert(&Note::new(next, 0, 0))
            .map(|id| model.notes.insert(id, next))
            .map_err(said("writing"))?;
        next += 1;
        model.check(&vault)?;
        vault.close().map_err(said("closing"))?;
    }
    say("through");
    Ok(())
}

/// Checks what a vault on a full disk does and doesn't do.
fn helped(dir: &Path, key: &Path, model: &mut Model) -> Result<(), String> {
    let vault = options(dir, key)?.open().map_err(said("opening on a full disk"))?;
    expect(vault.health().low_space && reserved(dir).is_none(), "the reserve is given up")?;
    expect(vault.health().notices.iter().any(|notice| notice.contains("no room")), "it is told of")?;
    let full = |what: &str, result: Result<(), Error>| match result {
        Err(Error::Full) => Ok(()),
        other => Err(format!("{what} on a full disk: {other:?}")),
    };
    let notes = notes(&vault)?;
    let tenant = vault.tenant("acme").map_err(said("the tenant"))?;
    full("an insert", notes.insert(&Note::new(u64::MAX, 0, 0)).map(drop))?;
    full("a tenant", vault.session(admin()).unwrap().create_tenant("globex").map(drop))?;
    model.check(&vault)?;
    let first = *model.notes.keys().next().ok_or("nothing was ever written")?;
    full("an update", notes.update(first, |note| note.customer = 1).map(drop))?;
    let before = vault.health().journal_blocks;
    notes.delete(first).map_err(said("deleting"))?;
    expect(vault.health().journal_blocks > before, "what helps is on record")?;
    model.notes.remove(&first);
    model.deleted.push(first);
    tenant.session(security()).unwrap().because("fills the disk").suspend("clerk-9").map_err(said("suspending"))?;
    tenant.session(security()).unwrap().because("sorry").reinstate("clerk-9").map_err(said("reinstating"))?;
    // Reads are taken for a while, and then they would use up what is left.
    let reads = (0..2_000).take_while(|_| notes.list(None, 1).is_ok()).count();
    expect((900..1_024).contains(&reads), &format!("{reads} reads"))?;
    full("a read", notes.list(None, 1).map(drop))?;
    let second = *model.notes.keys().next().ok_or("too little was written")?;
    notes.delete(second).map_err(said("deleting once more"))?;
    model.notes.remove(&second);
    model.deleted.push(second);
    expect(vault.session(admin()).unwrap().verify().map_err(said("verifying"))? == Verdict::Intact, "it is intact")?;
    vault.close().map_err(said("closing on a full disk"))
}

/// The operations that were acknowledged.
#[derive(Default)]
struct Model {
    notes: BTreeMap<RecordId, u64>,
    deleted: Vec<RecordId>,
    /// Keys whose write came to an error: each may be there.
    perhaps: Vec<u64>,
}

impl Model {
    fn check(&self, vault: &Vault) -> Result<(), String> {
        let verdict = vault.session(admin()).unwrap().verify().map_err(said("verifying"))?;
        expect(verdict == Verdict::Intact, &format!("{verdict:?}"))?;
        let (notes, mut found, mut after) = (notes(vault)?, BTreeMap::new(), None);
        loop {
            let page = notes.list(after, 1_000).map_err(said("listing"))?.items;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            found.extend(page.into_iter().map(|found| (found.id, found.value.key)));
        }
        for (id, key) in &self.notes {
            expect(found.remove(id) == Some(*key), &format!("note {key} was acknowledged"))?;
        }
        expect(found.values().all(|key| self.perhaps.contains(key)), "nothing else is there")?;
        expect(found.keys().all(|id| !self.deleted.contains(id)), "what was deleted stays so")
    }
}

/// Writes until that fails, as it does on a full disk.
fn fill(vault: &Vault, model: &mut Model, next: &mut u64) -> Result<(), String> {
    let notes = notes(vault)?;
    loop {
        let key = *next;
        *next += 1;
        match notes.insert(&Note::new(key, 0, 0)) {
            Ok(id) => drop(model.notes.insert(id, key)),
            Err(Error::Stopped { .. } | Error::DiskFull { .. } | Error::Io { .. }) => {
                model.perhaps.push(key);
                // The engine writes in the background too, and a read may be the first to hear of it.
                for _ in 0..50 {
                    let _told = notes.insert(&Note::new(*next, 0, 0));
                    model.perhaps.push(*next);
                    *next += 1;
                }
                return Ok(());
            }
            Err(error) => return Err(said("writing")(error)),
        }
    }
}

fn options(dir: &Path, key: &Path) -> Result<VaultOptions, String> {
    use strongroom::model::Action;
    let policy = Roles::new()
        .role("admin", |r| r.administer())
        .role("security", |r| r.may([Action::Suspend]))
        .role("clerk", |r| r.on_any().create().read_all().update_all().delete());
    let key = KeyFile::open(key).map_err(|e| said("the key file")(e.into()))?;
    Ok(Vault::options(dir).master_key(key).policy(policy).cache_bytes(1 << 20).reserve_bytes(RESERVE))
}

fn security() -> Actor {
    Actor::new("security-1").with_role("security")
}

fn notes(vault: &Vault) -> Result<Collection<Note>, String> {
    let session = vault.tenant("acme").and_then(|tenant| tenant.session(clerk())).map_err(said("a session"))?;
    session.collection().map_err(said("the collection"))
}

fn reserved(dir: &Path) -> Option<u64> {
    fs::metadata(dir.join("reserve")).ok().map(|found| found.len())
}

/// Makes a file of so many bytes, or of as many as there is room for.
fn put(path: &Path, bytes: usize) -> Result<(), String> {
    let mut file = File::create(path).map_err(|e| e.to_string())?;
    let mut left = bytes;
    for size in [1 << 16, 1] {
        while left > 0 {
            match file.write(&vec![7; size.min(left)]) {
                Ok(written) if written > 0 => left -= written,
                _ => break,
            }
        }
    }
    Ok(())
}

fn make_room(disk: &Path) -> Result<(), String> {
    ["ballast", "brim"].iter().try_for_each(|name| fs::remove_file(disk.join(name)).map_err(|e| e.to_string()))
}

fn expect(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("not so: {what}")) }
}
