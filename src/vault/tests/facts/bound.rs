//! Acts bound by approvals; every act that can be obliged to approvals can be approved and done.

use crate::audit::Required;
use crate::policy::danger::AllowAll;
use crate::policy::{DualControl, all_of};
use crate::vault::tests::facts::*;

type InTenant = Box<dyn Fn(&Session) -> Result<(), Error>>;
type InVault = Box<dyn Fn(&VaultSession) -> Result<(), Error>>;

fn in_tenant<T>(act: impl Fn(&Session) -> Result<T, Error> + 'static) -> InTenant {
    Box::new(move |session| act(session).map(drop))
}

fn in_vault<T>(act: impl Fn(&VaultSession) -> Result<T, Error> + 'static) -> InVault {
    Box::new(move |session| act(session).map(drop))
}

fn on<T>(act: impl Fn(&Collection<Customer>) -> Result<T, Error> + 'static) -> InTenant {
    in_tenant(move |session| act(&session.collection()?))
}

/// Something to define.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Extra {
    text: String,
}

impl Record for Extra {
    fn schema() -> Schema {
        Schema::new("extras")
    }

    fn example() -> Self {
        Self { text: "text".into() }
    }
}

/// A vault with a customer of ann's, one of bo's and an emergency that is over; then everything wants one approval.
struct Strict {
    world: World,
    id: RecordId,
    other: RecordId,
    /// About the same data subject as the first, and at the same revision.
    kin: RecordId,
    emergency: RecordId,
}

/// Everything wants so many approvals but this act.
fn obliged_but(act: Option<Action>, approvals: u32) -> impl AccessPolicy {
    let acts = Action::ALL.iter().copied().filter(|action| action.can_be_approved() && Some(*action) != act);
    all_of(AllowAll).and(DualControl::new(approvals).for_acts(acts))
}

fn everything_approved() -> impl AccessPolicy {
    obliged_but(None, 1)
}

impl Strict {
    fn new(policy: impl AccessPolicy + 'static) -> Self {
        let world = World::with(|options| options.policy(AllowAll));
        let insert = |owner: &str| {
            let customer = Customer::new(owner, &format!("{owner}@x.org"));
            world.customers().insert_with(&customer, NewMeta::new().owner(owner)).unwrap()
        };
        let (id, other) = (insert("ann"), insert("bo"));
        let about = NewMeta::new().owner("ann").about("customers", id);
        let kin = world.customers().insert_with(&Customer::new("kin", "kin@x.org"), about).unwrap();
        let hero = world.session(Actor::new("hero")).because("fire");
        let emergency = hero.break_glass(HOUR).unwrap().id;
        hero.end_emergency().unwrap();
        world.vault.session(admin()).unwrap().set_policy(policy).unwrap();
        Self { world, id, other, kin, emergency }
    }

    fn officer(&self, id: &str) -> Session {
        self.world.session(Actor::new(id).with_role("officer")).because("it has to be")
    }

    fn of_vault(&self, id: &str) -> VaultSession {
        self.world.vault.session(Actor::new(id).with_role("officer")).unwrap().because("it has to be")
    }

    /// Asks for an act in the tenant, and has it approved.
    fn approved(&self, who: &str, act: &InTenant) -> Session {
        let officer = self.officer(who);
        let id = officer.ask_approval(HOUR, act).unwrap();
        let approver = self.officer("approver");
        assert!(approver.approvals(None, 1_000).unwrap().iter().any(|request| request.id == id));
        approver.answer(id, true).unwrap();
        officer.under_approval(id)
    }

    /// Asks for an act of the vault itself, and has it approved.
    fn approved_in_vault(&self, who: &str, act: &InVault) -> VaultSession {
        let officer = self.of_vault(who);
        let id = officer.ask_approval(HOUR, act).unwrap();
        let approver = self.of_vault("approver");
        assert!(approver.approvals(None, 1_000).unwrap().iter().any(|request| request.id == id));
        approver.answer(id, true).unwrap();
        officer.under_approval(id)
    }

    /// An approval of `acts[0]` does nothing for the others, and the other way round.
    fn differ(&self, acts: &[InTenant]) {
        for (n, act) in acts.iter().enumerate() {
            for (m, other) in acts.iter().enumerate().filter(|(m, _)| *m != n) {
                let under = self.approved(&format!("ann-{n}-{m}"), act);
                assert_eq!(code(other(&under)), codes::APPROVAL_REQUIRED, "{n} does for {m}");
            }
        }
        let under = self.approved("zoe", &acts[0]);
        acts[0](&under).unwrap();
        let table = under.inner.tenant.facts.read();
        assert!(table.approval(under.inner.who.approval.unwrap()).unwrap().used.is_some());
    }

    fn differ_in_vault(&self, acts: &[InVault]) {
        for (n, act) in acts.iter().enumerate() {
            for (m, other) in acts.iter().enumerate().filter(|(m, _)| *m != n) {
                let under = self.approved_in_vault(&format!("ann-{n}-{m}"), act);
                assert_eq!(code(other(&under)), codes::APPROVAL_REQUIRED, "{n} does for {m}");
            }
        }
        let under = self.approved_in_vault("zoe", &acts[0]);
        acts[0](&under).unwrap();
        let table = under.core.facts.read();
        assert!(table.approval(under.who.approval.unwrap()).unwrap().used.is_some());
    }
}

#[test]
fn approval_for_one_write_does_nothing_for_another() {
    let strict = Strict::new(obliged_but(Some(Action::Read), 1));
    let (id, other) = (strict.id, strict.other);
    // Before anything is changed: these records differ by their ids alone, two of them even share a data subject.
    let delete = |id| on(move |rows| rows.delete(id));
    strict.differ(&[delete(strict.kin), delete(id), delete(other)]);
    let tier = |id, tier| on(move |rows| rows.update(id, |c| c.tier = Some(tier)));
    strict.differ(&[
        tier(id, 9),
        tier(id, 8),
        tier(other, 9),
        on(move |rows| rows.update(id, |c| c.tier = None)),
        on(move |rows| rows.update(id, |c| (c.tier, c.name) = (Some(9), "x".to_owned()))),
        on(move |rows| rows.delete(id)),
    ]);
    let insert = |name: &'static str, meta: NewMeta| {
        on(move |rows| rows.insert_with(&Customer::new(name, "new@x.org"), meta.clone()))
    };
    strict.differ(&[
        insert("New", NewMeta::new()),
        insert("Knew", NewMeta::new()),
        insert("New", NewMeta::new().owner("x")),
        insert("New", NewMeta::new().no_owner()),
        insert("New", NewMeta::new().label("vip")),
        insert("New", NewMeta::new().about("customers", id)),
        insert("New", NewMeta::new().retain_until(Timestamp::from_micros(i64::MAX))),
    ]);
    let transfer = |id, owner: Option<&'static str>| on(move |rows| rows.transfer(id, owner));
    strict.differ(&[
        transfer(other, Some("x")),
        transfer(other, Some("y")),
        transfer(other, None),
        transfer(id, Some("x")),
    ]);
    let until = Some(Timestamp::from_micros(i64::MAX));
    let share = |with: Grantee<'static>, access, until| on(move |rows| rows.share(id, with, access, until));
    strict.differ(&[
        share(Grantee::Actor("x"), Access::Read, None),
        share(Grantee::Actor("y"), Access::Read, None),
        share(Grantee::Role("x"), Access::Read, None),
        share(Grantee::Actor("x"), Access::Write, None),
        share(Grantee::Actor("x"), Access::Read, until),
        on(move |rows| rows.unshare(id, Grantee::Actor("x"))),
        on(move |rows| rows.shares(id)),
    ]);
    strict.world.vault.close().unwrap();
}

#[test]
fn approval_for_one_read_does_nothing_for_another() {
    let strict = Strict::new(everything_approved());
    let (id, other) = (strict.id, strict.other);
    strict.differ(&[
        on(move |rows| rows.get(id)),
        on(move |rows| rows.get(other)),
        Box::new(move |session| session.journal().history("customers", id, None, 10).map(drop)),
    ]);
    strict.differ(&[on(move |rows| rows.unmask(id, &["tier"])), on(move |rows| rows.unmask(id, &["email"]))]);
    strict.differ(&[
        on(|rows| rows.find("name", "ann", None, 10)),
        on(|rows| rows.find("name", "bo", None, 10)),
        on(|rows| rows.find("email", "ann", None, 10)),
        on(|rows| rows.find("name", "ann", None, 11)),
        on(move |rows| rows.find("name", "ann", Some(id), 10)),
    ]);
    strict.differ(&[
        on(|rows| rows.list(None, 10)),
        on(|rows| rows.list(None, 11)),
        on(move |rows| rows.list(Some(id), 10)),
        on(|rows| rows.sorted("name", false, 10)),
        on(|rows| rows.export(None, 10)),
        in_tenant(|session| session.collection::<Note>()?.list(None, 10)),
    ]);
    let aloud = |purpose: &'static str| in_tenant(move |s| s.for_purpose(purpose).collection::<Customer>()?.count());
    strict.differ(&[aloud("help"), aloud("campaign"), on(Collection::count)]);
}

#[test]
fn approval_for_one_act_of_administration_does_nothing_for_another() {
    let strict = Strict::new(everything_approved());
    let (id, emergency) = (strict.id, strict.emergency);
    let leave = |who: &'static str, heir: Option<&'static str>| in_tenant(move |s| s.offboard(who, heir)?.execute());
    strict.differ(&[
        in_tenant(|session| session.suspend("x")),
        in_tenant(|session| session.suspend("y")),
        in_tenant(|session| session.reinstate("x")),
        in_tenant(|session| session.require_step_up("x", 2)),
        in_tenant(|session| session.waive_step_up("x")),
        in_tenant(Session::suspended),
        leave("x", None),
    ]);
    strict.differ(&[
        in_tenant(|session| session.require_step_up("x", 2)),
        in_tenant(|session| session.require_step_up("x", 3)),
        in_tenant(|session| session.require_step_up("y", 2)),
    ]);
    strict.differ(&[
        leave("ann", Some("heir")),
        leave("ann", Some("other")),
        leave("ann", None),
        leave("bo", Some("heir")),
    ]);
    strict.differ(&[
        in_tenant(move |session| session.review_emergency(emergency, "fine")),
        in_tenant(move |session| session.review_emergency(emergency, "not fine")),
        in_tenant(Session::emergencies),
    ]);
    let entries = |actor: &'static str| in_tenant(move |s| s.journal().entries().by_actor(actor).page(10, None));
    strict.differ(&[
        entries("ann"),
        entries("bo"),
        in_tenant(|session| session.journal().entries().by_actor("ann").page(11, None)),
        in_tenant(|session| session.journal().entries().by_actor("ann").newest_first().page(10, None)),
        in_tenant(|session| session.journal().disclosures().by_actor("ann").report()),
        in_tenant(|session| session.journal().evidence([], &[])),
    ]);
    let asked = |who: &'static str| in_tenant(move |s| s.inquire().actions_on(&Actor::new(who), "customers", id));
    strict.differ(&[
        asked("x"),
        asked("y"),
        in_tenant(move |session| session.inquire().actions_on(&Actor::new("x").with_role("r"), "customers", id)),
        in_tenant(move |session| session.inquire().of_policy(&AllowAll).actions_on(&Actor::new("x"), "customers", id)),
        in_tenant(|session| session.inquire().what_can(&Actor::new("x"))),
        in_tenant(|session| session.inquire().review(&[Actor::new("x")], 30)),
    ]);
    let wider = || Schema::new("customers").unique("email", Normalizer::Email).index("name", Normalizer::Exact);
    strict.differ(&[
        in_tenant(move |session| session.define_as::<Customer>(wider())),
        in_tenant(move |session| session.define_as::<Customer>(wider().index_owner())),
        in_tenant(Session::define::<Extra>),
    ]);
    // What is defined already needs nobody's approval.
    strict.officer("zed").define_as::<Customer>(wider()).unwrap();
    strict.differ(&[
        in_tenant(|session| session.freeze(Freeze::ReadOnly)),
        in_tenant(|session| session.freeze(Freeze::Closed)),
        in_tenant(Session::unfreeze),
        in_tenant(Session::frozen),
    ]);
}

#[test]
fn approval_for_one_act_of_the_vault_does_nothing_for_another() {
    let strict = Strict::new(everything_approved());
    strict.differ_in_vault(&[
        in_vault(|session| session.create_tenant("globex")),
        in_vault(|session| session.create_tenant("initech")),
    ]);
    strict.differ_in_vault(&[
        in_vault(VaultSession::verify),
        in_vault(VaultSession::verify_quick),
        in_vault(VaultSession::head),
        in_vault(|session| session.scrub(ScrubOptions::default())?.wait()),
    ]);
    strict.differ_in_vault(&[
        in_vault(|session| session.journal().entries().page(10, None)),
        in_vault(|session| session.journal().entries().page(11, None)),
    ]);
    let policy = |approvals: u32| in_vault(move |session| session.set_policy(obliged_but(None, approvals)));
    strict.differ_in_vault(&[policy(2), policy(3)]);
    // Two have to approve from now on.
    let (ann, one) = (strict.of_vault("ann"), policy(1));
    let id = ann.ask_approval(HOUR, &one).unwrap();
    let asked =
        strict.of_vault("bo").approvals(None, 10).unwrap().into_iter().find(|request| request.id == id).unwrap();
    assert_eq!((asked.action, asked.collection, asked.wanted), (Action::ChangePolicy, None, Some(2)));
    assert!(asked.about.contains(&("policy".to_owned(), everything_approved().version().to_string())));
    strict.of_vault("bo").answer(id, true).unwrap();
    assert_eq!(code(one(&ann.under_approval(id))), codes::APPROVAL_REQUIRED);
    assert_eq!(code(ann.answer(id, true)), codes::OWN_REQUEST);
    strict.of_vault("cy").answer(id, true).unwrap();
    let vault = {
        strict.world.vault.close().unwrap();
        open_options(&strict.world.memory).policy(AllowAll).open().unwrap()
    };
    let asked = vault.session(boss()).unwrap().approvals(None, 10).unwrap();
    assert!(asked.iter().any(|request| request.id == id && request.approved_by == ["bo", "cy"]));
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
}

#[test]
fn approval_is_for_the_revision_that_it_was_asked_for() {
    let strict = Strict::new(all_of(AllowAll).and(DualControl::new(1).for_acts([
        Action::Delete,
        Action::Transfer,
        Action::Unmask,
    ])));
    let id = strict.id;
    let tier = |n| strict.world.customers().update(id, |c| c.tier = Some(n)).unwrap();
    for act in [
        on(move |rows| rows.delete(id)),
        on(move |rows| rows.transfer(id, Some("x"))),
        on(move |rows| rows.unmask(id, &["tier"])),
    ] {
        let under = strict.approved("ann", &act);
        tier(8);
        assert_eq!(code(act(&under)), codes::APPROVAL_REQUIRED);
        tier(9);
        act(&strict.approved("ann", &act)).unwrap_or_else(|error| panic!("{error}"));
        if strict.world.customers().get(id).is_err() {
            break;
        }
    }
    let strict = Strict::new(all_of(AllowAll).and(DualControl::new(1).for_acts([Action::Update])));
    let id = strict.id;
    let update = on(move |rows| rows.update(id, |c| c.tier = Some(9)));
    let under = strict.approved("ann", &update);
    let renamed = strict.approved("bo", &on(move |rows| rows.update(id, |c| c.name = "x".to_owned())));
    renamed.collection::<Customer>().unwrap().update(id, |c| c.name = "x".to_owned()).unwrap();
    let mut seen = 0;
    let late = under.collection::<Customer>().unwrap().update(id, |_| seen += 1);
    assert_eq!((code(late).as_str(), seen), (codes::APPROVAL_REQUIRED, 0));
}

#[test]
fn approval_of_an_update_is_used_up_before_its_closure_sees_the_record_whatever_it_changes() {
    let strict = Strict::new(all_of(AllowAll).and(DualControl::new(1).for_acts([Action::Update])));
    let id = strict.id;
    let under = strict.approved("ann", &on(move |rows| rows.update(id, |c| c.tier = Some(9))));
    let customers = under.collection::<Customer>().unwrap();
    let mut seen = 0;
    for tier in [8, 9, 9] {
        let refused = customers.update(id, |c| {
            seen += 1;
            c.tier = Some(tier);
        });
        assert_eq!(code(refused), codes::APPROVAL_REQUIRED);
    }
    assert_eq!(seen, 1);
    assert_eq!(customers.get(id).unwrap().value.tier, Some(1));
    let mut batch = strict.approved("bo", &on(move |rows| rows.update(id, |c| c.tier = Some(7)))).batch();
    batch.update(&customers, id, |c| c.tier = Some(7)).unwrap();
    batch.commit().unwrap();
    assert_eq!(customers.get(id).unwrap().value.tier, Some(7));
}

#[test]
fn update_that_is_cut_short_behind_its_approval_is_not_done_and_not_shown_again() {
    let policy = || all_of(AllowAll).and(DualControl::new(1).for_acts([Action::Update]));
    let strict = Strict::new(policy());
    let id = strict.id;
    let under = strict.approved("ann", &on(move |rows| rows.update(id, |c| c.tier = Some(9))));
    let mut twin = None;
    let stopped: Result<_, Error> = under.collection::<Customer>().unwrap().try_update(id, |_| {
        // As after a crash while the closure runs: what is in the store, and no more.
        twin = Some(copy(&strict.world.memory));
        Err(Error::NotFound)
    });
    assert!(stopped.is_err());
    let vault = open_options(&twin.unwrap()).policy(policy()).open().unwrap();
    let again = vault.tenant("acme").unwrap().session(under.actor().clone()).unwrap();
    for session in [under.clone(), again.under_approval(under.inner.who.approval.unwrap())] {
        let mut seen = 0;
        let customers = session.collection::<Customer>().unwrap();
        let refused = customers.update(id, |customer| {
            seen += 1;
            customer.tier = Some(9);
        });
        assert_eq!((code(refused).as_str(), seen), (codes::APPROVAL_REQUIRED, 0));
        assert_eq!(customers.get(id).unwrap().value.tier, Some(1));
    }
}

#[test]
fn approver_is_shown_all_that_the_act_is_about_but_values() {
    let strict = Strict::new(obliged_but(Some(Action::Read), 1));
    let id = strict.id;
    let shown = |act: &InTenant| {
        strict.approved("ann", act);
        let all = strict.officer("approver").approvals(None, 1).unwrap();
        all[0].about.iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>()
    };
    let secret = on(move |rows| rows.update(id, |c| (c.name, c.tier) = ("Secret".to_owned(), Some(77))));
    assert_eq!(shown(&secret), ["revision: 1", "field: name", "field: tier"]);
    let share = on(move |rows| rows.share(id, Grantee::Role("support"), Access::Write, None));
    assert_eq!(shown(&share), ["what: share", "with role: support", "access: write", "revision: 1"]);
    let transfer = on(move |rows| rows.transfer(id, None));
    assert_eq!(shown(&transfer), ["no owner: ", "revision: 1"]);
    let many = on(move |rows| {
        let meta = (0..64).fold(NewMeta::new().owner("o".repeat(512)), |meta, n| meta.label(format!("label-{n}")));
        rows.insert_with(&Customer::new("Many", "many@x.org"), meta)
    });
    let shown = shown(&many);
    assert_eq!(shown[0].len(), 519);
    assert!(shown.last().unwrap().starts_with("more: "), "{shown:?}");
}

#[test]
fn frozen_tenant_is_unfrozen_with_others_approval() {
    let strict = Strict::new(everything_approved());
    for extent in [Freeze::ReadOnly, Freeze::Closed] {
        let freeze = in_tenant(move |session| session.freeze(extent));
        freeze(&strict.approved("ann", &freeze)).unwrap();
        let delete = on({
            let id = strict.id;
            move |rows| rows.delete(id)
        });
        assert_eq!(code(strict.officer("ann").ask_approval(HOUR, &delete)), codes::FROZEN);
    }
    let unfreeze = in_tenant(Session::unfreeze);
    unfreeze(&strict.approved("ann", &unfreeze)).unwrap();
}

#[test]
fn approval_to_end_a_freeze_suspension_or_demand_ends_no_later_one() {
    let strict = Strict::new(everything_approved());
    let cases: [(InTenant, InTenant); 3] = [
        (in_tenant(|session| session.freeze(Freeze::ReadOnly)), in_tenant(Session::unfreeze)),
        (in_tenant(|session| session.suspend("x")), in_tenant(|session| session.reinstate("x"))),
        (in_tenant(|session| session.require_step_up("x", 2)), in_tenant(|session| session.waive_step_up("x"))),
    ];
    for (n, (begin, end)) in cases.iter().enumerate() {
        begin(&strict.approved("ann", begin)).unwrap();
        let late = strict.approved("bo", end);
        end(&strict.approved("ann", end)).unwrap();
        begin(&strict.approved("ann", begin)).unwrap();
        assert_eq!(code(end(&late)), codes::APPROVAL_REQUIRED, "{n}");
        end(&strict.approved("ann", end)).unwrap();
    }
}

#[test]
fn request_to_write_fields_that_may_not_be_written_is_refused_and_not_kept() {
    let acts = Roles::new()
        .role("admin", |r| r.administer())
        .role("sales", |r| r.on("customers").read_all().create_with(["name", "email"]))
        .role("lead", |r| r.on("customers").read_all().create())
        .role("boss", |r| r.on_any().read_all().approve());
    let world =
        World::with(|options| options.policy(all_of(acts.clone()).and(DualControl::new(1).for_acts([Action::Create]))));
    let insert = |actor: Actor| {
        let session = world.session(actor).because("why");
        session.ask_approval(HOUR, |session| session.collection::<Customer>()?.insert(&Customer::new("Eve", "e@x.org")))
    };
    assert_eq!(code(insert(sales("eve"))), codes::FIELD_NOT_WRITABLE);
    assert!(world.session(boss()).approvals(None, 10).unwrap().is_empty());
    insert(Actor::new("ann").with_role("lead")).unwrap();
    assert_eq!(world.session(boss()).approvals(None, 10).unwrap().len(), 1);
}

/// A way to do each act that there is a call for.
enum Deed {
    Tenant(InTenant),
    Vault(InVault),
    /// There is no call for it yet.
    NoCall,
}

fn deed(action: Action, strict: &Strict) -> Deed {
    let (id, emergency) = (strict.id, strict.emergency);
    let head = strict.world.vault.session(admin()).unwrap().head();
    let tenant = Deed::Tenant;
    match action {
        Action::Create => tenant(on(|rows| rows.insert(&Customer::new("New", "new@x.org")))),
        Action::Read => tenant(on(move |rows| rows.get(id))),
        Action::Update => tenant(on(move |rows| rows.update(id, |c| c.name = "New".to_owned()))),
        Action::Delete => tenant(on(move |rows| rows.delete(id))),
        Action::List => tenant(on(|rows| rows.list(None, 10))),
        Action::Search => tenant(on(|rows| rows.find_unique("email", "ann@x.org"))),
        Action::Count => tenant(on(Collection::count)),
        Action::Export => tenant(on(|rows| rows.export(None, 10))),
        Action::Unmask => tenant(on(move |rows| rows.unmask(id, &["tier"]))),
        Action::Share => tenant(on(move |rows| rows.share(id, Grantee::Actor("x"), Access::Read, None))),
        Action::Transfer => tenant(on(move |rows| rows.transfer(id, Some("x")))),
        Action::Define => tenant(in_tenant(Session::define::<Extra>)),
        Action::ReadJournal => tenant(in_tenant(|session| session.journal().entries().page(10, None))),
        Action::Suspend => tenant(in_tenant(|session| session.suspend("x"))),
        Action::ReviewAccess => tenant(in_tenant(|session| session.inquire().what_can(&boss()))),
        Action::ReviewEmergency => tenant(in_tenant(move |session| session.review_emergency(emergency, "fine"))),
        Action::Freeze => tenant(in_tenant(|session| session.freeze(Freeze::ReadOnly))),
        Action::CreateTenant => Deed::Vault(in_vault(|session| session.create_tenant("globex"))),
        Action::Verify => Deed::Vault(in_vault(VaultSession::verify)),
        Action::ChangePolicy => Deed::Vault(in_vault(|session| session.set_policy(AllowAll))),
        Action::Retain => {
            let head = head.unwrap();
            Deed::Vault(in_vault(move |session| {
                let plan = session.plan_retention(Retention::days(365).anchored_by(&head))?;
                session.retain(&plan)
            }))
        }
        Action::Erase | Action::Hold | Action::Backup | Action::Restore | Action::RotateKeys => Deed::NoCall,
        Action::Approve | Action::BreakGlass | Action::CreateVault => panic!("{action} can't be approved"),
    }
}

/// Does every act that can be approved, under the policy that obliges it to one approval.
fn everything_can_be_met<P: AccessPolicy + 'static>(policy: impl Fn(Action) -> P) {
    for action in Action::ALL.iter().copied().filter(|action| action.can_be_approved()) {
        let strict = Strict::new(AllowAll);
        let deed = deed(action, &strict);
        strict.world.vault.session(admin()).unwrap().set_policy(policy(action)).unwrap();
        match deed {
            Deed::NoCall => {}
            Deed::Tenant(act) => {
                assert_eq!(code(act(&strict.officer("ann"))), codes::APPROVAL_REQUIRED, "{action}");
                let under = strict.approved("ann", &act);
                act(&under).unwrap_or_else(|error| panic!("{action}: {error}"));
                assert!(act(&under).is_err() || action == Action::Define, "{action} twice");
            }
            Deed::Vault(act) => {
                assert_eq!(code(act(&strict.of_vault("ann"))), codes::APPROVAL_REQUIRED, "{action}");
                let under = strict.approved_in_vault("ann", &act);
                act(&under).unwrap_or_else(|error| panic!("{action}: {error}"));
                assert!(act(&under).is_err() || action == Action::ChangePolicy, "{action} twice");
            }
        }
    }
}

#[test]
fn whatever_a_dual_control_in_code_wants_approved_can_be_approved_and_done() {
    everything_can_be_met(|action| all_of(AllowAll).and(DualControl::new(1).for_acts([action])));
}

#[cfg(feature = "policy-file")]
mod from_files {
    use super::*;
    use crate::policy::PolicyFile;

    const OFFICER: &str = r#"
version = 1

[roles.officer]
may = ["create_tenant", "define", "verify", "change_policy", "backup", "restore", "rotate_keys", "read_journal", "suspend",
       "review_access", "review_emergency", "freeze", "retain", "approve"]

[[roles.officer.on]]
collection = "customers"
create = true
read = ["name", "email"]
update = ["name"]
unmask = ["tier"]
acts = ["delete", "export", "share", "transfer", "erase", "hold"]
"#;

    #[test]
    fn whatever_a_policy_file_wants_approved_can_be_approved_and_done() {
        everything_can_be_met(|action| {
            let text = format!("{OFFICER}\n[[dual_control]]\nacts = [\"{action}\"]\napprovals = 1\n");
            PolicyFile::parse(&text).unwrap()
        });
    }

    #[test]
    fn whatever_a_policy_file_wants_a_reason_for_can_be_done_with_one() {
        for action in Action::ALL.iter().copied().filter(|action| action.can_be_approved()) {
            let text = format!("{OFFICER}\n[[require_reason]]\nname = \"why\"\nacts = [\"{action}\"]\n");
            let strict = Strict::new(AllowAll);
            let deed = deed(action, &strict);
            let policy = PolicyFile::parse(&text).unwrap();
            strict.world.vault.session(admin()).unwrap().set_policy(policy).unwrap();
            let officer = || Actor::new("ann").with_role("officer");
            match deed {
                Deed::NoCall => {}
                Deed::Tenant(act) => {
                    // Whoever reviews an emergency gives their verdict as the reason.
                    if action != Action::ReviewEmergency {
                        assert_eq!(code(act(&strict.world.session(officer()))), codes::REASON_REQUIRED, "{action}");
                    }
                    act(&strict.officer("ann")).unwrap_or_else(|error| panic!("{action}: {error}"));
                }
                Deed::Vault(act) => {
                    let without = strict.world.vault.session(officer()).unwrap();
                    assert_eq!(code(act(&without)), codes::REASON_REQUIRED, "{action}");
                    act(&strict.of_vault("ann")).unwrap_or_else(|error| panic!("{action}: {error}"));
                }
            }
        }
    }

    #[test]
    fn three_administrators_change_their_policy_with_the_approval_that_the_template_recommends() {
        let text = PolicyFile::THREE_ADMINISTRATORS
            .replace("# [[dual_control]]", "[[dual_control]]")
            .replace("# acts = [\"change_policy\"]", "acts = [\"change_policy\"]")
            .replace("# approvals = 1", "approvals = 1")
            .replace("# approver =", "approver =")
            .replace("\"freeze\", \"review_access\"]", "\"freeze\", \"review_access\", \"approve\"]");
        let strict = Strict::new(PolicyFile::parse(&text).unwrap());
        let security = |id: &str| {
            let actor = Actor::new(id).with_role("security_administrator");
            strict.world.vault.session(actor).unwrap().because("a new colleague")
        };
        let change = |session: &VaultSession| session.set_policy(AllowAll);
        assert_eq!(code(change(&security("sam"))), codes::APPROVAL_REQUIRED);
        let id = security("sam").ask_approval(HOUR, change).unwrap();
        let system = strict.world.vault.session(Actor::new("sys").with_role("system_administrator")).unwrap();
        assert!(system.approvals(None, 10).unwrap().is_empty());
        code(system.answer(id, true));
        assert_eq!(security("sue").approvals(None, 10).unwrap()[0].id, id);
        security("sue").answer(id, true).unwrap();
        change(&security("sam").under_approval(id)).unwrap();
    }
}

#[test]
fn what_the_vault_shows_under_an_approval_is_on_record() {
    let kept = Kept::default();
    let policy = || all_of(AllowAll).and(DualControl::new(1).for_acts([Action::ReadJournal, Action::Verify]));
    let world = World::with(|options| options.policy(policy()).sink(Required(kept.clone())));
    let session = |who: &str| world.vault.session(Actor::new(who)).unwrap().because("an incident");
    type Shown = fn(&VaultSession) -> Result<(), Error>;
    let acts: [(&str, Shown); 2] = [
        ("read_journal", |session| session.journal().entries().page(10, None).map(drop)),
        ("verify", |session| session.head().map(drop)),
    ];
    for (name, act) in acts {
        let id = session("ann").ask_approval(Duration::from_secs(60), act).unwrap();
        session("bo").answer(id, true).unwrap();
        act(&session("ann").under_approval(id)).unwrap();
        world.vault.flush().unwrap();
        let told = kept.of(name).into_iter().filter(|event| event.actor() == Some("ann"));
        assert_eq!(told.filter(|event| event.outcome() == crate::audit::Outcome::Permitted).count(), 1, "{name}");
    }
}
