//! Attacks by somebody who can write to the store, and has copies of its past.

use crate::format::place;
use crate::model::{CollectionId, TenantId};
use crate::vault::tests::histories::*;

impl Past {
    /// Changes the content in one way, and says which; the change may come to nothing.
    pub(super) fn tamper(&self, dice: &mut Dice, content: &mut Content) -> String {
        match dice.next() % 20 {
            0..=5 => self.set_back(dice, content),
            6..=8 => {
                let with_chunks = dice.next().is_multiple_of(2);
                if let Some(key) = any(dice, content, Space::Row) {
                    content.remove(&key);
                    if with_chunks {
                        remove(content, &of_row(Space::Chunk, &key));
                    }
                }
                format!("removed, its chunks too: {with_chunks}")
            }
            9..=11 => self.slip(dice, content),
            12 | 13 => self.forked(dice, content),
            14 => {
                if let Some(key) = any(dice, content, Space::Row) {
                    flip(dice, content, &key);
                }
                "a bit".to_owned()
            }
            15 => {
                let (tenant, then) = (self.tenant(dice), self.before(dice));
                let spaces = [Space::Row, Space::Chunk, Space::Entry, Space::SlotMap, Space::TenantState];
                spaces.iter().for_each(|space| copy_all(content, then, &place::of_tenant(*space, tenant)));
                "a tenant set back".to_owned()
            }
            16 => {
                if let Some(key) = any(dice, content, Space::Chunk) {
                    if dice.next().is_multiple_of(2) {
                        content.remove(&key);
                    } else {
                        flip(dice, content, &key);
                    }
                }
                "a chunk".to_owned()
            }
            17 => {
                if let Some(key) = any(dice, content, Space::Changes) {
                    content.remove(&key);
                }
                "a change list".to_owned()
            }
            18 => {
                let space = if dice.next().is_multiple_of(3) { Space::SlotMap } else { Space::Entry };
                if let Some(key) = any(dice, content, space) {
                    match self.before(dice).get(&key).filter(|old| Some(*old) != content.get(&key)) {
                        Some(old) => content.insert(key, old.clone()),
                        None => content.remove(&key),
                    };
                }
                "an entry".to_owned()
            }
            _ => {
                let then = self.before(dice);
                if let Some(key) = any(dice, then, Space::Chunk) {
                    content.insert(key.clone(), then[&key].clone());
                }
                "an old chunk".to_owned()
            }
        }
    }

    /// Puts back an older row, or the row before a tombstone.
    fn set_back(&self, dice: &mut Dice, content: &mut Content) -> String {
        let with = [(); 3].map(|()| dice.next().is_multiple_of(2));
        let then = self.before(dice);
        let older: Vec<_> =
            then.iter().filter(|(key, row)| is(key, Space::Row) && content.get(*key) != Some(row)).collect();
        if !older.is_empty() {
            let (key, row) = older[dice.next() as usize % older.len()];
            content.insert(key.clone(), row.clone());
            let tenant = place::tenant_of_key(key).unwrap();
            let beside = [
                of_row(Space::Chunk, key),
                place::of_tenant(Space::Entry, tenant),
                place::of_tenant(Space::SlotMap, tenant),
            ];
            for (prefix, _) in beside.iter().zip(with).filter(|(_, with)| *with) {
                copy_all(content, then, prefix);
            }
        }
        format!("set back, with chunks, entries, slot map: {with:?}")
    }

    /// Puts a row of one time and place in another place.
    fn slip(&self, dice: &mut Dice, content: &mut Content) -> String {
        let from = if dice.next().is_multiple_of(4) { &self.fork } else { self.before(dice) };
        let Some(source) = any(dice, from, Space::Row) else { return String::new() };
        let target = any(dice, content, Space::Row).unwrap_or_else(|| source.clone());
        let (tenant, collection, record) = place::row_of_key(&target).unwrap();
        let new = RecordId::from_bytes([dice.next() as u8; 16]);
        let target = match dice.next() % 6 {
            0 => place::row(tenant, collection, new),
            1 => place::row(tenant, CollectionId::from_bytes([dice.next() as u8; 16]), record),
            2 => place::row(TenantId::from_bytes([0xf0; 16]), collection, record),
            _ => target,
        };
        content.insert(target, from[&source].clone());
        "slipped in".to_owned()
    }

    /// Puts in a row from the copy of the vault that went on by itself.
    fn forked(&self, dice: &mut Dice, content: &mut Content) -> String {
        let with_chunks = !dice.next().is_multiple_of(4);
        let new: Vec<_> =
            self.fork.iter().filter(|(key, row)| is(key, Space::Row) && self.now().get(*key) != Some(row)).collect();
        let (key, row) = new[dice.next() as usize % new.len()];
        content.insert(key.clone(), row.clone());
        if with_chunks {
            copy_all(content, &self.fork, &of_row(Space::Chunk, key));
        }
        format!("of a copy, its chunks too: {with_chunks}")
    }

    fn before(&self, dice: &mut Dice) -> &Content {
        &self.then[dice.next() as usize % self.then.len()]
    }

    fn tenant(&self, dice: &mut Dice) -> TenantId {
        let mut tenants: Vec<_> = self.core.all_tenants().iter().map(|tenant| tenant.id).collect();
        tenants.sort();
        tenants[dice.next() as usize % tenants.len()]
    }
}

pub(super) fn is(key: &[u8], space: Space) -> bool {
    key.first() == Some(&(space as u8))
}

/// Returns the prefix of the keys that belong to a row in another space.
pub(super) fn of_row(space: Space, row: &[u8]) -> Vec<u8> {
    [&[space as u8], &row[1..]].concat()
}

fn any(dice: &mut Dice, content: &Content, space: Space) -> Option<Vec<u8>> {
    let keys: Vec<_> = content.keys().filter(|key| is(key, space)).collect();
    let at = (dice.next() as usize).checked_rem(keys.len())?;
    Some(keys[at].clone())
}

fn flip(dice: &mut Dice, content: &mut Content, key: &[u8]) {
    let value = content.get_mut(key).unwrap();
    let at = dice.next() as usize % value.len();
    value[at] ^= 1 << (dice.next() % 8);
}

fn remove(content: &mut Content, prefix: &[u8]) {
    content.retain(|key, _| !key.starts_with(prefix));
}

/// Makes everything under a prefix equal to another content.
fn copy_all(content: &mut Content, from: &Content, prefix: &[u8]) {
    remove(content, prefix);
    let all = from.iter().filter(|(key, _)| key.starts_with(prefix));
    content.extend(all.map(|(key, value)| (key.clone(), value.clone())));
}
