mod acts;
mod duties;
mod explaining;

use super::*;
use crate::model::{Action, Actor, FieldSet, RecordId, Resource, Timestamp};

struct Now;

impl Facts for Now {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

/// The roles of the documentation's example CRM.
fn crm() -> Roles {
    Roles::new()
        .role("admin", |r| r.administer())
        .role("sales", |r| {
            r.on("customers")
                .create()
                .read(["name", "email", "tier"])
                .update(["tier"])
                .own_only()
                .on("orders")
                .read_all()
        })
        .role("support", |r| r.on("customers").read(["name", "phone"]).on("customers").read(["address"]).own_only())
        .role("import", |r| r.on("customers").create_with(["name", "email"]))
        .role("cleaner", |r| r.on("customers").delete())
        .role("editor", |r| r.on("customers").update_all())
        .role("protection", |r| r.on_any().read_all())
}

/// Whose record it is.
#[derive(Clone, Copy, Debug)]
enum Record {
    Unknown,
    Nobodys,
    Of(&'static str),
}

struct Case {
    roles: &'static str,
    action: Action,
    on: &'static str,
    record: Record,
    fields: &'static str,
}

fn ask<T>(actor: &Actor, case: &Case, answer: impl FnOnce(&Request<'_>) -> T) -> T {
    let fields: Vec<&str> = case.fields.split_whitespace().collect();
    let owner = match case.record {
        Record::Of(owner) => Some(owner),
        Record::Unknown | Record::Nobodys => None,
    };
    let resource = Resource { owner, ..Resource::new().id(RecordId::from_bytes([1; 16])) };
    let request = Request {
        collection: Some(case.on).filter(|name| !name.is_empty()),
        resource: (!matches!(case.record, Record::Unknown)).then_some(&resource),
        fields: &fields,
        ..Request::new(actor, case.action, Now.now())
    };
    answer(&request)
}

fn actor(roles: &str) -> Actor {
    roles.split_whitespace().fold(Actor::new("anna"), Actor::with_role)
}

/// `permit read:… write:…`, or the denial's code.
fn shown(decision: &Decision) -> String {
    let show = |set: &FieldSet| match set {
        FieldSet::All => "*".to_owned(),
        FieldSet::Only(names) => names.iter().collect::<Vec<_>>().join(","),
    };
    match decision {
        Decision::Permit(p) => format!("permit read:{} write:{}", show(&p.read), show(&p.write)),
        Decision::Deny(denial) => denial.code.clone().into_owned(),
        Decision::Limit(limit) => panic!("{limit:?}"),
    }
}

fn decide(policy: &Roles, case: &Case) -> String {
    shown(&ask(&actor(case.roles), case, |request| policy.decide(request, &Now)).unwrap())
}

fn case(roles: &'static str, action: Action, on: &'static str, record: Record, fields: &'static str) -> Case {
    Case { roles, action, on, record, fields }
}

#[test]
fn every_named_case_is_decided_as_the_documentation_says() {
    use Action::*;
    use Record::*;
    let (mine, other) = (Of("anna"), Of("bert"));
    let policy = crm();
    for (name, question, expected) in [
        ("own customer is read", case("sales", Read, "customers", mine, ""), "permit read:email,name,tier write:"),
        ("another's customer isn't", case("sales", Read, "customers", other, ""), "not_owner"),
        ("nobody's customer isn't", case("sales", Read, "customers", Nobodys, ""), "not_owner"),
        ("a customer that may not exist isn't", case("sales", Read, "customers", Unknown, ""), "not_owner"),
        (
            "its tier is changed",
            case("sales", Update, "customers", mine, "tier"),
            "permit read:email,name,tier write:tier",
        ),
        ("its name isn't", case("sales", Update, "customers", mine, "tier name"), "field_not_writable"),
        ("it can't be given away", case("sales", Update, "customers", other, "tier"), "not_owner"),
        ("it can't be deleted", case("sales", Delete, "customers", mine, ""), "not_allowed"),
        ("one is created for oneself", case("sales", Create, "customers", mine, "name x"), "permit read: write:*"),
        ("not for another", case("sales", Create, "customers", other, "name"), "not_owner"),
        ("not for nobody", case("sales", Create, "customers", Nobodys, "name"), "not_owner"),
        ("not without saying for whom", case("sales", Create, "customers", Unknown, "name"), "not_owner"),
        ("own ones are listed", case("sales", List, "customers", Unknown, ""), "permit read:email,name,tier write:"),
        ("a listed row of another isn't shown", case("sales", List, "customers", other, ""), "not_owner"),
        (
            "search by a readable field",
            case("sales", Search, "customers", Unknown, "email"),
            "permit read:email,name,tier write:",
        ),
        ("search by a hidden field", case("sales", Search, "customers", Unknown, "email phone"), "field_not_readable"),
        ("every order is read, all of it", case("sales", Read, "orders", other, ""), "permit read:* write:"),
        (
            "an order that may not exist is asked for",
            case("sales", Read, "orders", Unknown, ""),
            "permit read:* write:",
        ),
        ("orders aren't created", case("sales", Create, "orders", mine, ""), "not_allowed"),
        ("another collection is closed", case("sales", Read, "contracts", mine, ""), "not_allowed"),
        ("sales administers nothing", case("sales", Define, "customers", Unknown, ""), "not_allowed"),
        ("support reads every name", case("support", Read, "customers", other, ""), "permit read:name,phone write:"),
        ("and own addresses", case("support", Read, "customers", mine, ""), "permit read:address,name,phone write:"),
        (
            "search by address finds own rows",
            case("support", Search, "customers", mine, "address"),
            "permit read:address,name,phone write:",
        ),
        ("and none of another's", case("support", Search, "customers", other, "address"), "field_not_readable"),
        (
            "narrowed creation",
            case("import", Create, "customers", Nobodys, "name email"),
            "permit read: write:email,name",
        ),
        ("holds its fields", case("import", Create, "customers", Nobodys, "name tier"), "field_not_writable"),
        ("creating shows nothing", case("import", Read, "customers", mine, ""), "not_allowed"),
        ("deletion of any row", case("cleaner", Delete, "customers", other, ""), "permit read: write:"),
        ("deletion of what may not exist", case("cleaner", Delete, "customers", Unknown, ""), "permit read: write:"),
        ("update_all shows nothing", case("editor", Update, "customers", other, "x"), "permit read: write:*"),
        ("any collection is read", case("protection", Read, "contracts", other, ""), "permit read:* write:"),
        (
            "roles add up: own row",
            case("sales support", Read, "customers", mine, ""),
            "permit read:address,email,name,phone,tier write:",
        ),
        (
            "roles add up: another's row",
            case("support sales", Read, "customers", other, ""),
            "permit read:name,phone write:",
        ),
        (
            "roles add up: what one reads the other writes",
            case("editor support", Update, "customers", other, "phone"),
            "permit read:name,phone write:*",
        ),
        ("all fields and some are all", case("sales protection", Read, "customers", mine, ""), "permit read:* write:"),
        (
            "search over two roles' fields",
            case("sales support", Search, "customers", mine, "email phone"),
            "permit read:address,email,name,phone,tier write:",
        ),
        ("the same role twice", case("sales sales", Read, "customers", mine, ""), "permit read:email,name,tier write:"),
        ("administration", case("admin", Define, "customers", Unknown, ""), "permit read: write:"),
        ("creation of a tenant", case("admin", CreateTenant, "", Unknown, ""), "permit read: write:"),
        ("verification", case("admin", Verify, "", Unknown, ""), "permit read: write:"),
        ("another policy", case("admin", ChangePolicy, "", Unknown, ""), "permit read: write:"),
        ("administration shows no record", case("admin", Read, "customers", mine, ""), "not_allowed"),
        ("an act on no collection", case("protection", Read, "", mine, ""), "not_allowed"),
        ("no role", case("", Read, "customers", mine, ""), "no_role"),
        ("an unknown role", case("boss", Read, "customers", mine, ""), "no_role"),
        (
            "an unknown role beside a known one",
            case("boss sales", Read, "customers", mine, ""),
            "permit read:email,name,tier write:",
        ),
        ("no role, administering", case("", Verify, "", Unknown, ""), "no_role"),
        ("a role's name is exact", case("Sales", Read, "customers", mine, ""), "no_role"),
    ] {
        assert_eq!(decide(&policy, &question), expected, "{name}: {:?} {:?}", question.action, question.record);
    }
}

#[test]
fn scope_narrows_to_what_rows_can_be_shown() {
    let policy = crm();
    for (roles, on, fields, expected) in [
        ("sales", "customers", "", Scope::owned("anna")),
        ("sales", "customers", "email", Scope::owned("anna")),
        ("sales", "customers", "phone", Scope::Nothing),
        ("sales", "orders", "number", Scope::All),
        ("support", "customers", "", Scope::All),
        ("support", "customers", "name", Scope::All),
        ("support", "customers", "address", Scope::owned("anna")),
        ("support", "customers", "name address", Scope::owned("anna")),
        ("sales protection", "customers", "email", Scope::All),
        ("admin", "customers", "", Scope::Nothing),
        ("cleaner", "customers", "", Scope::Nothing),
        ("", "customers", "", Scope::Nothing),
        ("protection", "", "", Scope::Nothing),
    ] {
        let question = case(roles, Action::Search, on, Record::Unknown, fields);
        let scope = ask(&actor(roles), &question, |request| policy.scope(request, &Now)).unwrap();
        assert_eq!(scope, expected, "{roles} on {on} by {fields}");
    }
}

#[test]
fn row_outside_the_scope_is_denied_by_itself_too() {
    let policy = crm();
    for roles in ["sales", "support", "sales support", "protection", "admin", "cleaner", ""] {
        for fields in ["", "name", "email", "address", "phone"] {
            let question = case(roles, Action::Search, "customers", Record::Of("bert"), fields);
            let scope = ask(&actor(roles), &question, |request| policy.scope(request, &Now)).unwrap();
            let permitted = decide(&policy, &question).starts_with("permit");
            assert_eq!(permitted, scope == Scope::All, "{roles} by {fields}");
        }
    }
}

#[test]
fn actor_without_an_id_owns_nothing() {
    let question = case("sales", Action::Read, "customers", Record::Of(""), "");
    let decision = ask(&Actor::new("").with_role("sales"), &question, |request| crm().decide(request, &Now)).unwrap();
    assert!(matches!(decision, Decision::Deny(denial) if denial.code == codes::NOT_OWNER));
}

#[test]
fn administrator_is_told_what_to_change_and_the_user_nothing() {
    let policy = crm();
    let denial = |question: &Case| match ask(&actor(question.roles), question, |r| policy.decide(r, &Now)).unwrap() {
        Decision::Deny(denial) => denial,
        other => panic!("{other:?}"),
    };
    let unknown = denial(&case("boss", Action::Read, "customers", Record::Unknown, ""));
    for role in ["`boss`", "`admin`", "`sales`", "`protection`"] {
        assert!(unknown.for_admin.contains(role), "{}", unknown.for_admin);
    }
    let none = denial(&case("", Action::Read, "customers", Record::Unknown, ""));
    assert!(none.for_admin.contains("without a role"), "{}", none.for_admin);
    let hidden = denial(&case("sales", Action::Search, "customers", Record::Unknown, "phone"));
    assert!(hidden.for_admin.contains("`phone`") && hidden.for_admin.contains("`customers`"), "{}", hidden.for_admin);
    let foreign = denial(&case("sales", Action::Read, "customers", Record::Of("bert"), ""));
    let missing = denial(&case("sales", Action::Read, "customers", Record::Unknown, ""));
    assert_eq!(foreign, missing, "a denial tells whether the record exists");
    for denial in [&unknown, &none, &hidden, &foreign] {
        assert_eq!(denial.for_user, "You are not allowed to do this.");
    }
}

#[test]
fn permission_names_the_role_and_collection_that_permit() {
    let policy = crm();
    for (roles, action, on, rule) in [
        ("sales", Action::Read, "customers", "sales on customers"),
        ("cleaner support", Action::Read, "customers", "support on customers"),
        ("protection", Action::Read, "orders", "protection on any"),
        ("sales admin", Action::Verify, "", "admin: verify"),
    ] {
        let question = case(roles, action, on, Record::Of("anna"), "");
        match ask(&actor(roles), &question, |r| policy.decide(r, &Now)).unwrap() {
            Decision::Permit(permission) => assert_eq!(&*permission.rule, rule),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn grant_on_any_collection_adds_to_grants_that_name_one() {
    let policy = Roles::new()
        .role("r", |r| r.on("customers").read(["name"]).on_any().read(["id"]).own_only().on("orders").delete());
    policy.check().unwrap();
    for (on, record, expected) in [
        ("customers", Record::Of("anna"), "permit read:id,name write:"),
        ("customers", Record::Of("bert"), "permit read:name write:"),
        ("orders", Record::Of("anna"), "permit read:id write:"),
        ("new", Record::Of("anna"), "permit read:id write:"),
        ("new", Record::Of("bert"), "not_owner"),
    ] {
        assert_eq!(decide(&policy, &case("r", Action::Read, on, record, "")), expected, "{on} {record:?}");
    }
}

#[test]
fn mistake_in_the_roles_is_told_and_denies_everything() {
    let good = || Roles::new().role("good", |r| r.on("customers").read_all());
    for (name, policy, says) in [
        ("no name", good().role(" ", |r| r.administer()), "no name"),
        ("said twice", good().role("good", |r| r.administer()), "`good` is said twice"),
        ("nameless collection", good().role("r", |r| r.on("").read_all()), "say `on_any`"),
        ("nothing granted", good().role("r", |r| r.on("orders")), "granted nothing on `orders`"),
        ("nothing but own", good().role("r", |r| r.on("orders").own_only()), "granted nothing on `orders`"),
        ("an empty list", good().role("r", |r| r.on("orders").read::<&str>([])), "empty list of fields"),
        ("a nameless field", good().role("r", |r| r.on("orders").update(["a", ""])), "field without a name"),
        ("two ways to create", good().role("r", |r| r.on_any().create().create_with(["a"])), "keep one"),
        ("the other way round", good().role("r", |r| r.on_any().create_with(["a"]).create()), "keep one"),
    ] {
        let error = policy.check().err().unwrap_or_else(|| panic!("{name}: no fault"));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(says), "{name}: {cause}");
        let question = case("good", Action::Read, "customers", Record::Of("anna"), "");
        assert_eq!(decide(&policy, &question), "policy_invalid", "{name}");
        let scope = ask(&actor("good"), &question, |request| policy.scope(request, &Now)).unwrap();
        assert_eq!(scope, Scope::Nothing, "{name}");
    }
    good().role("may nothing", |r| r).check().unwrap();
    crm().check().unwrap();
}

#[test]
fn version_is_the_same_for_the_same_grants_and_another_for_any_other() {
    let base = || Roles::new().role("a", |r| r.on("x").read(["p", "q"]).on("y").delete()).role("b", |r| r.administer());
    let same = Roles::new()
        .role("b", |r| r.administer())
        .role("a", |r| r.on("y").delete().on("x").read(["q"]).read(["p"]).on("y").delete());
    assert_eq!(base().version(), same.version());
    let versions = [
        base(),
        Roles::new(),
        base().role("c", |r| r),
        base().role("a", |r| r),
        Roles::new().role("a", |r| r.on("x").read(["p", "q"]).on("y").delete()).role("b", |r| r),
        Roles::new()
            .role("a", |r| r.on("x").read(["p", "q"]).on("y").delete().own_only())
            .role("b", |r| r.administer()),
        Roles::new().role("a", |r| r.on("x").read(["p"]).on("y").delete()).role("b", |r| r.administer()),
        Roles::new().role("a", |r| r.on("x").read_all().on("y").delete()).role("b", |r| r.administer()),
        Roles::new().role("a", |r| r.on("x").update(["p", "q"]).on("y").delete()).role("b", |r| r.administer()),
        Roles::new().role("a", |r| r.on_any().read(["p", "q"]).on("y").delete()).role("b", |r| r.administer()),
    ]
    .map(|roles| roles.version());
    for (i, a) in versions.iter().enumerate() {
        for (j, b) in versions.iter().enumerate() {
            assert_eq!(a == b, i == j, "{i} {j}");
        }
    }
    let asked = base();
    let before = asked.version();
    assert_ne!(before, asked.role("c", |r| r.administer()).version());
}

#[test]
fn version_agrees_with_another_program() {
    let policy = Roles::new()
        .role("admin", |r| r.administer())
        .role("sales", |r| r.on("customers").create().read(["name", "email", "tier"]).update(["tier"]).own_only())
        .role("protection", |r| r.on("customers").read_all());
    let wide = Roles::new()
        .role("sales", |r| r.on("customers").read(["name"]).share().delete().own_only())
        .role("lead", |r| r.may([Action::Approve]).inherits("sales").on_any().export().unmask(["iban"]))
        .role("auditor", |r| r.may([Action::ReadJournal]))
        .separate(["lead", "auditor"]);
    for (version, hex) in [
        (policy.version(), "4b9c845c03b8d9055420a87061c3bfe84317437ee6061efa36ba130b239093ed"),
        (wide.version(), "d8a4960ae6453c35f305ad3185ea0a47c53ca089b187ba52dd2abff4a7ce1aab"),
        (PolicyVersion::of("office hours, 1"), "48fc76b9f8cf40ac3d3b202e1bb436b8c209b9c0070c072732155318e6d3a269"),
        (
            PolicyVersion::of("office hours, 1").with("x"),
            "205c19c89ed219a19fbfc35825a4e6a079f6b25df58439a64aba8294662384bd",
        ),
    ] {
        assert_eq!(version.to_string(), hex);
    }
}
