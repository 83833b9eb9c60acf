//! `[[do_not_call_list]]`: do-not-call lists that somebody else keeps, as files.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clock::WallTime;
use dialer::gate::{IMPORTED_MAX, IMPORTED_NUMBERS_MAX, Imported, Numbers, PREFIXES_MAX, Pattern, packed};

use super::Fault;
use super::reader::Reader;

/// A file with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFile {
    /// What it is called.
    pub name: String,
    /// A number a line.
    pub file: PathBuf,
    /// What stands before numbers that are written without `+`; empty: none may be.
    pub country_code: String,
    /// When this version was made.
    pub as_of: WallTime,
}

pub(super) fn read_list(reader: &mut Reader<'_>) -> ListFile {
    let name = reader.text("name", "the list's name, e.g. \"tps\"");
    let file = reader.text("file", "a file with a number a line").into();
    let country_code = reader.optional_text("country_code", "digits, e.g. \"44\"").unwrap_or_default();
    if country_code.len() > 3 || !country_code.bytes().all(|byte| byte.is_ascii_digit()) {
        reader.fault("country_code", format!("is \"{country_code}\"; expected up to three digits, e.g. \"44\""));
    }
    let right = "the day of this version, e.g. \"2026-11-01\"";
    let day = reader.text("as_of", right);
    let as_of = hours::moment(&format!("{day}T00:00:00Z")).unwrap_or_else(|| {
        if !day.is_empty() {
            reader.fault("as_of", format!("is \"{day}\"; expected {right}"));
        }
        WallTime::default()
    });
    ListFile { name, file, country_code, as_of }
}

/// Reads the files. A list that cannot be read as a whole is a fault: half of it would let the other half be called.
///
/// # Errors
/// The first fault of each.
pub(super) fn load(files: &[ListFile]) -> Result<Vec<Arc<Imported>>, Vec<Fault>> {
    let fault = |what: String| Fault { key: "do_not_call_list".to_owned(), what };
    if files.len() > IMPORTED_MAX {
        return Err(vec![fault(format!("stands {} times; expected at most {IMPORTED_MAX}", files.len()))]);
    }
    let mut names: Vec<&str> = files.iter().map(|list| list.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(vec![fault(format!("{twice:?} stands twice"))]);
    }
    let (mut lists, mut faults) = (Vec::new(), Vec::new());
    for list in files {
        match read(list) {
            Ok(imported) => lists.push(Arc::new(imported)),
            Err(what) => faults.push(fault(format!("{} ({}): {what}", list.name, list.file.display()))),
        }
    }
    if faults.is_empty() { Ok(lists) } else { Err(faults) }
}

#[allow(clippy::disallowed_methods, reason = "start of the process, or a thread for blocking work")]
fn open(file: &Path) -> Result<BufReader<std::fs::File>, String> {
    std::fs::File::open(file).map(BufReader::new).map_err(|error| format!("cannot be read: {error}"))
}

fn read(list: &ListFile) -> Result<Imported, String> {
    let mut lines = open(&list.file)?;
    let (mut numbers, mut prefixes, mut line, mut count) = (Vec::new(), Vec::new(), String::new(), 0_u64);
    loop {
        line.clear();
        let read = std::io::Read::take(&mut lines, LINE_MAX).read_line(&mut line);
        if read.map_err(|error| format!("cannot be read after line {count}: {error}"))? == 0 {
            break;
        }
        count += 1;
        let text = line.split(',').next().unwrap_or_default().trim().trim_matches('"');
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let number = if text.starts_with('+') { text.to_owned() } else { format!("+{}{text}", list.country_code) };
        let is_whole = text.starts_with('+') || !list.country_code.is_empty();
        let pattern = number.parse::<Pattern>().ok().filter(|_| is_whole);
        match (pattern, packed(&number)) {
            (Some(pattern), None) if pattern.is_prefix() => prefixes.push(pattern),
            (Some(_), Some(packed)) => numbers.push(packed),
            _ => return Err(format!("line {count} is {text:?}; expected a number like +442071838750 or +4479*")),
        }
        if numbers.len() > IMPORTED_NUMBERS_MAX || prefixes.len() > PREFIXES_MAX {
            return Err(format!("has more than {IMPORTED_NUMBERS_MAX} numbers or {PREFIXES_MAX} wildcards"));
        }
    }
    let numbers = Numbers::new(numbers).ok_or("has too many numbers")?;
    Ok(Imported { name: list.name.clone(), as_of: list.as_of, numbers, prefixes })
}

/// A line is a number, perhaps with more columns that are not read.
const LINE_MAX: u64 = 4_096;

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write files")]
mod tests {
    use super::*;

    fn list(text: &str, country_code: &str) -> Result<Imported, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.csv");
        std::fs::write(&file, text).unwrap();
        let country_code = country_code.to_owned();
        read(&ListFile { name: "tps".to_owned(), file, country_code, as_of: WallTime::from_micros(0) })
    }

    #[test]
    fn numbers_and_wildcards_are_read_a_line_each() {
        let read = list("# head\n+442071838750\r\n\n\"+442071838751\",x,y\n+4479*\n2071838752\n", "44").unwrap();
        assert_eq!((read.numbers.len(), read.prefixes.len()), (3, 1));
        for number in ["+442071838750", "+442071838751", "+442071838752", "+447912345678"] {
            assert!(read.has(number), "{number}");
        }
        assert!(!read.has("+442071838753"));
        assert_eq!(read.said(), "tps 1970-01-01");
    }

    #[test]
    fn half_a_list_is_none() {
        for (text, country_code) in
            [("2071838750\n", ""), ("+44x\n", ""), ("number\n", "44"), ("+442071838750 x\n", "")]
        {
            assert!(list(text, country_code).unwrap_err().contains("line 1"), "{text}");
        }
        assert_eq!(list("", "").unwrap().numbers.len(), 0);
        let absent = ListFile {
            name: "a".to_owned(),
            file: "no-such-file".into(),
            country_code: String::new(),
            as_of: WallTime::default(),
        };
        assert!(load(std::slice::from_ref(&absent)).unwrap_err()[0].what.contains("cannot be read"));
        assert!(load(&[absent.clone(), absent]).unwrap_err()[0].what.contains("twice"));
    }
}
