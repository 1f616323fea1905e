use super::*;

#[test]
fn what_comes_with_every_act_fits_the_shipped_schema() {
    let (schema, _) = cedar_policy::Schema::from_cedarschema_str(Cedar::SCHEMA).unwrap();
    let crm = crm();
    let bare = Actor::new("");
    let full = Actor::new("anna")
        .with_role("support")
        .with_role("boss")
        .with_authentication(2, NOW)
        .with_device("d")
        .with_session("s")
        .with_channel("c");
    let labels = ["vip".to_owned()];
    let known = Resource::new().id(id()).owner("anna").labels(&labels);
    let new = Resource::new();
    for act in Action::ALL {
        for actor in [&bare, &full] {
            let vault = Request::new(actor, *act, NOW);
            let about = vault.on("customers").purpose("billing").reason("r").rows(5).fields(&["name"]);
            let tenant = Request { tenant: Some(TenantId::from_bytes([7; 16])), new_owner: Some("bert"), ..about };
            let on_record = [tenant.resource(&known), tenant.resource(&new)];
            let mut requests = vec![tenant];
            if !act.is_administration() {
                requests.extend(on_record);
            }
            if act.is_administration()
                || matches!(act, Action::Approve | Action::BreakGlass | Action::Erase | Action::Hold)
            {
                requests.push(vault);
            }
            for request in requests {
                let asked = Asked::new(&crm.loaded, &request, &Busy).unwrap();
                asked.conforms(&schema).unwrap_or_else(|why| panic!("{request:?}: {why}"));
            }
        }
    }
    // The groups of acts are the same with the shipped schema and without one.
    let checked = crm.clone().with_schema(Cedar::SCHEMA).unwrap();
    for (act, entity) in &crm.loaded.acts {
        assert!(checked.loaded.acts[act].deep_eq(entity), "{act}");
    }
}

#[test]
fn policies_see_who_asks_what_about_which_record_and_when() {
    let anna = Actor::new("anna")
        .with_role("support")
        .with_attribute("team", "north")
        .with_authentication(2, Timestamp::from_micros(NOW.as_micros() - 10_000_001))
        .with_device("laptop")
        .with_session("s-1")
        .with_channel("web");
    let (labels, attributes) = (["vip".to_owned()], [("region".to_owned(), "north".to_owned())]);
    let record = Resource::new().id(id()).owner("anna").labels(&labels).attributes(&attributes);
    let mut request = ask(&anna, Action::Read).resource(&record).fields(&["email"]);
    request = request.purpose("billing").reason("ticket-7").rows(5);
    request.tenant = Some(TenantId::from_bytes([7; 16]));
    request.new_owner = Some("bert");
    for condition in [
        r#"principal.id == "anna" && principal.roles == ["support"] && principal.attributes.team == "north""#,
        r#"principal.strength == 2 && principal.authenticated_for == 11"#,
        r#"principal.device == "laptop" && principal.session == "s-1" && principal.channel == "web""#,
        r#"principal == Strongroom::Actor::"anna" && principal in Strongroom::Role::"support""#,
        r#"action == Strongroom::Action::"read" && action in Strongroom::Action::"view""#,
        r#"resource == Strongroom::Record::"30313233-3435-3637-3839-616263646566""#,
        r#"resource.owner == principal && resource.labels == ["vip"] && resource.attributes.region == "north""#,
        r#"resource.collection == "customers" && resource in Strongroom::Collection::"customers" && resource.is_known"#,
        r#"principal.attributes.team == resource.attributes.region"#,
        r#"context.own && context.purpose == "billing" && context.reason like "ticket-*""#,
        r#"context.time == 1795348134 && context.minute_of_day == 708 && context.weekday == 7"#,
        r#"context.fields == ["email"] && context.rows == 5 && context.tenant like "07070707-*""#,
        r#"context.approvals == 2 && context.emergency && context.rows_in_last_hour == 700"#,
        r#"context.shared == ["read", "write"] && context.new_owner == Strongroom::Actor::"bert""#,
    ] {
        assert!(holds(condition, &request, &Busy), "{condition}");
        assert!(!holds(&format!("!({condition})"), &request, &Busy), "{condition}");
    }
}

#[test]
fn what_is_not_known_is_not_there() {
    let nobody = Actor::new("x");
    let request = Request::new(&nobody, Action::Read, Timestamp::from_micros(-1)).on("customers").reason("  ");
    for condition in [
        "!(principal has strength) && !(principal has authenticated_for) && !(principal has device)",
        "!(principal has session) && !(principal has channel) && principal.roles.isEmpty()",
        "!(resource has owner) && resource.labels.isEmpty() && !resource.is_known && !context.own",
        "!(context has reason) && !(context has purpose) && !(context has rows) && !(context has tenant) && !(context has new_owner)",
        "context.time == -1 && context.minute_of_day == 1439 && context.weekday == 3",
        "context.shared.isEmpty() && context.approvals == 0 && !context.emergency",
        r#"resource == Strongroom::Record::"unknown""#,
    ] {
        assert!(holds(condition, &request, &NoFacts), "{condition}");
    }
    // Of an authentication that lies ahead of the clock nothing is said, or its age would be below any.
    let ahead = Actor::new("x").with_authentication(9, Timestamp::from_micros(NOW.as_micros() + 61_000_000));
    assert!(holds(
        "!(principal has strength) && !(principal has authenticated_for)",
        &ask(&ahead, Action::Read),
        &AtNow
    ));
    let close = Actor::new("x").with_authentication(9, Timestamp::from_micros(NOW.as_micros() + 59_000_000));
    assert!(holds("principal.authenticated_for == 0", &ask(&close, Action::Read), &AtNow));
    // An actor without an id owns nothing, not even what nobody owns.
    let unnamed = Actor::new("");
    let nobodys = Resource::new().id(id()).owner("");
    assert!(holds("!(resource has owner) && !context.own", &ask(&unnamed, Action::Read).resource(&nobodys), &AtNow));
}

#[test]
fn ids_never_become_policy_text() {
    let sly = Actor::new(r#"x" || true || ""#).with_role(r#"sales", "boss"#).with_attribute("a\"b", "\\");
    let own = Resource::new().id(id()).owner(sly.id());
    denied(&crm(), &ask(&sly, Action::Read).resource(&own));
    assert!(holds(r#"principal.roles == ["sales\", \"boss"]"#, &ask(&sly, Action::Read), &AtNow));
}

#[test]
fn groups_and_role_hierarchies_come_from_entities() {
    let entities = r#"[
        { "uid": { "type": "Strongroom::Actor", "id": "anna" }, "attrs": {},
          "parents": [{ "type": "Strongroom::Group", "id": "north" }] },
        { "uid": { "type": "Strongroom::Group", "id": "north" }, "attrs": {},
          "parents": [{ "type": "Strongroom::Group", "id": "europe" }] },
        { "uid": { "type": "Strongroom::Role", "id": "lead" }, "attrs": {},
          "parents": [{ "type": "Strongroom::Role", "id": "sales" }] }
    ]"#;
    let policy = Cedar::new(
        r#"@read("name") permit (principal in Strongroom::Group::"europe", action in Strongroom::Action::"view", resource);
           @read("tier") permit (principal in Strongroom::Role::"sales", action in Strongroom::Action::"view", resource);
           @read("team") permit (principal in Strongroom::Role::"boss", action in Strongroom::Action::"view", resource is Strongroom::Record)
           when { resource has owner && resource.owner in Strongroom::Group::"europe" };"#,
    )
    .unwrap();
    let anna = Actor::new("anna");
    denied(&policy, &ask(&anna, Action::Read));
    let policy = policy.with_entities(entities).unwrap();
    assert_eq!(permitted(&policy, &ask(&anna, Action::Read)).read, fields("name"));
    assert_eq!(permitted(&policy, &ask(&anna.clone().with_role("lead"), Action::Read)).read, fields("name tier"));
    denied(&policy, &ask(&Actor::new("bert"), Action::Read));
    let boss = Actor::new("b").with_role("boss");
    permitted(&policy, &ask(&boss, Action::Read).resource(&Resource::new().id(id()).owner("anna")));
    denied(&policy, &ask(&boss, Action::Read).resource(&Resource::new().id(id()).owner("bert")));
    assert_eq!(policy.roles(), ["boss", "lead", "sales"]);

    let refused = |json: &str| source(&crm().with_entities(json).unwrap_err());
    let record = r#"[{ "uid": { "type": "Strongroom::Record", "id": "1" }, "attrs": {}, "parents": [] }]"#;
    assert!(refused(record).contains("comes with each act"));
    let attrs = r#"[{ "uid": { "type": "Strongroom::Actor", "id": "a" }, "attrs": { "id": "b" }, "parents": [] }]"#;
    assert!(refused(attrs).contains("Actor::with_attribute"));
    assert!(refused("[{]").contains("line 1 column 3"), "{}", refused("[{]"));
}
