//! Nothing readable is in the files.

use std::fs;
use std::path::Path;

use crate::keys::KeyFile;
use crate::record::Document;
use crate::vault::tests::living::*;

fn read_all(dir: &Path, into: &mut Vec<u8>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // Names of files count as well.
        into.extend_from_slice(path.file_name().unwrap().as_encoded_bytes());
        if path.is_dir() { read_all(&path, into) } else { into.extend(fs::read(path).unwrap()) }
    }
}

#[test]
fn files_hold_no_value_field_collection_or_tenant_name_and_a_planted_one_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault");
    let key = KeyFile::create(dir.path().join("key")).unwrap();
    let vault =
        Vault::options(&path).master_key(key).policy(roles().role("b", |r| r.on_any().create())).create().unwrap();
    let mut dice = Dice(7);
    let mut words: Vec<String> = Vec::new();
    let mut word = || {
        words.push(dice.word());
        words.last().unwrap().clone()
    };
    let acme = vault.session(admin()).unwrap().create_tenant(&word()).unwrap();
    let (collection, field) = (word(), word());
    let schema = Schema::open(&collection).index(&field, Normalizer::Text);
    acme.session(admin()).unwrap().define_as::<Document>(schema).unwrap();
    acme.session(admin()).unwrap().define::<Customer>().unwrap();
    let session = acme.session(Actor::new(word()).with_role("boss").with_device(word())).unwrap().because(word());
    let documents = session.collection_named::<Document>(&collection).unwrap();
    let customers = session.collection::<Customer>().unwrap();
    for _ in 0..20 {
        let document = Document::new().with(&field, word()).with(word(), word());
        let meta = NewMeta::new().owner(word()).label(word());
        let id = documents.insert_with(&document, meta).unwrap();
        documents.update(id, |document| drop(document.set(word(), word()))).unwrap();
        documents.find(&field, word(), None, 10).unwrap();
        let id = customers.insert(&Customer::new(&word(), &word())).unwrap();
        customers.update(id, |customer| customer.name = word()).unwrap();
        customers.delete(id).unwrap();
        let long = (0..300).map(|_| word()).collect::<Vec<_>>().join(" ");
        documents.insert(&Document::new().with("long", long)).unwrap();
    }
    vault.close().unwrap();
    drop((vault, acme, session, documents, customers));
    words.extend(["customers", "email", "example"].map(str::to_owned));
    let mut all = Vec::new();
    read_all(&path, &mut all);
    assert!(all.len() > 500_000 && words.len() > 6_000);
    // Searched for all words at once.
    let search = |all: &[u8]| {
        let finder = aho_corasick::AhoCorasick::new(&words).unwrap();
        finder.find_iter(all).map(|found| words[found.pattern().as_usize()].clone()).collect::<Vec<_>>()
    };
    assert_eq!(search(&all), Vec::<String>::new());
    let planted = words[words.len() / 2].clone();
    fs::write(path.join("planted"), format!("xx{planted}yy")).unwrap();
    all.clear();
    read_all(&path, &mut all);
    assert_eq!(search(&all), [planted]);
}
