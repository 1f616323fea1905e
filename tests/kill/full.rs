//! A disk that takes no more: the limit that the system sets on a file's size stands for it, since it needs no rights.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use strongroom::Error;

use crate::CHILD;
use crate::crash::tests::amount;
use crate::crash::{office, said, text};
use crate::random::{Random, seed};
use crate::rounds::Place;
use crate::victim::Mode;

/// Returns the number of vaults that are limited.
fn limits() -> usize {
    amount(4, 12)
}
/// The highest limit, in the blocks of 512 bytes that `ulimit -f` counts.
const HIGHEST: usize = 3 << 11;
/// The words of a write past the limit, as a full disk would say that there is no space left.
const TOO_LARGE: &str = "File too large";
/// The longest time that ending takes, whatever failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets a child work under limits from nothing to some MiB until it fails; then, without a limit, everything is there.
pub fn limited() -> Result<(), String> {
    let seed = seed();
    println!("limited files: STRONGROOM_SEED={seed}");
    let (begin, mut random) = (Instant::now(), Random::new(seed, 0));
    let (mut in_creation, mut in_opening, mut in_work, mut acks) = (0, 0, 0, 0);
    for n in 0..limits() {
        let home = tempfile::tempdir().map_err(|e| e.to_string())?;
        let mut place = Place::new(home.path(), n as u64)?;
        // Evenly from nothing on; the vault is made under a limit, and worked on under a higher, lower or equal one.
        let limit = HIGHEST * n / limits();
        for limit in [limit, limit + random.below(1_500), random.below(limit + 1)] {
            let told = |why: String| format!("seed {seed}: vault {n}, limit of {limit} blocks: {why}");
            let before = place.model.acks;
            let end = place.fill(limit, random.next()).map_err(told)?;
            acks += place.model.acks - before;
            match end.as_str() {
                "creating" => in_creation += 1,
                "opening" => in_opening += 1,
                _ => in_work += 1,
            }
            place.inspect().map_err(told)?;
        }
        place.go_on().map_err(|why| format!("seed {seed}: vault {n}, without a limit: {why}"))?;
    }
    let ends = format!("{in_creation} in creation, {in_opening} in opening, {in_work} in work");
    println!("  failed: {ends}; {acks} acknowledgements, in {:.0?}", begin.elapsed());
    if in_creation == 0 || in_work < limits() / 2 || acks < limits() {
        Err(format!("too little was tried: {ends}"))
    } else {
        Ok(())
    }
}

impl Place {
    /// Runs a child until a limit of so many blocks stops it. Returns while it did what.
    fn fill(&mut self, blocks: usize, seed: u64) -> Result<String, String> {
        self.start_anew();
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(std::env::current_exe().map_err(|e| e.to_string())?);
        command.args([CHILD, Mode::Fill.name()]).args([&self.dir, &self.key]);
        command.args([seed, self.base].map(|n| n.to_string()));
        let begin = Instant::now();
        let output = command.stderr(Stdio::piped()).output().map_err(|e| e.to_string())?;
        let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let context = || format!("{}, after {:.0?}: {printed:.3000}\n{errors}", output.status, begin.elapsed());
        printed.lines().try_for_each(|line| self.model.line(line))?;
        // It ends by itself, in time, and says what it met; a panic or an abort says something else.
        let last = printed.lines().filter_map(|line| line.strip_prefix("failed ")).next_back();
        let (Some(1), Some(said)) = (output.status.code(), last) else { return Err(context()) };
        if !said.contains(TOO_LARGE) || begin.elapsed() > PATIENCE {
            return Err(context());
        }
        let what = said.split(':').next().unwrap_or_default();
        if what == "oddly" {
            return Err(context());
        }
        Ok(what.to_owned())
    }

    /// Checks that with space again the vault takes new records, or is made.
    fn go_on(&mut self) -> Result<(), String> {
        let options = || office::options(&self.dir, &self.key);
        let vault = match options()?.open() {
            Err(Error::NotAVault { .. }) if !self.model.vault => options()?.create().map_err(said("creating"))?,
            opened => opened.map_err(|error| format!("it doesn't open: {}", text(&error)))?,
        };
        let tenant = match vault.tenants().pop() {
            Some(tenant) => tenant,
            None => vault.session(office::admin()).unwrap().create_tenant("acme").map_err(said("creating a tenant"))?,
        };
        tenant.session(office::admin()).unwrap().define::<office::Customer>().map_err(said("defining"))?;
        let session = tenant.session(office::clerk()).map_err(said("a session"))?;
        let customers = crate::crash::work::customers(&session)?;
        let new = office::Customer::new(u64::MAX / 2, 0);
        let id = customers.insert(&new).map_err(said("inserting"))?;
        let found = customers.get(id).map_err(said("reading"))?;
        vault.close().map_err(said("closing"))?;
        if found.value == new { Ok(()) } else { Err("a record reads wrongly".to_owned()) }
    }
}
