use proptest::prelude::*;

use super::*;

/// Great Britain, and the United States.
struct Plans;

impl Numbering for Plans {
    fn e164(&mut self, country: &str, dialed: &str) -> Option<String> {
        let digits: String = dialed.chars().filter(char::is_ascii_digit).collect();
        let is_plain = dialed.chars().all(|c| c.is_ascii_digit() || "+ -.()".contains(c));
        let international = match (country, dialed.starts_with('+')) {
            _ if !is_plain => return None,
            (_, true) => digits.replacen("440", "44", 1),
            ("GB", _) => match digits.strip_prefix('0') {
                Some(national) => format!("44{}", Some(national).filter(|n| n.len() == 10)?),
                None => Some(digits).filter(|digits| digits.starts_with("44") && digits.len() == 12)?,
            },
            ("US", _) => format!("1{}", Some(digits).filter(|digits| digits.len() == 10)?),
            _ => return None,
        };
        (international.len() >= 7).then(|| format!("+{international}"))
    }

    fn trunk_prefix(&mut self, country: &str) -> Option<String> {
        match country {
            "GB" => Some("0".to_owned()),
            "US" => Some("1".to_owned()),
            _ => None,
        }
    }
}

/// All rows of a text, fed in pieces of `size`, and what is broken.
fn records(text: &str, separator: char, size: usize) -> Vec<(u64, u64, Result<Vec<String>, IssueCode>)> {
    let mut reader = Reader::at(Place::default(), separator as u8);
    let mut pieces = text.as_bytes().chunks(size);
    let mut records = Vec::new();
    loop {
        match reader.next_row() {
            Next::Row(row) => {
                records.push((row.number, row.line, Ok(row.cells.iter().map(str::to_owned).collect())));
            }
            Next::Broken(row, code) => records.push((row.number, row.line, Err(code))),
            Next::Hungry => match pieces.next() {
                Some(piece) => reader.feed(piece),
                None => reader.finish(),
            },
            Next::End => {
                assert_eq!(reader.place().byte, text.len() as u64, "all of it was read");
                return records;
            }
        }
    }
}

fn cells(text: &str) -> Vec<Vec<String>> {
    records(text, ',', 7).into_iter().filter_map(|(_, _, cells)| cells.ok()).collect()
}

#[test]
fn cells_as_spreadsheets_write_them() {
    for (text, wanted) in [
        ("a,b\nc,d", vec![vec!["a", "b"], vec!["c", "d"]]),
        ("a,b\r\nc,d\r\n", vec![vec!["a", "b"], vec!["c", "d"]]),
        ("a,b\rc,d\r", vec![vec!["a", "b"], vec!["c", "d"]]),
        ("\"a,b\",\"c\"\"d\"", vec![vec!["a,b", "c\"d"]]),
        ("\"two\nlines\",x\ny,z\n", vec![vec!["two\nlines", "x"], vec!["y", "z"]]),
        ("a\"b,c\n", vec![vec!["a\"b", "c"]]),
        ("\"a\"b,c\n", vec![vec!["ab", "c"]]),
        (",,\n\n  \na,,\n", vec![vec!["a", "", ""]]),
        ("é,\"ü\"\n", vec![vec!["é", "ü"]]),
        ("", vec![]),
    ] {
        for size in 1..=text.len().max(1) {
            let read: Vec<_> = records(text, ',', size).into_iter().map(|(_, _, cells)| cells.unwrap()).collect();
            assert_eq!(read, wanted, "{text:?} in pieces of {size}");
        }
    }
}

#[test]
fn rows_are_counted_as_a_spreadsheet_does_and_lines_as_an_editor() {
    let places: Vec<_> = records("h\n\"a\nb\"\n\nc\n", ',', 3).into_iter().map(|(row, line, _)| (row, line)).collect();
    assert_eq!(places, [(1, 1), (2, 2), (4, 5)]);
}

#[test]
fn a_stray_quote_costs_a_line_and_no_more() {
    for tail in [10, 20_000] {
        let rows = (0..tail).map(|row| format!("{row},x\n")).collect::<String>();
        let read = records(&format!("a,\"b\n{rows}"), ',', 4_096);
        // What a stray quote is called depends on what ends first: the file, or the longest record.
        let code = if tail > 1_000 { IssueCode::RowTooLong } else { IssueCode::UnclosedQuote };
        assert_eq!(read[0], (1, 1, Err(code)));
        assert_eq!(read.len(), tail + 1);
        assert_eq!(read[tail].2.as_ref().unwrap()[0], (tail - 1).to_string());
    }
    const LINES: usize = 500;
    let between = (0..LINES).map(|row| format!("{row},x\n")).collect::<String>();
    let read = records(&format!("a,\"b\n{between}c,\"d\n"), ',', 100_000);
    assert_eq!(read.len(), LINES + 2, "rows between two stray quotes are rows");
}

#[test]
fn an_endless_line_is_one_broken_row() {
    let endless = "x".repeat(3 * RECORD_BYTES_MAX);
    let read = records(&format!("a,b\n{endless}\nc,d\n"), ',', 10_000);
    assert_eq!(read.iter().map(|(row, line, _)| (*row, *line)).collect::<Vec<_>>(), [(1, 1), (2, 2), (3, 3)]);
    assert_eq!(read[1].2, Err(IssueCode::RowTooLong));
    let wide = records(&format!("{}\nc,d\n", ",".repeat(COLUMNS_MAX)), ',', 10_000);
    assert_eq!((&wide[0].2, wide[1].2.as_ref().unwrap().len()), (&Err(IssueCode::TooManyCells), 2));
}

#[test]
fn a_reading_is_taken_up_at_any_record() {
    let text = "h,i\r\n1,\"a\nb\"\r\n\r\n\"stray,3\r\n4,d\r\n5,\"e";
    let whole = records(text, ',', 5);
    for stop in 0..whole.len() {
        let mut reader = Reader::at(Place::default(), b',');
        reader.feed(text.as_bytes());
        reader.finish();
        for _ in 0..stop {
            reader.next_row();
        }
        let place = reader.place();
        let mut second = Reader::at(place, b',');
        second.feed(&text.as_bytes()[usize::try_from(place.byte).unwrap()..]);
        second.finish();
        let mut rest = Vec::new();
        while let Next::Row(row) | Next::Broken(row, _) = second.next_row() {
            rest.push((row.number, row.line));
        }
        let wanted: Vec<_> = whole[stop..].iter().map(|(row, line, _)| (*row, *line)).collect();
        assert_eq!(rest, wanted, "taken up behind {stop} records");
    }
}

fn transcoded(bytes: &[u8], asked: Option<Encoding>, size: usize) -> Result<String, BadText> {
    let mut transcoder = Transcoder::new(asked);
    let mut out = Vec::new();
    for piece in bytes.chunks(size) {
        transcoder.push(piece, &mut out)?;
    }
    transcoder.finish(&mut out)?;
    Ok(String::from_utf8(out).expect("it makes UTF-8"))
}

#[test]
fn files_of_every_encoding_are_read_or_refused_with_a_word() {
    let text = "náme;+44\nÇédille €;😀\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let with = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    let marked_le = with(&[0xFF, 0xFE], &utf16(u16::to_le_bytes));
    let marked_be = with(&[0xFE, 0xFF], &utf16(u16::to_be_bytes));
    for size in [1, 2, 3, 7, 100] {
        for bytes in [text.as_bytes(), &with(&[0xEF, 0xBB, 0xBF], text.as_bytes()), &marked_le, &marked_be] {
            assert_eq!(transcoded(bytes, None, size).as_deref(), Ok(text), "pieces of {size}");
        }
        let unmarked = utf16(u16::to_le_bytes);
        assert_eq!(transcoded(&unmarked, Some(Encoding::Utf16Le), size).as_deref(), Ok(text));
        assert_eq!(transcoded(b"ab\nc\0", None, size), Err(BadText::Zero { line: 2 }));
        assert_eq!(transcoded(b"a\nb\nGarc\xEDa\n", None, size), Err(BadText::NotUtf8 { line: 3 }));
        let latin = transcoded(b"Garc\xEDa \x80\n", Some(Encoding::Windows1252), size);
        assert_eq!(latin.as_deref(), Ok("García €\n"));
        assert_eq!(transcoded(b"PK\x03\x04rest of a spreadsheet", None, size), Err(BadText::Archive));
        assert_eq!(transcoded(&marked_le[..marked_le.len() - 1], None, size), Err(BadText::NotUtf16 { line: 2 }));
        assert_eq!(transcoded("né".as_bytes().get(..2).unwrap(), None, size), Err(BadText::NotUtf8 { line: 1 }));
        assert_eq!(transcoded(b"", None, size).as_deref(), Ok(""));
    }
}

#[test]
fn separators_and_headers_are_found() {
    for (text, separator, has_header) in [
        ("name,phone\nJo,02071830001\n", ',', true),
        ("nombre;telefono;calle\nAna;612345678;Mayor, 3\nEva;612345679;Sol, 4\n", ';', true),
        ("name\tphone\nJo\t02071830001\n", '\t', true),
        ("a|b|c\n1|2|3\n", '|', true),
        ("sep=;\nname;phone\nJo;1\n", ';', true),
        ("Jo,020 7183 0001\nAl,020 7183 0002\n", ',', false),
        ("02071830001\n02071830002\n", ',', false),
        ("phone\n02071830001\n", ',', true),
        ("", ',', true),
    ] {
        let dialect = Dialect::guess(text);
        assert_eq!((dialect.separator, dialect.has_header), (separator, has_header), "{text:?}");
    }
    let excel = "sep=;\nname;phone\nJo;1\n";
    let dialect = Dialect::guess(excel);
    assert_eq!(dialect.rows(excel, 1), [["name", "phone"]]);
    assert_eq!((dialect.begin().byte, dialect.begin().line), (6, 1));
}

fn guessed(text: &str) -> Vec<Field> {
    let dialect = Dialect::guess(text);
    let rows = dialect.rows(text, 20);
    let (headers, rows) = if dialect.has_header { (rows[0].clone(), &rows[1..]) } else { (Vec::new(), &rows[..]) };
    Mapping::guess(&headers, rows).fields().to_vec()
}

#[test]
fn columns_are_guessed_in_three_languages_and_by_their_values() {
    use Field::{Address, City, Email, Extra, FirstName, LastName, Name, Phone, Postcode};
    let row = "02071830001,07700900123";
    assert_eq!(guessed(&format!("Phone,Mobile 2,Full Name\n{row},Jo\n")), [Phone, Phone, Name]);
    assert_eq!(
        guessed("Teléfono;Nombre;Código Postal;Población\n612345678;Ana;28001;Madrid\n"),
        [Phone, Name, Postcode, City]
    );
    assert_eq!(
        guessed("Telemóvel;Primeiro Nome;Apelido;Morada\n912345678;Rui;Silva;Rua X\n"),
        [Phone, FirstName, LastName, Address]
    );
    assert_eq!(guessed("Jo,jo@example.com,020 7183 0001\nAl,al@example.com,020 7183 0002\n"), [Extra, Email, Phone]);
    assert_eq!(guessed("who,where,reach\nJo,here,02071830001\nAl,there,02071830002\n"), [Extra, Extra, Phone]);
    assert_eq!(guessed("Contacto,Telefono\nAna,612345678\n"), [Extra, Phone], "a contact that is a name");
    assert_eq!(guessed("Phone\n4.42072E+11\n4.42071E+11\n"), [Phone], "rounded, which the report then says");
    assert_eq!(guessed("Phone\n020 7183 0001 / 020 7183 0002\n"), [Phone], "several in each cell");
    assert_eq!(guessed("name,name\nJo,Al\n"), [Name, Extra]);
    assert_eq!(guessed("name,phone\nDoe, Jo,02071830001\nAl,02071830001\n"), [Name, Phone], "as wide as the header");
    let report = "row,line,imported,issue_column,issue,issue_says,issue_detail,Name,Phone\n5,6,no,Phone,x,x,0207,Al,02071830001\n";
    assert_eq!(guessed(report)[6..], [Field::Ignore, Name, Phone], "a report that is uploaded again");
}

#[test]
fn a_mapping_needs_a_phone_and_no_field_twice() {
    use Field::{Ignore, Name, Phone};
    assert!(Mapping::new(vec![Phone, Phone, Name, Ignore, Ignore], 5).is_ok());
    assert_eq!(Mapping::new(vec![Name, Ignore], 2), Err(BadMapping::NoPhone));
    assert_eq!(Mapping::new(vec![Phone], 2), Err(BadMapping::Columns { columns: 2, got: 1 }));
    assert_eq!(Mapping::new(vec![Phone, Name, Name], 3), Err(BadMapping::Twice { field: Name, column: 2 }));
}

fn read(fields: &[Field], row: &str) -> Read {
    read_in("gb", fields, row)
}

fn read_in(country: &str, fields: &[Field], row: &str) -> Read {
    let headers: Vec<String> = fields.iter().map(|field| format!("the {}", field.word())).collect();
    let mapping = Mapping::new(fields.to_vec(), fields.len()).unwrap();
    let mut reader = Reader::at(Place::default(), b',');
    reader.feed(row.as_bytes());
    reader.finish();
    let Next::Row(row) = reader.next_row() else { panic!("{row}") };
    LeadReader::new(&mapping, &headers, country).read(row.cells, &mut Plans)
}

fn numbers(cell: &str) -> (Vec<String>, Vec<IssueCode>) {
    let read = read(&[Field::Phone], &format!("\"{}\"", cell.replace('"', "\"\"")));
    let numbers = read.lead.numbers.into_iter().map(|number| number.e164).collect();
    (numbers, read.issues.into_iter().map(|issue| issue.code).collect())
}

#[test]
fn one_number_in_many_spellings() {
    for cell in [
        "+442071830001",
        "020 7183 0001",
        "(020) 7183-0001",
        "0044 20 7183 0001".trim_start_matches("00"),
        "2071830001",
        "442071830001.0",
        "'+44 20 7183 0001",
        "tel:+442071830001",
        "+44 (0)20 7183 0001",
        "020\u{a0}7183\u{2011}0001",
        "020 7183 0001 ext. 12",
        "020 7183 0001 x12",
        "\u{202a}+44 20 7183 0001\u{202c}",
    ] {
        assert_eq!(numbers(cell), (vec!["+442071830001".to_owned()], vec![]), "{cell:?}");
    }
    assert_eq!(numbers("020 7183 0001 / 07700 900123").0, ["+442071830001", "+447700900123"]);
    assert_eq!(numbers("02071830001;+442071830001").0, ["+442071830001"], "the same one twice");
}

#[test]
fn what_is_no_number_says_why() {
    for (cell, code) in [
        ("4.42072E+11", IssueCode::RoundedNumber),
        ("12345", IssueCode::InvalidNumber),
        ("n/a", IssueCode::InvalidNumber),
        ("jo@example.com", IssueCode::InvalidNumber),
        ("+44207183000100000000000", IssueCode::InvalidNumber),
        (" x", IssueCode::InvalidNumber),
    ] {
        let (numbers, codes) = numbers(cell);
        assert!(numbers.is_empty() && codes.contains(&code), "{cell}: {numbers:?} {codes:?}");
    }
    assert_eq!(read(&[Field::Phone, Field::Name], ",Jo").issues[0].code, IssueCode::NoNumber);
    let many = (0..12).map(|n| format!("020718300{n:02}")).collect::<Vec<_>>().join("/");
    let (kept, codes) = numbers(&many);
    assert_eq!((kept.len(), codes), (NUMBERS_A_LEAD_MAX, vec![IssueCode::TooManyNumbers; 2]));
}

#[test]
fn a_row_becomes_a_lead() {
    use Field::{
        ConsentArtificialVoice, Country, Email, Extra, FirstName, Ignore, LastName, Phone, Postcode, TimeZone,
    };
    let fields = [FirstName, LastName, Phone, Phone, Email, Postcode, Extra, Ignore, TimeZone, ConsentArtificialVoice];
    let row = "Jo,Doe,02071830001,07700900123,jo@example.com,EC1A 1BB,blue,x,Europe/London,2026-01-02";
    let Read { lead, issues } = read(&fields, row);
    assert_eq!(issues, []);
    assert_eq!(
        lead.numbers.iter().map(|number| number.e164.as_str()).collect::<Vec<_>>(),
        ["+442071830001", "+447700900123"]
    );
    let details = &lead.details;
    assert_eq!((details.name.as_deref(), details.postcode.as_deref()), (Some("Jo Doe"), Some("EC1A 1BB")));
    assert_eq!(details.extra.get("the extra").map(String::as_str), Some("blue"));
    assert_eq!(details.consent_artificial_voice_at, Some(1_767_312_000_000_000));
    assert_eq!(details.consents(clock::LeadId(7)).len(), 1);
    let written = serde_json::to_string(details).unwrap();
    assert_eq!(serde_json::from_str::<Details>(&written).unwrap(), *details);

    let abroad = read(&[Phone, Country], "2125550100,us");
    assert_eq!(
        (abroad.lead.numbers[0].e164.as_str(), abroad.lead.details.country.as_deref()),
        ("+12125550100", Some("US"))
    );
    let nowhere = read(&[Phone, Country], "2125550100,Utopia");
    assert_eq!(
        (nowhere.issues[0].code, nowhere.outcome()),
        (IssueCode::UnknownCountry, RowOutcome::Rejected(IssueClass::Invalid))
    );
}

#[test]
fn ragged_rows_are_read_or_refused() {
    let fields = [Field::Phone, Field::Name, Field::City];
    let short = read(&fields, "02071830001");
    assert_eq!((short.lead.details.name, short.issues), (None, vec![]));
    assert_eq!(read(&fields, "02071830001,Jo,London,,").issues, []);
    let long = read(&fields, "02071830001,Doe, Jo,London");
    assert_eq!(
        (long.issues[0].code, long.outcome()),
        (IssueCode::TooManyCells, RowOutcome::Rejected(IssueClass::Invalid))
    );
}

#[test]
fn numbers_are_sifted_and_the_gravest_fault_rejects_the_row() {
    let mut two = read(&[Field::Phone, Field::Phone], "02071830001,02071830002");
    two.sift(|number| (number.e164 == "+442071830001").then(|| (IssueCode::Forbidden, "do_not_call".to_owned())));
    assert_eq!((two.outcome(), two.lead.numbers.len(), two.issues.len()), (RowOutcome::Kept, 1, 1));
    two.sift(|_| Some((IssueCode::DuplicateInList, String::new())));
    assert_eq!(two.outcome(), RowOutcome::Rejected(IssueClass::Forbidden));
    let noted = read(&[Field::Phone, Field::TimeZone], "02071830001,Mars");
    assert_eq!((noted.outcome(), noted.issues[0].code), (RowOutcome::Kept, IssueCode::UnknownTimeZone));
    assert_eq!(noted.lead.details.time_zone.as_deref(), Some("Mars"), "kept, so that the gate refuses the lead");
}

#[test]
fn states_are_written_as_their_codes() {
    let region = |said: &str| read_in("us", &[Field::Phone, Field::Region], &format!("+442071830001,{said}"));
    for said in ["US-FL", "FL", "florida"] {
        let read = region(said);
        assert_eq!((read.lead.details.region.as_deref(), read.issues), (Some("US-FL"), vec![]));
    }
    let unknown = region("Flordia");
    assert_eq!((unknown.outcome(), unknown.issues[0].code), (RowOutcome::Kept, IssueCode::UnknownRegion));
    assert_eq!(unknown.lead.details.region.as_deref(), Some("Flordia"), "kept, so that the gate refuses the lead");
    let elsewhere = read(&[Field::Phone, Field::Region], "02071830001,Kent");
    assert_eq!((elsewhere.lead.details.region.as_deref(), elsewhere.issues), (Some("Kent"), vec![]));
}

#[test]
fn a_report_runs_nothing_in_a_spreadsheet() {
    for (text, wanted) in [
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("@cmd", "'@cmd"),
        ("-2+3", "'-2+3"),
        ("+44 (0)20 7183", "+44 (0)20 7183"),
        ("+cmd|' /C calc'!A0", "\"'+cmd|' /C calc'!A0\""),
        ("a \"b\", c", "\"a \"\"b\"\", c\""),
        ("two\nlines", "\"two\nlines\""),
        ("", ""),
    ] {
        assert_eq!(quoted(text).to_string(), wanted);
    }
    for text in ["a;b", " a", "x\"y", "two\r\nlines", "|", "tab\t"] {
        assert_eq!(cells(&format!("{},z\n", quoted(text))), [[text, "z"]], "what was written is read");
    }
}

#[test]
fn words_are_words() {
    for code in IssueCode::ALL {
        assert_eq!(IssueCode::of_word(code.word()), Some(*code));
        assert!(code.says().ends_with('.'));
    }
}

proptest! {
    /// Whatever stands in a file, whole records are those that the crate csv reads.
    #[test]
    fn the_records_are_those_of_another_reader(text in "[ab,\"\r\n é]{0,60}", size in 1..20_usize) {
        let ours = records(&text, ',', size);
        prop_assume!(ours.iter().all(|(_, _, cells)| cells.is_ok()));
        let ours: Vec<_> = ours.into_iter().filter_map(|(_, _, cells)| cells.ok()).collect();
        let mut other = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let theirs: Vec<Vec<String>> =
            other.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let is_blank = |row: &Vec<String>| row.iter().all(|cell| cell.bytes().all(|byte| byte.is_ascii_whitespace()));
        let theirs: Vec<_> = theirs.into_iter().filter(|row| !is_blank(row)).collect();
        prop_assert_eq!(ours, theirs);
    }

    /// Any bytes are read to their end, row by row, without a panic and with bounded rows.
    #[test]
    fn any_bytes_are_read_to_the_end(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1..50_usize) {
        let mut transcoder = Transcoder::new(Some(Encoding::Windows1252));
        let mut text = Vec::new();
        if bytes.chunks(size).try_for_each(|piece| transcoder.push(piece, &mut text)).is_ok()
            && transcoder.finish(&mut text).is_ok()
        {
            let text = String::from_utf8(text).unwrap();
            let dialect = Dialect::guess(&text);
            let _guessed = Mapping::guess(&[], &dialect.rows(&text, 20));
            records(&text, dialect.separator, size);
        }
    }
}
