//! Every call, and its answers.

use std::time::Duration;

use crate::model::{Access, Grantee, Revision};
use crate::record::SearchValue;
use crate::vault::admin::review::Inquiry;
use crate::vault::tests::outputs::*;

const HOUR: Duration = Duration::from_secs(3600);

/// Returns the value to search a field for.
fn sought(value: &Json) -> Option<SearchValue> {
    value.as_str().map(Into::into)
}

/// Returns the record with some fields of another one.
fn with<T: Fixture>(value: &T, other: &T, fields: &[&str]) -> T {
    let (mut value, other) = (json(value), json(other));
    for field in fields {
        match other.get(*field) {
            Some(new) => drop(value.insert((*field).to_owned(), new.clone())),
            None => drop(value.remove(*field)),
        }
    }
    serde_json::from_value(Json::Object(value.into_iter().collect())).unwrap()
}

impl Bench {
    /// Makes every call that shows records. Returns the number of records shown.
    pub(super) fn reads<T: Fixture>(&mut self, actor: &Actor) -> usize {
        let rows = self.of::<T>(actor);
        let ids = self.ids(T::COLLECTION);
        let mut count = 0;
        let read = self.allowed(actor, Action::Read, &[]);
        for id in &ids {
            count += self.shown("get", rows.get(*id).map(|found| [found]), &read);
            self.quiet("shares", rows.shares(*id));
            let mut sets: Vec<Vec<&str>> = T::FIELDS.iter().map(|field| vec![*field]).collect();
            sets.extend([T::FIELDS.to_vec(), vec!["nothing"], Vec::new()]);
            for fields in sets {
                let unmasked = self.allowed(actor, Action::Unmask, &fields);
                count += self.shown("unmask", rows.unmask(*id, &fields).map(|found| [found]), &unmasked);
            }
        }
        self.shown("get", rows.get(RecordId::from_bytes([9; 16])).map(|found| [found]), &HashSet::new());
        let list = self.allowed(actor, Action::List, &[]);
        let first = rows.list(None, 2);
        self.silent("a page", &format!("{first:?} {:#?}", rows.list(None, 1)));
        count += self.shown("list", first, &list);
        count += self.shown("list", rows.list(ids.first().copied(), 10), &list);
        count += self.shown("list_newest", rows.list_newest(None, 10), &list);
        for found in rows.iter(3) {
            count += self.shown("iter", found.map(|found| [found]), &list);
        }
        let export = self.allowed(actor, Action::Export, &[]);
        count += self.shown("export", rows.export(None, 10), &export);
        self.quiet("count", rows.count());
        for field in T::FIELDS.iter().copied().chain(["nothing"]) {
            let list = self.allowed(actor, Action::List, &[field]);
            for down in [false, true] {
                let answer = rows.sorted(field, down, 10);
                if let Ok(found) = &answer {
                    // A record is sorted by a value only if that value is shown.
                    assert!(found.iter().all(|found| !found.is_withheld(field)), "sorted by `{field}`");
                }
                count += self.shown("sorted", answer, &list);
            }
        }
        // An actor who knows a value learns nothing by searching for it.
        for value in self.of::<T>(&Actor::new("all")).list(None, 100).unwrap().items {
            let value = json(&value.value);
            for field in T::FIELDS {
                let Some(text) = value.get(*field).and_then(sought) else { continue };
                let search = self.allowed(actor, Action::Search, &[field]);
                for page in [rows.find(field, text.clone(), None, 5), rows.find_all(&[(field, text.clone())], None, 5)]
                {
                    if let Ok(page) = &page {
                        assert!(page.items.iter().all(|found| !found.is_withheld(field)), "found by `{field}`");
                    }
                    count += self.shown("find", page, &search);
                }
                // Nor by counting: what may not be found counts for nothing.
                let found = rows.find(field, text.clone(), None, 100).map_or(0, |page| page.items.len() as u64);
                let counted = rows.count_found(&[(field, text.clone())]);
                assert_eq!(*counted.as_ref().unwrap_or(&0), found, "counted by `{field}`");
                self.quiet("count_found", counted);
                count += self.shown("find_unique", rows.find_unique(field, text), &search);
            }
            let both: Vec<(&str, SearchValue)> =
                T::SEARCHED.iter().filter_map(|field| Some((*field, sought(value.get(*field)?)?))).collect();
            let search = self.allowed(actor, Action::Search, T::SEARCHED);
            count += self.shown("find_all", rows.find_all(&both, None, 5), &search);
        }
        self.quiet("find_all", rows.find_all(&[], None, 5));
        count
    }

    /// Makes every call that changes records.
    pub(super) fn writes<T: Fixture>(&mut self, actor: &Actor) {
        let (rows, session) = (self.of::<T>(actor), self.world.session(actor.clone()));
        self.silent("a collection", &format!("{rows:?} {session:?} {:?}", session.batch()));
        for id in self.ids(T::COLLECTION) {
            let fresh = self.fresh::<T>();
            let seen = self.allowed(actor, Action::Update, &[]);
            let sees = |value: &T| self.value("an update's closure", value, &seen);
            self.quiet("update", rows.update(id, |value| sees(value)));
            let mut batch = session.batch();
            self.quiet("update", batch.update(&rows, id, |value| sees(value)));
            self.quiet("update_at", rows.update_at(id, Revision::FIRST.next().unwrap(), |value| sees(value)));
            // All fields at once, and each field by itself.
            let all = rows.update(id, |value| {
                sees(value);
                *value = fresh.clone();
            });
            self.quiet("update", all);
            self.look();
            for field in T::FIELDS {
                let fresh = self.fresh::<T>();
                let seen = self.allowed(actor, Action::Update, &[]);
                let changed = rows.update(id, |value| {
                    self.value("an update's closure", value, &seen);
                    *value = with(value, &fresh, &[*field]);
                });
                if self.quiet("update", changed).is_some() {
                    self.look();
                }
            }
            let revision = self.of::<T>(&Actor::new("all")).get(id).unwrap().revision;
            let fresh = self.fresh::<T>();
            self.quiet("replace", rows.replace(id, Revision::FIRST, &fresh));
            self.quiet("replace", rows.replace(id, revision, &fresh));
            self.quiet("transfer", rows.transfer(id, Some("a1")));
            self.quiet("transfer", batch.transfer(&rows, id, None));
            self.quiet("share", rows.share(id, Grantee::Actor("a2"), Access::Read, None));
            self.quiet("shares", rows.shares(id));
            self.quiet("unshare", rows.unshare(id, Grantee::Role("r0")));
            self.quiet("delete_at", rows.delete_at(id, Revision::FIRST));
            self.silent("a batch", &format!("{batch:?}"));
            self.quiet("commit", batch.commit());
            self.look();
        }
        self.additions(actor, &rows);
        if let Some(id) = self.ids(T::COLLECTION).first().copied() {
            let mut batch = session.batch();
            self.quiet("delete", batch.delete(&rows, id));
            self.quiet("delete", rows.delete(id));
            self.quiet("commit", batch.commit());
            self.quiet("get", rows.get(id));
        }
        self.look();
    }

    /// Inserts new records, also some with values that others have.
    fn additions<T: Fixture>(&mut self, actor: &Actor, rows: &Collection<T>) {
        let session = self.world.session(actor.clone());
        let (unique, about) = (T::SEARCHED[0], self.ids(T::COLLECTION).first().copied());
        let others: Vec<T> = {
            let all = self.of::<T>(&Actor::new("all")).list(None, 100).unwrap();
            all.items.into_iter().map(|found| found.value).collect()
        };
        for other in &others {
            let twice = with(&self.fresh::<T>(), other, &[unique]);
            self.quiet("insert", rows.insert(&twice));
            let mut batch = session.batch();
            self.quiet("insert", batch.insert(rows, &twice));
            self.quiet("insert", batch.insert(rows, &twice));
            self.quiet("commit", batch.commit());
            let imported = rows.import([twice.clone()], |_, outcome| {
                self.quiet("import", outcome);
            });
            self.quiet("import", imported);
            if let Some(id) = about {
                let seen = self.allowed(actor, Action::Update, &[]);
                let changed = rows.update(id, |value| {
                    self.value("an update's closure", value, &seen);
                    *value = with(value, &twice, &[unique]);
                });
                self.quiet("update", changed);
            }
        }
        let fresh = self.fresh::<T>();
        self.quiet("insert", rows.insert(&fresh));
        let fresh = self.fresh::<T>();
        let meta = NewMeta::new().label("vip").about(T::COLLECTION, about.unwrap_or(RecordId::from_bytes([9; 16])));
        self.quiet("insert", rows.insert_with(&fresh, meta));
        self.look();
    }

    /// Makes the calls around approvals and emergencies.
    pub(super) fn around(&mut self, actor: &Actor) {
        let session = self.world.session(actor.clone());
        let ids = self.ids("people");
        for (action, id) in [(Action::Delete, ids.first().copied()), (Action::Unmask, ids.last().copied())] {
            let Some(id) = id else { continue };
            let asked = session.because("why").ask_approval(HOUR, |s| match action {
                Action::Delete => s.collection::<Person>()?.delete(id),
                _ => s.collection::<Person>()?.unmask(id, &["email"]).map(drop),
            });
            let Some(request) = self.quiet("ask_approval", asked) else { continue };
            for other in actors() {
                let other = self.world.session(other);
                for open in self.quiet("approvals", other.approvals(None, 100)).into_iter().flatten() {
                    self.silent("a request", &format!("{open:?} {} {} {:?}", open.actor, open.reason, open.about));
                }
                self.quiet("answer", other.answer(request, true));
            }
            let approved = session.under_approval(request);
            let rows = approved.collection::<Person>().unwrap();
            let unmask = self.allowed(actor, Action::Unmask, &["email"]);
            self.shown("unmask", rows.unmask(id, &["email"]).map(|found| [found]), &unmask);
        }
        if let Some(emergency) = self.quiet("break_glass", session.because("why").break_glass(HOUR)) {
            self.silent("an emergency", &format!("{emergency:?} {} {}", emergency.actor, emergency.reason));
            self.reads::<Person>(actor);
            self.quiet("end_emergency", session.end_emergency());
            for other in actors() {
                let other = self.world.session(other);
                self.quiet("emergencies", other.emergencies());
                self.quiet("review_emergency", other.review_emergency(emergency.id, "fine"));
            }
        }
        self.quiet("collection_named", session.collection_named::<Person>("peopel"));
        self.quiet("collection_named", session.collection_named::<Document>("people"));
    }

    /// Makes the calls of administrators, who may read nothing.
    pub(super) fn administration(&mut self) {
        let (acme, vault, root) = (&self.world.acme, &self.world.vault, admin());
        let inquiry: Inquiry<'_> = acme.session(root.clone()).unwrap().inquire();
        let staff = actors();
        let review = inquiry.review(&staff, 30).unwrap();
        self.said("a review", &review);
        self.silent_of_names("a review", &review.to_json());
        let asked = [Action::Read, Action::Update, Action::Unmask, Action::Export];
        for (action, row) in asked.iter().flat_map(|action| self.truth.iter().map(move |row| (*action, row))) {
            let fields: Vec<&str> = if action == Action::Unmask { vec!["email"] } else { Vec::new() };
            for who in &staff[..3] {
                let explanation = inquiry.explain(who, action, row.collection, Some(row.id), &fields).unwrap();
                self.said("an explanation", &explanation);
            }
        }
        for row in &self.truth {
            let who = inquiry.who_can(&staff, Action::Read, row.collection, Some(row.id)).unwrap();
            self.silent_of_names("who can", &format!("{who:?}"));
            let acts = inquiry.actions_on(&staff[0], row.collection, row.id).unwrap();
            self.silent_of_names("actions on", &format!("{acts:?}"));
        }
        for who in &staff {
            self.silent_of_names("what can", &format!("{:?}", inquiry.what_can(who).unwrap()));
        }
        self.silent_of_names("a verdict", &format!("{:?}", vault.session(root.clone()).unwrap().verify().unwrap()));
        assert_eq!(vault.session(root.clone()).unwrap().verify().unwrap(), Verdict::Intact);
        let head = vault.session(root.clone()).unwrap().head().unwrap();
        self.silent_of_names(
            "a head",
            &format!("{head:?} {:?}", vault.session(root.clone()).unwrap().verify_against(&head).unwrap()),
        );
        self.silent_of_names("health", &format!("{:?} {:#?}", vault.health(), vault.health()));
        self.silent_of_names(
            "policies",
            &format!("{:?}", vault.session(root.clone()).unwrap().past_policies().unwrap()),
        );
        self.silent_of_names("handles", &format!("{vault:?} {acme:?} {:?} {:?}", vault.tenants(), acme.collections()));
        let plan = acme.session(root.clone()).unwrap().offboard("a0", Some("a2")).unwrap();
        self.said("a plan for a leaver", &plan);
        self.said("a leaver's report", &plan.execute().unwrap());
        self.silent_of_names("suspensions", &format!("{:?}", acme.session(root.clone()).unwrap().suspended().unwrap()));
        // A suspended actor is shown nothing any more.
        let gone = &staff[0];
        for answer in [self.of::<Person>(gone).list(None, 10), self.of::<Person>(gone).export(None, 10)] {
            assert!(matches!(answer, Err(Error::Denied(_))));
        }
        acme.session(root.clone()).unwrap().because("is back").reinstate("a0").unwrap();
    }
}
