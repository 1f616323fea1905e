//! RFC 5424's grammar, read strictly.

/// A message in its parts.
#[derive(Debug)]
pub(in crate::audit::syslog) struct Parsed {
    pub(in crate::audit::syslog) facility: u8,
    pub(in crate::audit::syslog) severity: u8,
    pub(in crate::audit::syslog) time: String,
    pub(in crate::audit::syslog) host: String,
    pub(in crate::audit::syslog) app: String,
    pub(in crate::audit::syslog) process: String,
    pub(in crate::audit::syslog) id: String,
    pub(in crate::audit::syslog) element: String,
    pub(in crate::audit::syslog) params: Vec<(String, String)>,
    /// Without its byte order mark.
    pub(in crate::audit::syslog) body: Option<String>,
}

impl Parsed {
    pub(in crate::audit::syslog) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(in crate::audit::syslog) fn number(&self) -> (u64, u32) {
        (self.param("position").unwrap().parse().unwrap(), self.param("index").unwrap().parse().unwrap())
    }
}

/// `SYSLOG-MSG = HEADER SP STRUCTURED-DATA [SP MSG]`; and, beyond it, one line without control characters.
pub(in crate::audit::syslog) fn parse(message: &[u8], bom: bool) -> Parsed {
    let text = std::str::from_utf8(message).expect("it is UTF-8");
    let after = text.strip_prefix('<').unwrap();
    let (priority, after) = after.split_once('>').unwrap();
    assert!(priority.len() <= 3 && (priority == "0" || !priority.starts_with('0')), "PRI {priority}");
    let priority: u8 = priority.parse().unwrap();
    assert!(priority <= 191);
    let mut after = after.strip_prefix("1 ").expect("VERSION 1");
    let mut field = |most: usize| {
        let (field, rest) = after.split_once(' ').unwrap();
        assert!(!field.is_empty() && field.len() <= most, "{field}");
        assert!(field.bytes().all(|byte| (33..=126).contains(&byte)), "{field}");
        after = rest;
        field.to_owned()
    };
    let time = field(32);
    assert!(time == "-" || is_timestamp(&time), "{time}");
    let (host, app, process, id) = (field(255), field(48), field(128), field(32));
    let (element, params, rest) = element(after);
    let body = rest.map(|body| {
        let body = body.strip_prefix(' ').expect("SP before MSG");
        let plain = body.strip_prefix('\u{feff}');
        assert_eq!(plain.is_some(), bom);
        let plain = plain.unwrap_or(body);
        assert!(!plain.contains(crate::audit::plain::is_hostile), "{plain}");
        plain.to_owned()
    });
    Parsed { facility: priority / 8, severity: priority % 8, time, host, app, process, id, element, params, body }
}

/// One element, and what follows it.
fn element(text: &str) -> (String, Vec<(String, String)>, Option<&str>) {
    let mut chars = text.char_indices();
    assert_eq!(chars.next().map(|(_, c)| c), Some('['));
    let name = |text: &str| {
        let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '=' | ']' | '"');
        assert!((1..=32).contains(&text.len()) && text.chars().all(fits), "SD-NAME {text}");
        text.to_owned()
    };
    let (mut id, mut params, mut word) = (None, Vec::new(), String::new());
    loop {
        let (at, c) = chars.next().expect("the element ends");
        match c {
            ' ' | ']' if id.is_none() => id = Some(name(&std::mem::take(&mut word))),
            ' ' | ']' => assert!(word.is_empty()),
            '=' => {
                assert_eq!(chars.next().map(|(_, c)| c), Some('"'));
                let mut value = String::new();
                loop {
                    match chars.next().expect("the value ends").1 {
                        '"' => break,
                        ']' => panic!("a bare ] in a value of {text}"),
                        '\\' => match chars.next().unwrap().1 {
                            c @ ('"' | '\\' | ']') => value.push(c),
                            other => panic!("\\{other} in a value of {text}"),
                        },
                        c => value.push(c),
                    }
                }
                assert!(!value.contains(crate::audit::plain::is_hostile), "{value}");
                params.push((name(&std::mem::take(&mut word)), value));
            }
            c => word.push(c),
        }
        if c == ']' {
            let rest = &text[at + 1..];
            return (id.unwrap(), params, Some(rest).filter(|rest| !rest.is_empty()));
        }
    }
}

/// `2026-11-22T11:48:54.000000Z`.
fn is_timestamp(text: &str) -> bool {
    let form = "0000-00-00T00:00:00.000000Z";
    text.len() == form.len()
        && text.chars().zip(form.chars()).all(|(c, form)| if form == '0' { c.is_ascii_digit() } else { c == form })
}

/// The messages of a stream with octet counting (RFC 6587, 3.4.1), and whether it ended between two of them.
pub(in crate::audit::syslog) fn frames(mut bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut frames = Vec::new();
    while let Some(space) = bytes.iter().position(|byte| *byte == b' ') {
        let length = std::str::from_utf8(&bytes[..space]).unwrap();
        assert!(!length.starts_with('0'), "MSG-LEN {length}");
        let length: usize = length.parse().unwrap();
        let Some(message) = bytes.get(space + 1..space + 1 + length) else { return (frames, false) };
        frames.push(message.to_vec());
        bytes = &bytes[space + 1 + length..];
    }
    (frames, bytes.is_empty())
}
