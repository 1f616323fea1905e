use super::*;

#[test]
fn own_customers_are_shown_with_the_listed_fields_and_others_not() {
    let (sales, crm) = (sales(), crm());
    let (own, foreign) = (Resource::new().id(id()).owner("sales-7"), Resource::new().id(id()).owner("sales-8"));
    for act in [Action::Read, Action::List, Action::Search, Action::Count, Action::Update] {
        let permission = permitted(&crm, &ask(&sales, act).resource(&own));
        assert_eq!((permission.read, permission.write), (fields("name email tier"), fields("tier")), "{act}");
        assert_eq!(&*permission.rule, "sales: own customers");
        let denial = denied(&crm, &ask(&sales, act).resource(&foreign));
        assert_eq!((&*denial.code, denial.forbids), (codes::NOT_ALLOWED, false), "{act}");
    }
    denied(&crm, &ask(&sales, Action::Delete).resource(&own));
    denied(&crm, &Request { collection: Some("orders"), ..ask(&sales, Action::Read).resource(&own) });
    denied(&crm, &ask(&Actor::new("sales-7"), Action::Read).resource(&own));
}

#[test]
fn unknown_record_and_foreign_record_are_refused_alike_and_a_list_may_begin() {
    let (sales, crm) = (sales(), crm());
    let foreign = Resource::new().id(id()).owner("sales-8");
    for act in [Action::Read, Action::Update, Action::Delete] {
        assert_eq!(denied(&crm, &ask(&sales, act)), denied(&crm, &ask(&sales, act).resource(&foreign)), "{act}");
    }
    for act in [Action::List, Action::Search, Action::Count] {
        assert_eq!(permitted(&crm, &ask(&sales, act)).read, fields("name email tier"), "{act}");
    }
    assert_eq!(crm.scope(&ask(&sales, Action::List), &AtNow).unwrap(), Scope::All);
}

#[test]
fn field_that_may_not_be_seen_is_not_searched_and_one_that_may_not_be_written_is_not() {
    let (sales, crm) = (sales(), crm());
    let own = Resource::new().id(id()).owner("sales-7");
    permitted(&crm, &ask(&sales, Action::Search).fields(&["email"]));
    let denial = denied(&crm, &ask(&sales, Action::Search).fields(&["email", "phone"]));
    assert_eq!((&*denial.code, &*denial.rule), (codes::FIELD_NOT_READABLE, "sales: own customers"));
    assert_eq!(denied(&crm, &ask(&sales, Action::List).fields(&["phone"])).code, codes::FIELD_NOT_READABLE);
    permitted(&crm, &ask(&sales, Action::Update).resource(&own).fields(&["tier"]));
    let denial = denied(&crm, &ask(&sales, Action::Update).resource(&own).fields(&["name"]));
    assert_eq!(denial.code, codes::FIELD_NOT_WRITABLE);
}

#[test]
fn permit_whose_obligation_is_not_met_neither_counts_nor_burdens_another() {
    let crm = crm();
    let both = Actor::new("sales-7").with_role("support").with_role("sales");
    let (own, foreign) = (Resource::new().id(id()).owner("sales-7"), Resource::new().id(id()));
    let without = permitted(&crm, &ask(&both, Action::Read).resource(&own));
    assert_eq!((without.read, without.obligations), (fields("name email tier"), vec![]));
    let with = permitted(&crm, &ask(&both, Action::Read).resource(&own).reason("call back"));
    assert_eq!(with.read, fields("name email tier phone"));
    let denial = denied(&crm, &ask(&both, Action::Read).resource(&foreign));
    assert_eq!((&*denial.code, &*denial.rule), (codes::REASON_REQUIRED, "support: with a reason"));
    assert_eq!(permitted(&crm, &ask(&both, Action::Read).resource(&foreign).reason("x")).read, fields("name phone"));
}

#[test]
fn step_up_is_asked_of_administration() {
    let crm = crm();
    let admin = Actor::new("root").with_role("admin");
    let request = |actor| Request::new(actor, Action::CreateTenant, NOW);
    assert_eq!(denied(&crm, &request(&admin)).code, codes::STEP_UP_REQUIRED);
    let fresh = admin.clone().with_authentication(2, NOW);
    assert!(permitted(&crm, &request(&fresh)).read.is_empty());
    let stale = admin.clone().with_authentication(2, Timestamp::from_micros(NOW.as_micros() - 301_000_000));
    assert_eq!(denied(&crm, &request(&stale)).code, codes::STEP_UP_REQUIRED);
    // Administration isn't work on records, and sales don't administer.
    denied(&crm, &ask(&fresh, Action::Read));
    denied(&crm, &request(&sales()));
}

#[test]
fn obligation_that_nobody_knows_denies() {
    let policy = Cedar::new(
        r#"@read("*") @oblige_video("on") permit (principal, action, resource in Strongroom::Collection::"x");
        @write("*") @read("*") @oblige permit (principal, action, resource);"#,
    );
    // The first lacks `@write`.
    assert!(source(&policy.unwrap_err()).contains("@write"));
    let policy = Cedar::new(
        r#"@read("*") @oblige_video("on") permit (principal, action == Strongroom::Action::"read", resource);"#,
    );
    let denial = denied(&policy.unwrap(), &ask(&sales(), Action::Read).reason("x"));
    assert_eq!(denial.code, codes::UNKNOWN_OBLIGATION);
    assert!(denial.for_admin.contains("@oblige_video(\"on\")"), "{}", denial.for_admin);
}

#[test]
fn forbid_overrides_a_permit_with_its_own_code_and_words() {
    let crm = crm();
    let boss = Actor::new("b").with_role("boss");
    let (plain, labels) = (Resource::new().id(id()), ["contract".to_owned()]);
    permitted(&crm, &ask(&boss, Action::Delete).resource(&plain));
    let denial = denied(&crm, &ask(&boss, Action::Delete).resource(&plain.labels(&labels)));
    assert!(denial.forbids);
    assert_eq!((&*denial.code, &*denial.rule), ("contract", "contracts stay"));
    assert_eq!(denial.for_user, "A customer under contract can't be deleted.");
    let bare = Cedar::new("forbid (principal, action, resource);").unwrap();
    let denial = denied(&bare, &ask(&boss, Action::Delete));
    assert_eq!((&*denial.code, &*denial.rule), ("policy0", "policy0"));
    assert_eq!(denial.for_user, "You are not allowed to do this.");
}

#[test]
fn policy_that_fails_denies_whatever_the_others_say() {
    let sales = sales();
    let own = Resource::new().id(id()).owner("sales-7");
    // Cedar alone would skip each of these, and allow.
    for (condition, why) in [
        (r#"principal.attributes.team == "north""#, "does not have the attribute `team`"),
        (r#"resource.labels > 3"#, "type error"),
        (r#"context.time * 9223372036854775807 > 3"#, "a number grew too large"),
    ] {
        for effect in ["forbid", "@read(\"*\") @write(\"*\") permit"] {
            let erring =
                format!("{CRM} @id(\"erring\") {effect} (principal, action, resource) when {{ {condition} }};");
            let policy = Cedar::new(&erring).unwrap();
            let error = failed(&policy, &ask(&sales, Action::Read).resource(&own));
            assert!(error.contains("`erring`") && error.contains(why), "{error}");
            assert!(!error.contains("1795348134"), "a value: {error}");
            // In a composition as well, and behind the guard it forbids.
            let composed = any_of(policy).or(Roles::new().role("sales", |r| r.on("customers").read_all()));
            failed(&composed, &ask(&sales, Action::Read).resource(&own));
        }
    }
}

#[test]
fn composes_with_roles_as_any_other_policy() {
    let sales = sales();
    let own = Resource::new().id(id()).owner("sales-7");
    let read = ask(&sales, Action::Read).resource(&own);
    let roles = || Roles::new().role("sales", |r| r.on("customers").read(["name", "notes"]).delete().own_only());

    assert_eq!(permitted(&any_of(crm()).or(roles()), &read).read, fields("name email tier notes"));
    assert_eq!(permitted(&all_of(crm()).and(roles()), &read).read, fields("name"));
    denied(&all_of(crm()).and(roles()), &ask(&sales, Action::Delete).resource(&own));
    let veto = all_of(crm()).and(forbid_if("never", |_, _| true));
    assert_eq!(denied(&veto, &read).code, "never");

    // Policies that only forbid stand beside roles, and leave the scope to them.
    let forbids: String = CRM.split_inclusive(';').filter(|policy| policy.contains("forbid (")).collect();
    let guarded: AllOf = all_of(roles()).and(Cedar::new(&forbids).unwrap());
    assert_eq!(permitted(&guarded, &read).read, fields("name notes"));
    permitted(&guarded, &ask(&sales, Action::Delete).resource(&own));
    let labels = ["contract".to_owned()];
    assert_eq!(denied(&guarded, &ask(&sales, Action::Delete).resource(&own.labels(&labels))).code, "contract");
    // In `any_of` as well, where everything would win.
    let either = any_of(roles()).or(Cedar::new(&forbids).unwrap());
    let scope = either.scope(&ask(&sales, Action::List), &AtNow).unwrap();
    assert_eq!(scope, Scope::Any(vec![Filter::Owner("sales-7".to_owned())]));
    let scope = guarded.scope(&ask(&sales, Action::List), &AtNow).unwrap();
    assert_eq!(scope, Scope::Any(vec![Filter::Owner("sales-7".to_owned())]));
}

#[test]
fn cedar_and_roles_agree_on_the_same_rules() {
    let roles = Roles::new()
        .role("sales", |r| {
            r.on("customers").create_with(["tier"]).read(["name", "email", "tier"]).update(["tier"]).own_only()
        })
        .role("admin", |r| r.administer())
        .role("boss", |r| r.on("customers").delete());
    let cedar = Cedar::new(&CRM.replace("@step_up(\"2,300\")", "").replace("\"contract\")", "\"never\")")).unwrap();
    let resources = [
        None,
        Some(Resource::new()),
        Some(Resource::new().owner("sales-7")),
        Some(Resource::new().id(id()).owner("sales-7")),
        Some(Resource::new().id(id()).owner("sales-8")),
    ];
    for actor in ["sales", "admin", "boss", "nobody"].map(|role| Actor::new("sales-7").with_role(role)) {
        for (act, resource) in Action::ALL.iter().flat_map(|act| resources.iter().map(move |resource| (*act, resource)))
        {
            // The group `administer` is all administration, `Roles::administer` only these acts. To count is in `view`.
            let administers =
                [Action::CreateTenant, Action::Define, Action::Verify, Action::ChangePolicy].contains(&act);
            if act == Action::Count || (act.is_administration() && (!administers || resource.is_some())) {
                continue;
            }
            if act == Action::Delete && resource.is_none_or(|resource| resource.id.is_none()) {
                continue;
            }
            let mut request = ask(&actor, act);
            request.resource = resource.as_ref();
            let said = |policy: &dyn AccessPolicy| match policy.decide(&request, &AtNow).unwrap() {
                Decision::Permit(permission)
                    if matches!(act, Action::Read | Action::List | Action::Search | Action::Update) =>
                {
                    format!("{:?}", permission.read)
                }
                decision => format!("{}", decision.is_permit()),
            };
            assert_eq!(said(&cedar), said(&roles), "{request:?}");
        }
    }
}

#[test]
fn explanation_names_every_policy_and_what_is_missing() {
    let (crm, both) = (crm(), Actor::new("sales-7").with_role("support").with_role("sales"));
    let own = Resource::new().id(id()).owner("sales-7");
    let text = crm.explain(&ask(&both, Action::Read).resource(&own), &AtNow).to_string();
    assert!(text.contains("cedar: permits, by `sales: own customers`"), "{text}");
    assert!(text.contains("+ sales: own customers: permits"), "{text}");
    assert!(text.contains("- support: with a reason: would permit, but: "), "{text}");
    assert!(text.contains("- contracts stay: not applicable to `read`"), "{text}");
    assert!(!text.contains("missing"), "{text}");

    let foreign = Resource::new().id(id()).owner("sales-8");
    let sales = sales();
    let text = crm.explain(&ask(&sales, Action::Read).resource(&foreign), &AtNow).to_string();
    assert!(text.contains("missing: that `sales: own customers` applies"), "{text}");
    let text = crm.explain(&ask(&sales, Action::Export), &AtNow).to_string();
    assert!(text.contains("missing: a permit for `export`: no policy has one"), "{text}");
    let labels = ["contract".to_owned()];
    let boss = Actor::new("b").with_role("boss");
    let text = crm.explain(&ask(&boss, Action::Delete).resource(&own.labels(&labels)), &AtNow).to_string();
    assert!(text.contains("+ contracts stay: forbids") && text.contains("+ boss deletes: permits"), "{text}");
    let erring =
        Cedar::new(r#"@id("e") forbid (principal, action, resource) when { context.purpose == "x" };"#).unwrap();
    let text = erring.explain(&ask(&boss, Action::Delete), &AtNow).to_string();
    assert!(text.contains("failed: ") && text.contains("+ e: failed, which denies"), "{text}");
}

#[test]
fn row_limits_and_approvals_are_asked_of_the_facts() {
    let policy = |obligation: &str| {
        let text = format!(
            "@id(\"x\") @read(\"*\") {obligation} permit (principal, action in Strongroom::Action::\"view\", resource);"
        );
        Cedar::new(&text).unwrap()
    };
    let sales = sales();
    let request = ask(&sales, Action::List).approval(ApprovalId::from_bytes([1; 16]));
    let code = |obligation: &str| match policy(obligation).decide(&request, &Busy).unwrap() {
        Decision::Deny(denial) => denial.code.to_string(),
        decision => format!("{}", decision.is_permit()),
    };
    assert_eq!(code("@approvals(\"2\")"), "true");
    assert_eq!(code("@approvals(\"3\")"), codes::APPROVAL_REQUIRED);
    assert_eq!(code("@row_limit(\"10,701\")"), "true");
    assert_eq!(code("@row_limit(\"10,700\")"), codes::ROW_LIMIT);
}
