//! Measures policies: one decision by a table of roles, and a page of "my customers" as the collection grows.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use strongroom::model::{Access, Action, Grantee, NoFacts, Request, Resource, Timestamp};
use strongroom::policy::{AccessPolicy, Roles, Sharing, all_of};
use strongroom::{Actor, KeyFile, NewMeta, Vault};

use crate::Outcome;
use crate::data::{COLLECTION, Customer, admin, schema};
use crate::options::Options;

/// The number of records that the seller owns, and of those that are shared with them, however large the collection is.
const OWN: usize = 100;
const SHARED: usize = 10;
/// The number of records that each of the other sellers owns.
const EACH: usize = 1_000;

/// A figure and what it should be.
pub struct Figure {
    pub name: String,
    pub text: String,
}

pub fn run(options: &Options) -> Outcome<Vec<Figure>> {
    let mut figures = decisions(options);
    figures.extend(growth(options)?);
    Ok(figures)
}

/// Returns 20 roles with 50 grants; the actor holds three of them.
fn roles() -> Roles {
    let mut roles = Roles::new();
    for number in 0..20 {
        roles = roles.role(format!("role-{number}"), |role| {
            let grant = role.on("customers").read(["name", "email", "tier"]).update(["tier"]).own_only();
            let grant = grant.on(format!("orders-{number}")).create().read_all();
            if number % 2 == 0 { grant.on("tickets").read(["title"]) } else { grant }
        });
    }
    roles
}

fn decisions(options: &Options) -> Vec<Figure> {
    let policy = roles();
    let actor = Actor::new("sales-7").with_role("role-3").with_role("role-8").with_role("role-17");
    let (own, other) = (Resource::new().owner("sales-7"), Resource::new().owner("sales-8"));
    let fields = ["tier"];
    let now = Timestamp::from_micros(0);
    let read = Request::new(&actor, Action::Read, now).on("customers").resource(&own);
    let update = Request::new(&actor, Action::Update, now).on("customers").resource(&own).fields(&fields);
    let denied = Request::new(&actor, Action::Read, now).on("customers").resource(&other);
    let times = options.times(1_000_000);
    [("reads their own", read), ("changes a field", update), ("is denied", denied)]
        .into_iter()
        .map(|(name, request)| {
            let mut rounds: Vec<f64> = (0..options.rounds.max(3))
                .map(|_| {
                    let begun = Instant::now();
                    for _ in 0..times {
                        let _ = black_box(policy.decide(black_box(&request), &NoFacts));
                    }
                    begun.elapsed().as_secs_f64() * 1e9 / times as f64
                })
                .collect();
            rounds.sort_by(f64::total_cmp);
            Figure {
                name: format!("decide: 20 roles, 50 grants, {name}"),
                text: format!("{:.0} ns (goal: under 1,000)", rounds[rounds.len() / 2]),
            }
        })
        .collect()
}

fn growth(options: &Options) -> Outcome<Vec<Figure>> {
    let sizes: &[usize] = if options.quick { &[1_000, 10_000] } else { &[10_000, 100_000, 1_000_000] };
    let mut figures = Vec::new();
    let mut first = None;
    for size in sizes {
        let took = page(options, *size)?;
        let base = *first.get_or_insert(took);
        figures.push(Figure {
            name: format!("list my customers ({OWN} own, {SHARED} shared) of {size}"),
            text: format!(
                "{:.2} ms, {:.1} times that of {}",
                took.as_secs_f64() * 1e3,
                took.as_secs_f64() / base.as_secs_f64(),
                sizes[0]
            ),
        });
    }
    Ok(figures)
}

/// Measures one page of everything that the seller may see, of a collection of `size` records.
fn page(options: &Options, size: usize) -> Outcome<Duration> {
    let dir = options.dir.join("policy");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)?;
    let answer = measure(options, &dir, size);
    fs::remove_dir_all(&dir)?;
    answer
}

fn measure(options: &Options, dir: &Path, size: usize) -> Outcome<Duration> {
    let policy = all_of(
        Roles::new().role("admin", |r| r.administer()).role("sales", |r| r.on(COLLECTION).create().read_all().share()),
    )
    .and(Sharing::new().private(COLLECTION));
    let key = KeyFile::create(dir.join("master.key"))?;
    let vault = Vault::options(dir.join("vault")).master_key(key).cache_bytes(options.cache).policy(policy).create()?;
    let tenant = vault.session(admin())?.create_tenant("acme")?;
    tenant.session(admin())?.define_as::<Customer>(schema(0).index_owner())?;
    let seller = |name: &str| tenant.session(Actor::new(name).with_role("sales"));
    let me = seller("me")?.collection_named::<Customer>(COLLECTION)?;

    let mut number = 0;
    let others = size.saturating_sub(OWN);
    for block in 0..others.div_ceil(EACH) {
        let count = EACH.min(others - block * EACH);
        let customers = seller(&format!("sales-{block}"))?.collection_named::<Customer>(COLLECTION)?;
        let mut refused = None;
        customers.import((number..number + count as u64).map(|n| Customer::number(n, 400)), |_, outcome| {
            refused = refused.take().or(outcome.err());
        })?;
        if let Some(error) = refused {
            return Err(error.into());
        }
        number += count as u64;
    }
    let theirs = seller("sales-0")?.collection_named::<Customer>(COLLECTION)?;
    for found in theirs.list(None, SHARED)? {
        theirs.share(found.id, Grantee::Actor("me"), Access::Read, None)?;
    }
    for n in 0..OWN as u64 {
        me.insert_with(&Customer::number(number + n, 400), NewMeta::new())?;
    }

    let mut rounds = Vec::new();
    for _ in 0..options.times(100).max(5) {
        let begun = Instant::now();
        let page = me.list(None, 1_000)?;
        rounds.push(begun.elapsed());
        if page.items.len() != OWN + SHARED || page.next.is_some() {
            return Err(format!("{} records were listed", page.items.len()).into());
        }
    }
    vault.close()?;
    rounds.sort();
    Ok(rounds[rounds.len() / 2])
}
