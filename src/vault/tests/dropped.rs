//! Rows that a list leaves out: where an obligation is unmet, and where the policy fails.

use std::time::Duration;

use crate::audit::{Outcome, Required};
use crate::model::{Clock, Facts, FieldSet, Request};
use crate::policy::{
    AccessPolicy, Decision, Denial, DualControl, Obligation, Permission, PolicyError, PolicyVersion, StepUp, all_of,
    codes,
};
use crate::vault::tests::channels::Hands;
use crate::vault::tests::*;

const HOUR: Duration = Duration::from_secs(3600);
/// Acts on many records.
const BULK: [Action; 4] = [Action::List, Action::Search, Action::Count, Action::Export];

/// The records that each call shows.
type Shown = Vec<(&'static str, Vec<RecordId>)>;

/// Makes every call about many records except for counting, with pages of three, and returns what each shows.
fn shown(customers: &Collection<Customer>) -> Shown {
    let ids = |page: Page<Customer>| -> Vec<RecordId> { page.items.iter().map(|found| found.id).collect() };
    let paged = |page: &dyn Fn(Option<RecordId>) -> Page<Customer>| {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = page(after);
            after = page.next;
            assert!(after.is_none() || page.items.len() == 3, "a page is full where there is another");
            assert!(!page.items.is_empty() || (after.is_none() && all.is_empty()), "no page is empty but an only one");
            all.extend(ids(page));
            if after.is_none() {
                return all;
            }
        }
    };
    let sorted = |down| -> Vec<RecordId> {
        let mut ids: Vec<_> = customers.sorted("email", down, 100).unwrap().iter().map(|found| found.id).collect();
        ids.sort();
        ids
    };
    vec![
        ("list", paged(&|after| customers.list(after, 3).unwrap())),
        ("iter", customers.iter(3).map(|found| found.unwrap().id).collect()),
        ("list_newest", {
            let mut ids = paged(&|before| customers.list_newest(before, 3).unwrap());
            ids.reverse();
            ids
        }),
        ("export", paged(&|after| customers.export(after, 3).unwrap())),
        ("find", paged(&|after| customers.find("name", "Ann", after, 3).unwrap())),
        ("find_all", paged(&|after| customers.find_all(&[("name", "ann".into())], after, 3).unwrap())),
        ("sorted", sorted(false)),
        ("sorted", sorted(true)),
    ]
}

/// Adds twelve customers of one name; every third is labelled, so are the first and the last.
fn labelled(world: &World, label: &str) -> (Vec<RecordId>, Vec<RecordId>) {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for n in 0..13 {
        let customer = Customer::new("Ann", &format!("{n:02}@x.org"));
        let meta = if n % 3 == 0 { NewMeta::new().label(label) } else { NewMeta::new() };
        let id = world.customers().insert_with(&customer, meta).unwrap();
        if n % 3 == 0 { with.push(id) } else { without.push(id) }
    }
    with.sort();
    without.sort();
    (with, without)
}

fn roles() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on_any().create().read_all().export().approve())
        .role("sales", |r| r.on("customers").read_all().export())
}

fn found_by_email(customers: &Collection<Customer>) -> usize {
    (0..13).filter(|n| customers.find_unique("email", format!("{n:02}@x.org")).unwrap().is_some()).count()
}

fn all(with: &[RecordId], without: &[RecordId]) -> Vec<RecordId> {
    let mut all = [with, without].concat();
    all.sort();
    all
}

#[test]
fn rows_that_want_stronger_authentication_are_left_out_of_lists_until_it_was_given() {
    let hands = Hands::default();
    let policy = || all_of(roles()).and(StepUp::new(2, HOUR).labelled("vip").role("sales"));
    let world = World::with(|options| options.policy(policy()).clock(hands.clone()));
    let (vips, others) = labelled(&world, "vip");
    let of = |actor: Actor| world.session(actor).collection::<Customer>().unwrap();
    let weak = of(sales("s").with_authentication(1, hands.now()));
    let strong = of(sales("s").with_authentication(2, hands.now()));
    for (what, ids) in shown(&weak) {
        assert_eq!(ids, others, "{what}");
    }
    assert_eq!((weak.count().unwrap(), found_by_email(&weak)), (8, 8));
    for (what, ids) in shown(&strong) {
        assert_eq!(ids, all(&vips, &others), "{what}");
    }
    assert_eq!((strong.count().unwrap(), found_by_email(&strong)), (13, 13));
    // The log-in grows too old.
    hands.forward(3_601);
    assert_eq!((strong.count().unwrap(), shown(&strong)[0].1.len()), (8, 8));
    assert_eq!(world.verify(), Verdict::Intact);
}

#[test]
fn rows_that_want_approval_are_left_out_of_lists_but_once_under_it() {
    let policy = || all_of(roles()).and(DualControl::new(1).for_acts(BULK).labelled("vip"));
    let world = World::with(|options| options.policy(policy()));
    let (vips, others) = labelled(&world, "vip");
    let sales = world.session(sales("s"));
    let plain = sales.collection::<Customer>().unwrap();
    for (what, ids) in shown(&plain) {
        assert_eq!(ids, others, "{what}");
    }
    assert_eq!((plain.count().unwrap(), found_by_email(&plain)), (8, 8));
    let ids = |page: Page<Customer>| -> Vec<RecordId> { page.items.iter().map(|found| found.id).collect() };
    let everything = all(&vips, &others);
    let try_of = |action, customers: &Collection<Customer>| match action {
        Action::List => customers.list(None, 100).map(ids),
        Action::Search => customers.find("name", "ann", None, 100).map(ids),
        _ => customers.export(None, 100).map(ids),
    };
    let of = |action, customers: &Collection<Customer>| try_of(action, customers).unwrap();
    let under = |act: &dyn Fn(&Collection<Customer>)| {
        let request = sales
            .because("why")
            .ask_approval(HOUR, |session| {
                act(&session.collection()?);
                Ok(())
            })
            .unwrap();
        world.session(boss()).answer(request, true).unwrap();
        sales.under_approval(request).collection::<Customer>().unwrap()
    };
    for action in [Action::List, Action::Search, Action::Export] {
        let approved = under(&|customers| assert!(try_of(action, customers).is_err()));
        assert_eq!(of(action, &approved), everything, "{action}");
        assert_eq!(of(action, &approved), others, "{action} a second time");
    }
    let approved = under(&|customers| assert!(customers.count().is_err()));
    assert_eq!(approved.count().unwrap(), 13);
    assert_eq!(approved.count().unwrap(), 8, "an approval is for one count");
    let approved = under(&|customers| assert!(customers.sorted("email", false, 100).is_err()));
    assert_eq!(approved.sorted("email", false, 100).unwrap().len(), 13);
    assert_eq!(approved.sorted("email", false, 100).unwrap().len(), 8);
    assert_eq!(world.verify(), Verdict::Intact);
}

/// The way in which a policy fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Failure {
    Errs,
    Panics,
    IsLate,
    ObligesOddly,
    /// It doesn't fail: it denies.
    Denies,
}

/// Permits everything, but fails on rows with the label `bad`.
struct Failing(Failure);

const DEADLINE: Duration = Duration::from_millis(400);

impl AccessPolicy for Failing {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        let all = Permission::new("failing").read(FieldSet::All).write(FieldSet::All);
        let bad = request.resource.is_some_and(|resource| resource.id.is_some() && resource.has_label("bad"));
        Ok(match self.0 {
            _ if !bad => all.into(),
            Failure::Errs => return Err(PolicyError::new("the directory is down")),
            Failure::Panics => panic!("in a bad mood"),
            Failure::IsLate => {
                std::thread::sleep(DEADLINE + Duration::from_millis(20));
                all.into()
            }
            Failure::ObligesOddly => all.oblige(Obligation::Other("dance".to_owned())).into(),
            Failure::Denies => Denial::new("no", "bad ones are hidden").into(),
        })
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("failing")
    }
}

fn failing(how: Failure) -> (World, Kept, Vec<RecordId>) {
    let kept = Kept::default();
    let options =
        |options: VaultOptions| options.policy(Failing(how)).policy_deadline(DEADLINE).sink(Required(kept.clone()));
    let world = World::with(options);
    let (_, good) = labelled(&world, "bad");
    world.vault.flush().unwrap();
    (world, kept, good)
}

/// Returns the acts since then, by name, outcome and code.
fn journal(world: &World, kept: &Kept, since: usize) -> Vec<(String, Outcome, String)> {
    world.vault.flush().unwrap();
    let line = |event: Event| (event.action().to_owned(), event.outcome(), event.code().to_owned());
    kept.events().into_iter().skip(since).map(line).collect()
}

/// An act, by its name.
type Call<'a> = (&'a str, Box<dyn Fn() -> usize + 'a>);

fn calls(customers: &Collection<Customer>) -> Vec<Call<'_>> {
    vec![
        ("list", Box::new(|| customers.list(None, 100).unwrap().items.len())),
        ("export", Box::new(|| customers.export(None, 100).unwrap().items.len())),
        ("list", Box::new(|| customers.sorted("email", true, 100).unwrap().len())),
        ("search", Box::new(|| customers.find("name", "ann", None, 100).unwrap().items.len())),
        ("count", Box::new(|| usize::try_from(customers.count().unwrap()).unwrap())),
    ]
}

#[test]
fn rows_on_which_the_policy_fails_are_left_out_and_the_journal_says_so_once_for_each_act() {
    for (how, code) in [
        (Failure::Errs, codes::POLICY_ERROR),
        (Failure::Panics, codes::POLICY_PANIC),
        (Failure::ObligesOddly, codes::UNKNOWN_OBLIGATION),
    ] {
        let (world, kept, good) = failing(how);
        let customers = world.customers();
        for (action, call) in calls(&customers) {
            let before = kept.events().len();
            assert_eq!(call(), good.len(), "{how:?} {action}");
            let denied = (action.to_owned(), Outcome::Denied, code.to_owned());
            let permitted = (action.to_owned(), Outcome::Permitted, String::new());
            assert_eq!(journal(&world, &kept, before), [denied, permitted], "{how:?}");
            let entry = &kept.events()[before];
            assert_eq!((entry.actor(), entry.rows(), entry.subjects().len()), (Some("b"), None, 1));
            assert!(entry.collection().is_some());
        }
        let before = kept.events().len();
        assert!(customers.find_unique("email", "03@x.org").unwrap().is_none());
        let search = |outcome, code: &str| ("search".to_owned(), outcome, code.to_owned());
        let told = [search(Outcome::Denied, code), search(Outcome::Permitted, "")];
        assert_eq!(journal(&world, &kept, before), told, "{how:?}");
        assert_eq!(world.verify(), Verdict::Intact);
    }
}

#[test]
fn rows_on_which_the_policy_is_late_are_left_out_and_the_journal_says_so() {
    let (world, kept, good) = failing(Failure::IsLate);
    let before = kept.events().len();
    assert_eq!(world.customers().list(None, 100).unwrap().items.len(), good.len());
    let list = |outcome, code: &str| ("list".to_owned(), outcome, code.to_owned());
    let told = [list(Outcome::Denied, codes::POLICY_LATE), list(Outcome::Permitted, "")];
    assert_eq!(journal(&world, &kept, before), told);
}

#[test]
fn rows_that_the_policy_denies_leave_no_trace_in_the_journal() {
    let (world, kept, good) = failing(Failure::Denies);
    let customers = world.customers();
    for (action, call) in calls(&customers) {
        let before = kept.events().len();
        assert_eq!(call(), good.len());
        assert_eq!(journal(&world, &kept, before), [(action.to_owned(), Outcome::Permitted, String::new())]);
    }
}

#[test]
fn list_that_fails_after_the_policy_did_leaves_the_trace_all_the_same() {
    let (world, kept, _) = failing(Failure::Errs);
    let customers = world.customers();
    let last = customers.list(None, 100).unwrap().items.last().unwrap().id;
    let mut row =
        stored(&world.memory, Space::Row).into_iter().find(|(key, _)| key.ends_with(last.as_bytes())).unwrap();
    let middle = row.1.len() / 2;
    row.1[middle] ^= 1;
    put(&world.memory, &[(row.0, Some(row.1))]);
    world.vault.flush().unwrap();
    let before = kept.events().len();
    assert!(matches!(customers.list(None, 100), Err(Error::Damaged { .. })));
    let denied = ("list".to_owned(), Outcome::Denied, codes::POLICY_ERROR.to_owned());
    assert_eq!(journal(&world, &kept, before), [denied]);
}
