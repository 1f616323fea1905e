use super::*;

type Case = (&'static str, &'static str, Action, &'static str, &'static str, &'static str);

fn facts() -> Remembered {
    Remembered::default()
        .share("customers", 1, "actor sales-9", Access::Read)
        .share("customers", 2, "actor sales-9", Access::Write)
        .share("customers", 3, "role support", Access::Read)
        .share("customers", 4, "group south", Access::Write)
        .share("customers", 5, "group board", Access::Read)
        .share("customers", 6, "actor ", Access::Write)
}

fn try_all(policy: &Sharing, cases: &[Case]) {
    let facts = facts();
    for (name, who, action, on, record, expected) in cases {
        let who = actor(who);
        ask(&who, *action, on, record, |request| {
            let decision = policy.decide(request, &facts).unwrap();
            assert_eq!(said(&decision), *expected, "{name}");
            assert_eq!(policy.explain(request, &facts).decision, Ok(decision), "{name}: explained otherwise");
        });
    }
}

#[test]
fn every_named_case_is_decided_as_the_documentation_says() {
    use Action::*;
    try_all(
        &crm(),
        &[
            // The owner.
            ("owner reads", "sales-7", Read, "customers", "9 sales-7", "permit, by owner"),
            ("owner changes", "sales-7", Update, "customers", "9 sales-7", "permit to write, by owner"),
            ("owner deletes", "sales-7", Delete, "customers", "9 sales-7", "permit to write, by owner"),
            ("owner shares", "sales-7", Share, "customers", "9 sales-7", "permit to write, by owner"),
            ("owner gives away", "sales-7", Transfer, "customers", "9 sales-7", "permit to write, by owner"),
            ("owner exports", "sales-7", Export, "customers", "9 sales-7", "permit, by owner"),
            ("owner unmasks", "sales-7", Unmask, "customers", "9 sales-7", "permit, by owner"),
            ("owner in a collection nobody spoke of", "sales-7", Read, "notes", "9 sales-7", "permit, by owner"),
            ("another doesn't read", "sales-9", Read, "customers", "9 sales-7", "not_shared"),
            ("nobody's record", "sales-9", Read, "customers", "9 -", "not_shared"),
            ("an actor without an id owns nothing", "", Read, "customers", "9 -", "not_shared"),
            ("a listed row of another's", "sales-9", List, "customers", "9 sales-7", "not_shared"),
            ("giving away by an update", "sales-7", Update, "customers", "9 sales-9", "not_shared"),
            // Managers.
            ("manager reads", "boss-1", Read, "customers", "9 sales-8", "permit, by manager"),
            ("manager deletes", "boss-1", Delete, "customers", "9 sales-8", "permit to write, by manager"),
            ("manager shares", "boss-1", Share, "customers", "9 sales-8", "permit to write, by manager"),
            ("manager's manager", "head", Transfer, "customers", "9 sales-8", "permit to write, by manager"),
            ("head reads the boss's own", "head", Read, "customers", "9 boss-1", "permit, by manager"),
            ("boss doesn't read the head's", "boss-1", Read, "customers", "9 head", "not_shared"),
            ("colleagues don't share a manager's view", "sales-7", Read, "customers", "9 sales-8", "not_shared"),
            // Defaults.
            ("product is read by all", "x", Read, "products", "9 -", "permit, by products: public read"),
            ("product isn't changed", "x", Update, "products", "9 -", "not_shared"),
            ("product is changed by its owner", "x", Update, "products", "9 x", "permit to write, by owner"),
            ("product that may not exist", "x", Read, "products", "", "permit, by products: public read"),
            ("lead is changed by all", "x", Update, "leads", "9 y", "permit to write, by leads: public write"),
            ("lead isn't deleted by all", "x", Delete, "leads", "9 y", "not_shared"),
            ("customer that may not exist", "sales-7", Read, "notes", "", "not_shared"),
            // Rules.
            (
                "sales-8 reads north's by rule",
                "sales-8",
                Read,
                "customers",
                "9 sales-7",
                "permit, by south sees north's",
            ),
            ("and counts it", "sales-8", Count, "customers", "9 sales-7", "permit, by south sees north's"),
            ("but doesn't change it", "sales-8", Update, "customers", "9 sales-7", "not_shared"),
            ("north doesn't see south's", "sales-7", Read, "customers", "9 sales-8", "not_shared"),
            ("south by attribute", "x/south", Read, "customers", "9 sales-7", "permit, by south sees north's"),
            ("rule of another collection", "sales-8", Read, "notes", "9 sales-7", "not_shared"),
            ("vip desk changes a vip", "x vip_desk", Update, "customers", "9 y vip", "permit to write, by vip desk"),
            ("vip desk doesn't see others", "x vip_desk", Read, "customers", "9 y gold", "not_shared"),
            ("vip desk doesn't delete", "x vip_desk", Delete, "customers", "9 y vip", "not_shared"),
            ("vip isn't taken off a record", "x vip_desk", Update, "customers", "9 y", "not_shared"),
            ("west by attribute", "sales-9", Read, "customers", "9 y region=west", "permit, by west"),
            ("in two collections", "sales-9", Read, "orders", "9 y region=west", "permit, by west"),
            ("east", "sales-9", Read, "customers", "9 y region=east", "not_shared"),
            ("no region", "sales-9", Read, "customers", "9 y", "not_shared"),
            ("auditor reads what nobody spoke of", "x auditor", Read, "notes", "9 y", "permit, by auditors"),
            ("auditor reads a customer", "x auditor", Read, "customers", "9 y", "permit, by auditors"),
            ("auditor asks for what may not exist", "x auditor", Read, "notes", "", "permit, by auditors"),
            ("auditor changes nothing", "x auditor", Update, "notes", "9 y", "not_shared"),
            // Shares.
            ("share with an actor", "sales-9", Read, "customers", "1 y", "permit, by share"),
            ("read share isn't a write share", "sales-9", Update, "customers", "1 y", "not_shared"),
            ("write share changes", "sales-9", Update, "customers", "2 y", "permit to write, by share"),
            ("write share doesn't delete", "sales-9", Delete, "customers", "2 y", "not_shared"),
            ("nor pass it on", "sales-9", Share, "customers", "2 y", "not_shared"),
            ("share with a role", "x support", Unmask, "customers", "3 y", "permit, by share"),
            ("share with a group, listed", "sales-8", Update, "customers", "4 y", "permit to write, by share"),
            ("share with a group, by attribute", "x/board", Read, "customers", "5 y", "permit, by share"),
            ("share is for its record alone", "sales-9", Read, "customers", "7 y", "not_shared"),
            ("share with nobody", "", Update, "customers", "6 y", "not_shared"),
            // Creating.
            ("for oneself", "sales-7", Create, "customers", "new sales-7", "permit to write, by owner"),
            ("for a report", "head", Create, "customers", "new sales-7", "permit to write, by manager"),
            ("for the manager", "sales-7", Create, "customers", "new boss-1", "not_owner"),
            ("for nobody", "sales-7", Create, "customers", "new -", "not_owner"),
            ("without saying for whom", "sales-7", Create, "customers", "", "not_owner"),
            ("for nobody where all write", "x", Create, "leads", "new -", "permit to write, by leads: public write"),
            ("for another where all write", "x", Create, "leads", "new y", "not_owner"),
            ("for nobody where all read", "x", Create, "products", "new -", "not_owner"),
            // Restrictions.
            ("owner doesn't read in litigation", "sales-7", Read, "customers", "9 sales-7 litigation", "restricted!"),
            ("nor does the manager", "boss-1", Read, "customers", "9 sales-7 litigation", "restricted!"),
            ("nor an auditor", "x auditor", List, "customers", "9 y litigation", "restricted!"),
            ("nor is it erased", "x", Erase, "customers", "9 y litigation", "restricted!"),
            ("nor put there", "sales-7", Update, "customers", "9 sales-7 litigation", "restricted!"),
            ("nor created", "sales-7", Create, "customers", "new sales-7 litigation", "restricted!"),
            ("an exception permits nothing", "x legal", Read, "customers", "9 y litigation", "not_shared"),
            ("excepted by role", "x legal auditor", Read, "customers", "9 y litigation", "permit, by auditors"),
            ("excepted by id", "head", Read, "customers", "9 sales-7 litigation", "permit, by manager"),
            ("excepted by group", "x/board auditor", Read, "customers", "9 y litigation", "permit, by auditors"),
            ("restriction of another collection", "x auditor", Read, "notes", "9 y litigation", "permit, by auditors"),
            ("auditor asks for a customer that may not exist", "x auditor", Read, "customers", "", "restricted!"),
            ("excepted auditor does", "x legal auditor", Read, "customers", "", "permit, by auditors"),
            ("sales asks for a customer that may not exist", "sales-7", Read, "customers", "", "not_shared!"),
            // Acts on many, and what isn't about whose record it is.
            ("list begins", "x", List, "customers", "", "permit, by sharing: each record by itself"),
            ("export begins", "x", Export, "customers", "", "permit, by sharing: each record by itself"),
            ("administration", "x", Define, "customers", "", "no objection"),
            ("approving", "x", Approve, "customers", "9 y", "no objection"),
            ("erasing", "x", Erase, "customers", "9 y", "no objection"),
            ("verifying", "x", Verify, "", "", "no objection"),
            ("reading nowhere", "x", Read, "", "9 x", "not_shared"),
            ("listing nowhere", "x", List, "", "", "not_shared"),
            ("creating nowhere", "x", Create, "", "new x", "not_owner"),
        ],
    );
}

#[test]
fn managers_who_only_read_do_nothing_else() {
    use Action::*;
    try_all(
        &crm().managers_read_only(),
        &[
            ("manager reads", "boss-1", Read, "customers", "9 sales-8", "permit, by manager"),
            ("manager's manager exports", "head", Export, "customers", "9 sales-8", "permit, by manager"),
            ("manager doesn't change", "boss-1", Update, "customers", "9 sales-8", "not_shared"),
            ("nor delete", "boss-1", Delete, "customers", "9 sales-8", "not_shared"),
            ("nor create for them", "boss-1", Create, "customers", "new sales-8", "not_owner"),
            ("and changes what is theirs", "boss-1", Update, "customers", "9 boss-1", "permit to write, by owner"),
        ],
    );
}

#[test]
fn scope_looks_only_at_what_can_be_shown() {
    let facts = facts();
    for (name, who, on, expected) in [
        (
            "own, and the group's by rule",
            "sales-8",
            "customers",
            "owner boss-1, owner sales-7, owner sales-8, record 4",
        ),
        ("own and the reports'", "boss-1", "customers", "owner boss-1, owner sales-7, owner sales-8"),
        ("all below", "head", "customers", "owner boss-1, owner head, owner sales-7, owner sales-8"),
        ("an attribute, and shares", "sales-9", "customers", "owner sales-9, region=west, record 1, record 2"),
        ("an attribute elsewhere", "sales-9", "orders", "owner sales-9, region=west"),
        ("a role's shares", "x support", "customers", "owner x, record 3"),
        ("a group's by attribute", "x/board", "customers", "owner x, record 5"),
        ("labels have no index", "x vip_desk", "customers", "all"),
        ("all records", "x auditor", "notes", "all"),
        ("a default", "x", "products", "all"),
        ("nobody", "", "customers", "nothing"),
        ("no collection", "x auditor", "", "nothing"),
    ] {
        let who = actor(who);
        let scope = ask(&who, Action::List, on, "", |request| crm().scope(request, &facts)).unwrap();
        let text = match scope {
            Scope::All => "all".to_owned(),
            Scope::Nothing => "nothing".to_owned(),
            Scope::NoOpinion => "no opinion".to_owned(),
            Scope::Any(filters) => {
                let texts = filters.iter().map(|filter| match filter {
                    crate::policy::Filter::Owner(owner) => format!("owner {owner}"),
                    crate::policy::Filter::Attribute { field, value } => format!("{field}={value}"),
                    crate::policy::Filter::Record(id) => format!("record {}", id.as_bytes()[0]),
                });
                texts.collect::<Vec<_>>().join(", ")
            }
        };
        assert_eq!(text, expected, "{name}");
    }
}
