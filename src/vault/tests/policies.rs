//! Past policies, and acts that only some policies permit.

use crate::audit::Required;
use crate::model::{Action, Facts, FieldSet, Request};
use crate::policy::{AccessPolicy, Decision, Obligation, Permission, PolicyError, PolicyVersion, codes};
use crate::vault::tests::*;

/// A policy with a text of this length.
struct Written(usize);

impl AccessPolicy for Written {
    fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        Ok(Permission::new("written").read(FieldSet::All).write(FieldSet::All).into())
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of(&format!("written, {}", self.0))
    }

    fn text(&self) -> Option<String> {
        Some("p".repeat(self.0))
    }
}

#[test]
fn every_policy_with_a_text_is_kept_once_and_reads_back_after_reopening() {
    let world = World::with(|options| options.policy(Written(0)));
    for length in [5, 100_000, 5, 0] {
        world.vault.session(admin()).unwrap().set_policy(Written(length)).unwrap();
    }
    assert!(matches!(
        world.vault.session(admin()).unwrap().set_policy(Written((1 << 20) + 1)),
        Err(Error::TooLarge { .. })
    ));
    let kept = |vault: &Vault| {
        let all = vault.session(admin()).unwrap().past_policies().unwrap();
        assert!(all.iter().all(|policy| policy.version == Written(policy.text.len()).version()));
        assert!(all.is_sorted_by_key(|policy| policy.since));
        all.iter().map(|policy| policy.text.len()).collect::<Vec<_>>()
    };
    assert_eq!(kept(&world.vault), [0, 5, 100_000]);
    world.vault.close().unwrap();
    let vault = open_options(&world.memory).policy(Written(7)).open().unwrap();
    assert_eq!(kept(&vault), [0, 5, 100_000, 7]);
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
    vault.close().unwrap();
    // Roles built in code have no text; and not everybody may ask for past policies.
    let vault = open_options(&world.memory).open().unwrap();
    assert!(matches!(vault.session(boss()).unwrap().past_policies(), Err(Error::Denied(_))));
    // Four texts, and the version in force.
    assert_eq!(stored(&world.memory, Space::Policy).iter().filter(|(key, _)| key.ends_with(&[0, 0])).count(), 5);
}

#[test]
fn another_policy_is_on_record_however_it_came_in_force() {
    let kept = Kept::default();
    let versions = |kept: &Kept| -> Vec<(String, Option<String>, [u8; 32])> {
        let of = |event: &Event| {
            (event.code().to_owned(), event.actor().map(str::to_owned), event.new_policy().unwrap_or_default())
        };
        kept.of("change_policy").iter().map(of).collect()
    };
    let hash = |length| *Written(length).version().as_bytes();
    let world = World::with(|options| options.policy(Written(1)).sink(Required(kept.clone())));
    assert!(versions(&kept).is_empty(), "the policy that the vault was created with is nobody's change");
    let open = |length| {
        let vault = open_options(&world.memory).policy(Written(length)).sink(Required(kept.clone())).open().unwrap();
        vault.flush().unwrap();
        vault
    };
    world.vault.close().unwrap();
    open(1).close().unwrap();
    assert!(versions(&kept).is_empty(), "the same one is none");
    let vault = open(2);
    assert_eq!(versions(&kept), [("opened".to_owned(), None, hash(2))]);
    assert_eq!(kept.of("change_policy")[0].policy(), Some(hash(2)));
    vault.session(admin()).unwrap().set_policy(Written(3)).unwrap();
    assert_eq!(versions(&kept)[1], (String::new(), Some("root".to_owned()), hash(3)));
    // The policy before decided on this act.
    assert_eq!(kept.of("change_policy")[1].policy(), Some(hash(2)));
    vault.session(admin()).unwrap().set_policy(Written(3)).unwrap();
    vault.close().unwrap();
    open(3).close().unwrap();
    assert_eq!(versions(&kept).len(), 3);
    // A policy that was in force long ago; then one after somebody has removed the version in force.
    open(1).close().unwrap();
    assert_eq!(versions(&kept)[3..], [("opened".to_owned(), None, hash(1))]);
    let word = stored(&world.memory, Space::Policy)[0].0.clone();
    assert_eq!(word[1..33], [0; 32]);
    put(&world.memory, &[(word.clone(), None)]);
    open(1).close().unwrap();
    assert_eq!(versions(&kept).len(), 5);
    put(&world.memory, &[(word, Some(b"torn".to_vec()))]);
    let vault = open(1);
    assert_eq!(versions(&kept).len(), 6);
    assert_eq!(vault.session(admin()).unwrap().past_policies().unwrap().len(), 3);
    assert_eq!(vault.session(admin()).unwrap().verify().unwrap(), Verdict::Intact);
}

#[test]
fn policies_put_in_force_at_once_are_on_record_in_the_order_in_which_they_were() {
    let kept = Kept::default();
    let world = World::with(|options| options.policy(Written(1)).sink(Required(kept.clone())));
    std::thread::scope(|scope| {
        for n in 2..6 {
            let vault = world.vault.clone();
            scope.spawn(move || vault.session(admin()).unwrap().set_policy(Written(n)).unwrap());
        }
    });
    let all = kept.of("change_policy");
    let changes: Vec<_> = all.iter().map(|event| (event.policy().unwrap(), event.new_policy().unwrap())).collect();
    assert_eq!(changes.len(), 4);
    assert!(changes.windows(2).all(|pair| pair[0].1 == pair[1].0), "each was decided by the one before: {changes:?}");
    let id = world.add("Ann", "ann@x.org");
    world.customers().get(id).unwrap();
    world.vault.flush().unwrap();
    assert_eq!(kept.of("read")[0].policy(), Some(changes[3].1));
}

#[test]
fn policy_whose_version_is_no_hash_is_refused() {
    struct Zeros;
    impl AccessPolicy for Zeros {
        fn decide(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            Ok(Permission::new("zeros").into())
        }

        fn version(&self) -> PolicyVersion {
            PolicyVersion::from_bytes([0; 32])
        }
    }
    let world = World::with(|options| options.policy(Written(1)));
    let refused = world.vault.session(admin()).unwrap().set_policy(Zeros).unwrap_err().to_string();
    assert!(refused.contains("PolicyVersion::of"), "{refused}");
}

/// Permits names, and every other field to who unmasks it, one at a time.
struct Unmasks;

impl AccessPolicy for Unmasks {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        let shown: FieldSet = match request.action {
            Action::Unmask => ["name", "email"].into_iter().collect(),
            Action::Create => FieldSet::All,
            _ => ["name"].into_iter().collect(),
        };
        let permission = Permission::new("unmasks").read(shown).write(FieldSet::All);
        Ok(permission.oblige(Obligation::Notify("look here".into())).into())
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("unmasks")
    }
}

#[test]
fn unmask_shows_the_fields_named_and_no_others_and_is_an_act_of_its_own() {
    let kept = Kept::default();
    let world = World::with(|options| options.policy(Unmasks).sink(Required(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    let customers = world.customers();
    assert_eq!(customers.get(id).unwrap().withheld, ["email", "tier"]);
    let found = customers.unmask(id, &["email"]).unwrap();
    assert_eq!((found.value.email.as_str(), found.withheld), ("ann@x.org", vec!["name".to_owned(), "tier".to_owned()]));
    let refused = match customers.unmask(id, &["email", "tier"]) {
        Err(Error::Denied(denial)) => denial,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused.code, codes::FIELD_NOT_READABLE);
    assert!(refused.for_admin.contains("`tier`"));
    assert!(matches!(customers.unmask(id, &["emial"]), Err(Error::Record(_))));
    let gone = customers.unmask(RecordId::from_bytes([7; 16]), &["email"]);
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    world.vault.flush().unwrap();
    let unmasked = kept.of("unmask");
    let said: Vec<_> = unmasked.iter().map(|event| (event.code(), event.fields_read())).collect();
    assert_eq!(
        said,
        [
            ("look here", vec!["email"]),
            // The fields asked for; none was shown.
            (codes::FIELD_NOT_READABLE, vec!["email", "tier"]),
            ("failed", vec![]),
            ("not_found", vec!["email"]),
        ]
    );
}

#[test]
fn export_gives_what_a_list_gives_under_its_own_name() {
    let kept = Kept::default();
    let world = World::with(|options| options.policy(Unmasks).sink(Required(kept.clone())));
    let ids: Vec<_> = (0..5).map(|n| world.add("Ann", &format!("a{n}@x.org"))).collect();
    let first = world.customers().export(None, 3).unwrap();
    let rest = world.customers().export(first.next, 3).unwrap();
    let got: Vec<_> = first.items.iter().chain(&rest.items).map(|found| found.id).collect();
    assert_eq!((got, rest.next), (ids, None));
    assert!(first.items.iter().all(|found| found.is_withheld("email")));
    world.vault.flush().unwrap();
    let exports = kept.of("export");
    assert_eq!(exports.iter().filter_map(crate::audit::Event::rows).collect::<Vec<_>>(), [3, 2]);
    assert!(exports.iter().all(|event| event.code() == "look here"));
}

#[test]
fn policy_that_answers_too_late_denies_whatever_it_says() {
    struct Slow;
    impl AccessPolicy for Slow {
        fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
            if request.action == Action::Read {
                std::thread::sleep(std::time::Duration::from_millis(520));
            }
            Ok(Permission::new("slow").read(FieldSet::All).write(FieldSet::All).into())
        }
        fn version(&self) -> PolicyVersion {
            PolicyVersion::of("slow")
        }
    }
    let kept = Kept::default();
    let late = std::time::Duration::from_millis(500);
    let world = World::with(|options| options.policy(Slow).policy_deadline(late).sink(Required(kept.clone())));
    let id = world.add("Ann", "ann@x.org");
    match world.customers().get(id) {
        Err(Error::Denied(denial)) => assert_eq!(denial.code, codes::POLICY_LATE),
        other => panic!("{other:?}"),
    }
    world.vault.flush().unwrap();
    assert_eq!(kept.of("read")[0].code(), codes::POLICY_LATE);
}

#[cfg(feature = "policy-file")]
mod file {
    use std::fs;

    use super::*;
    use crate::policy::PolicyFile;

    const BEFORE: &str = "version = 1\n[roles.admin]\nmay = [\"create_tenant\", \"define\", \"verify\", \"change_policy\", \"review_access\"]\n\
                          [[roles.boss.on]]\ncollection = \"customers\"\ncreate = true\nread = [\"name\"]\n";

    #[test]
    fn reloaded_file_decides_for_open_sessions_and_every_entry_names_its_version() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("crm.toml");
        fs::write(&path, BEFORE).unwrap();
        let before = PolicyFile::load(&path).unwrap();
        let kept = Kept::default();
        let world = World::with(|options| options.policy(before.clone()).sink(Required(kept.clone())));
        let session = world.acme.session(boss()).unwrap();
        let customers = session.collection::<Customer>().unwrap();
        let id = customers.insert(&Customer::new("Ann", "ann@example.com")).unwrap();
        assert_eq!(customers.get(id).unwrap().withheld, ["email", "tier"]);

        // After a mistake in the file the old policy stays in force.
        fs::write(&path, BEFORE.replace("read =", "raed =")).unwrap();
        assert!(before.reload().is_err());
        assert_eq!(customers.get(id).unwrap().withheld, ["email", "tier"]);

        fs::write(&path, BEFORE.replace("[\"name\"]", "[\"name\", \"email\"]")).unwrap();
        let after = before.reload().unwrap().unwrap();
        world.vault.session(admin()).unwrap().set_policy(after.clone()).unwrap();
        let changed = {
            world.vault.flush().unwrap();
            kept.events().len()
        };
        assert_eq!(customers.get(id).unwrap().withheld, ["tier"]);
        assert!(customers.delete(id).is_err());
        world.vault.flush().unwrap();
        let events = kept.events();
        let (old, new) = events.split_at(changed);
        // The vault was created before there was a policy.
        let by = |events: &[Event], policy: &PolicyFile| {
            !events.is_empty() && events.iter().all(|event| event.policy() == Some(*policy.version().as_bytes()))
        };
        assert!(by(&old[1..], &before));
        assert!(by(new, &after));

        // Both can be read back with their texts.
        let past = world.vault.session(admin()).unwrap().past_policies().unwrap();
        assert_eq!(past.len(), 2);
        for (past, wanted) in past.iter().zip([&before, &after]) {
            assert_eq!(past.version, wanted.version());
            assert_eq!(PolicyFile::parse(&past.text).unwrap().version(), past.version);
        }
    }

    #[test]
    fn tenant_tells_what_a_policy_names_and_it_does_not_have() {
        let world = World::new();
        let policy = PolicyFile::parse(&BEFORE.replace("[\"name\"]", "[\"name\", \"emial\"]")).unwrap();
        let told: Vec<String> = world.acme.check_policy(&policy).iter().map(|mistake| mistake.what.clone()).collect();
        assert_eq!(told, ["`customers` has no field `emial`: did you mean `email`?"]);
        let policy = PolicyFile::parse(&BEFORE.replace("customers", "custmers")).unwrap();
        let told: Vec<String> = world.acme.check_policy(&policy).iter().map(|mistake| mistake.what.clone()).collect();
        assert_eq!(told, ["there is no collection `custmers`: did you mean `customers`?"]);
        assert!(world.acme.check_policy(&PolicyFile::parse(BEFORE).unwrap()).is_empty());
    }
}
