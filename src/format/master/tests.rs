use super::*;

fn decode(text: &str) -> Result<[u8; KEY_FILE_PAYLOAD], KeyFileFault> {
    let mut payload = [0; KEY_FILE_PAYLOAD];
    decode_key_file(text.as_bytes(), &mut payload).map(|()| payload)
}

#[test]
fn key_file_reads_back_whatever_an_editor_does_to_its_blanks() {
    let payload: [u8; KEY_FILE_PAYLOAD] = std::array::from_fn(|i| i as u8 * 7);
    let mut text = Vec::new();
    encode_key_file(&payload, &mut text).unwrap();
    assert_eq!(text.capacity(), KEY_FILE, "the buffer grew more than once");
    let text = String::from_utf8(text).unwrap();
    assert_eq!(decode(&text), Ok(payload));
    assert_eq!(decode(&text.replace('\n', "\r\n\n")), Ok(payload));
    assert_eq!(decode(text.trim_end()), Ok(payload));
}

#[test]
fn foreign_newer_and_damaged_key_files_are_told_apart() {
    let key = "A".repeat(48);
    for (text, fault) in [
        (String::new(), KeyFileFault::Foreign),
        ("-----BEGIN PRIVATE KEY-----".into(), KeyFileFault::Foreign),
        (format!("hello\nstrongroom-key-1 {key}"), KeyFileFault::Foreign),
        (format!("strongroom-key-2 {key}"), KeyFileFault::Newer(2)),
        (format!("strongroom-key-x {key}"), KeyFileFault::Damaged),
        (format!("strongroom-key-0 {key}"), KeyFileFault::Damaged),
        ("strongroom-key-1".into(), KeyFileFault::Damaged),
        (format!("strongroom-key-1 {}", &key[1..]), KeyFileFault::Damaged),
        (format!("strongroom-key-1 {}!", &key[1..]), KeyFileFault::Damaged),
        (format!("strongroom-key-1 {key} {key}"), KeyFileFault::Damaged),
        (format!("strongroom-key-1 {key}\nstrongroom-key-1 {key}"), KeyFileFault::Damaged),
    ] {
        assert_eq!(decode(&text), Err(fault), "{text}");
    }
}

#[test]
fn hostile_parameters_are_refused_before_they_cost_anything() {
    let cost = |m: u32, p: u32, l: u32| {
        let mut bytes = vec![1];
        Writer::new(&mut bytes).u32(m).u32(p).u32(l).bytes(&[0; 16 + WRAP]);
        ByPassphrase::decode(&bytes).is_ok()
    };
    assert!(cost(64 * 1024, 3, 1));
    for (m, p, l) in [(u32::MAX, 3, 1), (65_536, u32::MAX, 1), (65_536, 3, u32::MAX), (8, 3, 1), (65_536, 0, 1)] {
        assert!(!cost(m, p, l), "{m} KiB, {p} passes, {l} lanes");
    }
}
