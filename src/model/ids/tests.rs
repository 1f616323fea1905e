use super::*;

#[test]
fn record_id_is_a_uuid_of_version_7_and_sorts_by_time() {
    let early = RecordId::new_v7(Timestamp::from_micros(1_700_000_000_000_000), [0xff; 10]);
    let late = RecordId::new_v7(Timestamp::from_micros(1_700_000_000_001_000), [0; 10]);
    assert_eq!(early.to_string(), "018bcfe5-6800-7fff-bfff-ffffffffffff");
    assert!(early < late);
}

#[test]
fn id_parses_from_its_own_text_and_nothing_else() {
    let id = TenantId::from_bytes(*b"0123456789abcdef");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(id.to_string().replace('-', "").parse(), Ok(id));
    for bad in ["", "12", "zz345678-1234-1234-1234-123456789abc", "018bcfe5-6800-7fff-bfff-fffffffffffff0"] {
        assert_eq!(bad.parse::<TenantId>(), Err(ParseIdError), "{bad}");
    }
}

#[test]
fn ids_and_revisions_are_text_and_numbers_in_json() {
    let id = RecordId::from_bytes(*b"0123456789abcdef");
    let json = serde_json::to_string(&(id, Revision::new(7))).unwrap();
    assert_eq!(json, r#"["30313233-3435-3637-3839-616263646566",7]"#);
    assert_eq!(serde_json::from_str::<(RecordId, Revision)>(&json).unwrap(), (id, Revision::new(7)));
}

#[test]
fn json_that_is_no_id_is_refused() {
    for bad in [r#""""#, r#""12""#, r#""30313233-3435-3637-3839-61626364656g""#, "7", "null", "[48, 49]"] {
        assert!(serde_json::from_str::<RecordId>(bad).is_err(), "{bad}");
    }
    for bad in ["-1", "1.5", r#""1""#, "18446744073709551616"] {
        assert!(serde_json::from_str::<Revision>(bad).is_err(), "{bad}");
    }
}
