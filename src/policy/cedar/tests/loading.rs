use super::texts::MARKS;
use super::*;

#[test]
fn every_obligation_and_its_values_are_understood() {
    let policy = Cedar::new(
        r#"@id("all") @read("*") @reason @step_up(" 2 , 300") @approvals("2") @row_limit("100,1000") @notify("vip")
           @description("for people") permit (principal, action == Strongroom::Action::"read", resource);"#,
    )
    .unwrap();
    let Terms::Permit(permission) = &policy.loaded.rules[0].terms else { panic!() };
    let mut said = permission.obligations.clone();
    let within = std::time::Duration::from_secs(300);
    for obligation in [
        Obligation::Reason,
        Obligation::StepUp { strength: 2, within },
        Obligation::Approvals(2),
        Obligation::RowLimit { per_act: 100, per_hour: Some(1000) },
        Obligation::Notify("vip".into()),
    ] {
        let at = said.iter().position(|known| *known == obligation).unwrap_or_else(|| panic!("{obligation:?}"));
        said.remove(at);
    }
    assert!(said.is_empty(), "{said:?}");
    let open = r#"@read("*") @row_limit("7") permit (principal, action == Strongroom::Action::"read", resource);"#;
    let Terms::Permit(permission) = &Cedar::new(open).unwrap().loaded.rules[0].terms else { panic!() };
    assert_eq!(permission.obligations, [Obligation::RowLimit { per_act: 7, per_hour: None }]);
}

#[test]
fn malformed_annotations_are_told_with_policy_and_place() {
    let at =
        |annotation: &str| fault(&format!("// first\n  @id(\"x\") {annotation} permit (principal, action, resource);"));
    for (annotation, why) in [
        (r#"@step_up("strong") @read("*") @write("*")"#, "`@step_up` takes the least strength"),
        (r#"@step_up("2") @read("*") @write("*")"#, "`@step_up` takes the least strength"),
        (r#"@step_up("256,300") @read("*") @write("*")"#, "`@step_up` takes the least strength"),
        (r#"@approvals("0") @read("*") @write("*")"#, "`@approvals` takes a number from 1"),
        (r#"@row_limit("10,") @read("*") @write("*")"#, "`@row_limit` takes a number from 1"),
        (r#"@row_limit("0") @read("*") @write("*")"#, "`@row_limit` takes a number from 1"),
        (r#"@reason("why") @read("*") @write("*")"#, "`@reason` takes no value"),
        (r#"@notify @read("*") @write("*")"#, "`@notify` has no value"),
        (r#"@read("name,,email") @write("*")"#, "`@read` has a field without a name"),
        (r#"@read("*,email") @write("*")"#, "`@read` names fields beside `*`"),
        (r#"@raeson @read("*") @write("*")"#, "did you mean `reason`?"),
        (r#"@for_user("no") @read("*") @write("*")"#, "`@for_user` belongs to a `forbid`"),
    ] {
        let fault = at(annotation);
        assert!(fault.contains("line 2, column 12: policy `x`: ") && fault.contains(why), "{annotation}: {fault}");
    }
    let second =
        fault("forbid (principal, action, resource);\n@code(\"a\")\n@reason forbid (principal, action, resource);");
    assert!(second.contains("line 3, column 1: policy `policy1`: `@reason` belongs to a `permit`"), "{second}");
}

#[test]
fn permit_has_to_say_which_fields_it_shows_and_lets_write() {
    for (act, read, write) in [
        (r#"action == Strongroom::Action::"read""#, true, false),
        (r#"action in Strongroom::Action::"view""#, true, false),
        (r#"action == Strongroom::Action::"create""#, false, true),
        (r#"action == Strongroom::Action::"update""#, true, true),
        ("action", true, true),
    ] {
        let fault = fault(&format!("permit (principal, {act}, resource);"));
        assert_eq!((fault.contains("@read(\"name"), fault.contains("@write(\"name")), (read, write), "{fault}");
    }
    for act in ["delete", "administer", "count", "create_tenant"] {
        Cedar::new(&format!("permit (principal, action in Strongroom::Action::\"{act}\", resource);")).unwrap();
    }
    let none = Cedar::new(r#"@read("") permit (principal, action == Strongroom::Action::"read", resource);"#).unwrap();
    assert!(permitted(&none, &ask(&sales(), Action::Read)).read.is_empty());
}

#[test]
fn what_does_not_exist_is_told_when_loading() {
    let forbid = |scope: &str| fault(&format!("forbid ({scope});"));
    for (scope, why) in [
        (
            r#"principal, action == Strongroom::Action::"raed", resource"#,
            "there is no act `raed`; did you mean `read`?",
        ),
        (r#"principal, action == Action::"read", resource"#, "write `Strongroom::Action`"),
        (r#"principal in Role::"sales", action, resource"#, "write `Strongroom::Role`"),
        (r#"principal in Strongroom::Rule::"sales", action, resource"#, "did you mean `Role`?"),
        ("principal, action, resource is Record", "write `Strongroom::Record`"),
        ("principal is Actor in Strongroom::Role::\"a\", action, resource", "write `Strongroom::Actor`"),
    ] {
        assert!(forbid(scope).contains(why), "{scope}: {}", forbid(scope));
    }
    let condition = fault(r#"forbid (principal, action, resource) when { principal in Role::"sales" };"#);
    assert!(condition.contains("line 1, column 1: policy `policy0`: `Role` is no type"), "{condition}");
    let tested = fault("forbid (principal, action, resource) when { true && (resource is Record || false) };");
    assert!(tested.contains("`Record` is no type that Strongroom tells of"), "{tested}");
    let syntax = fault("permit (principal, action, resource)\n  where { true };");
    assert!(syntax.contains("line 2, column 3"), "{syntax}");
    assert!(fault("forbid (principal == ?principal, action, resource);").contains("template"));
    let twice = r#"@id("a") forbid (principal, action, resource); @id("a") forbid (principal, action, resource);"#;
    assert!(fault(twice).contains("line 1, column 48: policy `a`: another policy has this name"), "{}", fault(twice));
}

#[test]
fn policy_that_does_not_fit_the_schema_is_told_when_loading() {
    assert!(crm().with_schema(Cedar::SCHEMA).is_ok());
    let checked = |condition: &str, schema: &str| {
        let policy = format!("@id(\"x\")\nforbid (principal, action, resource)\nwhen {{ {condition} }};");
        Cedar::new(&policy).unwrap().with_schema(schema).map(|_| ()).map_err(|error| source(&error))
    };
    let misspelt = checked("principal.rolls.contains(\"x\")", Cedar::SCHEMA).unwrap_err();
    assert!(misspelt.contains("line 3, column 8: policy `x`: ") && misspelt.contains("`roles`"), "{misspelt}");
    assert!(checked("resource.owner == principal", Cedar::SCHEMA).is_err());
    assert!(checked("resource has owner && resource.owner == principal", Cedar::SCHEMA).is_ok());
    assert!(checked("principal.attributes has team", Cedar::SCHEMA).unwrap_err().contains("policy `x`"));
    let own = Cedar::SCHEMA.replace("type ActorAttributes = {};", "type ActorAttributes = { team?: String };");
    assert!(checked("principal.attributes has team", &own).is_ok());
    let broken = checked("true", "namespace Strongroom {\n  entity ;\n}").unwrap_err();
    assert!(broken.contains("the Cedar schema, line 2, column 10"), "{broken}");
}

#[test]
fn version_changes_with_every_text_and_the_text_reads_back() {
    let plain = crm();
    let schema = plain.clone().with_schema(Cedar::SCHEMA).unwrap();
    let full = schema.clone().with_entities("[]").unwrap();
    let entities = plain.clone().with_entities("[]").unwrap();
    let other = Cedar::new(&CRM.replace("2,300", "2,301")).unwrap();
    let versions: BTreeSet<String> =
        [&plain, &schema, &full, &entities, &other].iter().map(|policy| policy.version().to_string()).collect();
    assert_eq!(versions.len(), 5);
    assert_eq!(crm().version(), plain.version());
    assert_eq!(plain.text().as_deref(), Some(CRM));
    for policy in [plain, schema, full, entities] {
        let again = Cedar::from_text(&policy.text().unwrap()).unwrap();
        assert_eq!((again.version(), again.text()), (policy.version(), policy.text()));
    }
    assert!(fault(&format!("{CRM}{}", MARKS[0])).contains("from_text"));
}

/// In a thread with the stack of one that the standard library starts; whatever passes the limits has to get through.
#[test]
fn hostile_text_is_an_error_or_is_decided_and_never_overflows_the_stack() {
    let condition = |kind: &str, n: usize| match kind {
        "brackets" => format!("{}true{}", "(".repeat(n), ")".repeat(n)),
        "sets" => format!("{}1{} == 1", "[".repeat(n), "]".repeat(n)),
        "records" => format!("{}1{} == 1", "{a:".repeat(n), "}".repeat(n)),
        "not" => format!("{}true{}", "!(".repeat(n), ")".repeat(n)),
        "or" => format!("{}true", "true||".repeat(n)),
        "plus" => format!("1{} == 1", "+1".repeat(n)),
        "dots" => format!("context{} == 1", ".a".repeat(n)),
        "if" => format!("{}true", "if true then true else ".repeat(n)),
        _ => format!("context{}", ".a()".repeat(n)),
    };
    let tried = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let mut outcomes = BTreeSet::new();
        for kind in ["brackets", "sets", "records", "not", "or", "plus", "dots", "if", "calls"] {
            for n in [25, 60, 1_000, 1_300, 4_000, 100_000] {
                let policy = format!("forbid (principal, action, resource) when {{ {} }};", condition(kind, n));
                let Ok(policy) = Cedar::new(&policy) else {
                    outcomes.insert((kind, false));
                    continue;
                };
                outcomes.insert((kind, true));
                drop(policy.decide(&ask(&sales(), Action::Read), &AtNow));
                drop(policy.with_schema(Cedar::SCHEMA));
            }
        }
        outcomes
    });
    // Each has been taken in small and refused in large. Nothing has a method `a`.
    assert_eq!(tried.unwrap().join().unwrap().len(), 17);
    let deep = format!("entity A = {{ a: {}Long{} }};", "Set<".repeat(5_000), ">".repeat(5_000));
    assert!(source(&crm().with_schema(&deep).unwrap_err()).contains("line 1, column 144: brackets"));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(source(&crm().with_entities(&deep).unwrap_err()).contains("brackets"));
}

#[test]
fn limits_count_neither_remarks_nor_texts() {
    let open = "([{".repeat(50);
    let long = "x".repeat(4_000);
    let policies = format!("@id(\"{open}\\\"{open}\") forbid (principal, action, resource); // {open} \"\n").repeat(1);
    Cedar::new(&policies).unwrap();
    let many: String = (0..20).map(|n| format!("@id(\"{n}{long}\") forbid (principal, action, resource);")).collect();
    Cedar::new(&many).unwrap();
    assert!(fault(&many.replace("\") forbid", &format!("{long}{long}\") forbid"))).contains("8192 bytes"));
    assert!(fault(&" ".repeat((1 << 20) + 1)).contains("1048577 bytes"));
}
