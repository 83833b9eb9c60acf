//! `[[do_not_call_list]]`: do-not-call lists that somebody else keeps, as files.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use call::NumberPlan;
use clock::WallTime;
use dialer::gate::{IMPORTED_MAX, IMPORTED_NUMBERS_MAX, Imported, Numbers, PREFIXES_MAX, Pattern, packed};

use super::Fault;
use super::country::number_plan;
use super::reader::Reader;
use crate::clock_source::wall_now;

/// A file with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFile {
    /// What it is called.
    pub name: String,
    /// A number a line.
    pub file: PathBuf,
    /// How numbers without `+` are written: those of a country; none: there may be none.
    pub plan: Option<NumberPlan>,
    /// When this version was made.
    pub as_of: WallTime,
}

pub(super) fn read_list(reader: &mut Reader<'_>) -> ListFile {
    let name = reader.text("name", "the list's name, e.g. \"tps\"");
    let file = reader.text("file", "a file with a number a line").into();
    let country = reader.optional_text("country", "two letters, e.g. \"GB\"");
    let plan = country.as_deref().and_then(number_plan);
    if let (Some(country), None) = (&country, &plan) {
        reader.fault("country", format!("is \"{country}\"; expected two letters of a country, e.g. \"GB\""));
    }
    let right = "the day of this version, e.g. \"2026-11-01\"";
    let day = reader.text("as_of", right);
    let as_of = hours::moment(&format!("{day}T00:00:00Z")).unwrap_or_else(|| {
        if !day.is_empty() {
            reader.fault("as_of", format!("is \"{day}\"; expected {right}"));
        }
        WallTime::default()
    });
    ListFile { name, file, plan, as_of }
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
    if list.as_of.as_micros() > wall_now().as_micros().saturating_add(DAY_MICROS) {
        return Err("`as_of` is a day to come; expected that on which this version was made".to_owned());
    }
    let mut lines = open(&list.file)?;
    let (mut numbers, mut prefixes, mut line, mut count) = (Vec::new(), Vec::new(), String::new(), 0_u64);
    loop {
        line.clear();
        let read = std::io::Read::take(&mut lines, LINE_MAX).read_line(&mut line);
        let length = read.map_err(|error| format!("cannot be read after line {count}: {error}"))?;
        if length == 0 {
            break;
        }
        count += 1;
        if length as u64 == LINE_MAX {
            return Err(format!("line {count} is too long; expected less than {LINE_MAX} bytes"));
        }
        let text = line.trim_start_matches('\u{feff}').trim();
        // The first line may name the columns.
        if text.is_empty() || text.starts_with('#') || count == 1 && !text.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let patterns = patterns(list.plan.as_ref(), text);
        let is_number = |pattern: &Pattern| pattern.is_prefix() || packed(pattern.digits()).is_some();
        if patterns.is_empty() || !patterns.iter().all(is_number) {
            return Err(format!("line {count} is {text:?}; expected {}", expected(list)));
        }
        for pattern in patterns {
            match packed(pattern.digits()).filter(|_| !pattern.is_prefix()) {
                Some(packed) => numbers.push(packed),
                None => prefixes.push(pattern),
            }
        }
        if numbers.len() > IMPORTED_NUMBERS_MAX || prefixes.len() > PREFIXES_MAX {
            return Err(format!("has more than {IMPORTED_NUMBERS_MAX} numbers or {PREFIXES_MAX} wildcards"));
        }
    }
    if numbers.is_empty() && prefixes.is_empty() {
        // As after a download that failed: whoever means it leaves the list out.
        return Err("has no numbers".to_owned());
    }
    let numbers = Numbers::new(numbers).ok_or("has too many numbers")?;
    Ok(Imported { name: list.name.clone(), as_of: list.as_of, numbers, prefixes })
}

fn expected(list: &ListFile) -> &'static str {
    match list.plan {
        Some(_) => "a number of that country, one like +442071838750, or +4479*",
        None => "a number like +442071838750 or +4479*; others need `country`",
    }
}

/// What a line lists. What can be read in two ways lists both: one too many is not called, rather than one too few.
fn patterns(plan: Option<&NumberPlan>, line: &str) -> Vec<Pattern> {
    let mut columns = line.split([',', ';', '\t']).map(|column| {
        let plain = column.trim().trim_matches('"');
        plain.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect::<String>()
    });
    let (first, second) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
    if first.starts_with('+') {
        // The zero of `+44 (0)20` is not dialed.
        return if line.contains("(0)") { Vec::new() } else { first.parse().into_iter().collect() };
    }
    let Some(plan) = plan else { return Vec::new() };
    if let Some(abroad) = first.strip_prefix(&plan.international_prefix) {
        return format!("+{abroad}").parse().into_iter().collect();
    }
    // Area code and number, as in the files of the US registry.
    let joined = format!("{first}{second}");
    let readings = nationals(plan, &first);
    let readings = if readings.is_empty() { nationals(plan, &joined) } else { readings };
    readings.iter().filter_map(|national| format!("+{}{national}", plan.country_code).parse().ok()).collect()
}

/// The national numbers that digits may mean: without the country's code, with its trunk prefix or as they stand.
fn nationals<'a>(plan: &NumberPlan, digits: &'a str) -> Vec<&'a str> {
    let (shortest, longest) = plan.national_digits;
    let fits = |national: &&str| {
        let is_prefix = national.ends_with('*');
        let shortest = if is_prefix { 2 } else { usize::from(shortest) };
        (shortest..=usize::from(longest)).contains(&national.len())
    };
    let trunk = Some(plan.trunk_prefix.as_str()).filter(|trunk| !trunk.is_empty());
    let dialed = trunk.and_then(|trunk| digits.strip_prefix(trunk)).filter(fits);
    // Where numbers are dialed with a zero, none begins with one.
    let as_written = Some(digits).filter(|digits| trunk != Some("0") || !digits.starts_with('0'));
    let coded = digits.strip_prefix(&plan.country_code);
    let mut readings: Vec<&str> = [dialed.or(as_written), coded].into_iter().flatten().filter(fits).collect();
    readings.dedup();
    readings
}

/// A line is a number, perhaps with more columns that are not read.
const LINE_MAX: u64 = 4_096;
/// Somewhere it is tomorrow already.
const DAY_MICROS: i64 = 86_400_000_000;

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write files")]
mod tests {
    use super::*;

    fn list(text: &str, country: &str) -> Result<Imported, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.csv");
        std::fs::write(&file, text).unwrap();
        read(&ListFile { name: "tps".to_owned(), file, plan: number_plan(country), as_of: WallTime::from_micros(0) })
    }

    #[test]
    fn numbers_and_wildcards_are_read_a_line_each() {
        let text = "\u{feff}Number,Since\n# head\n+442071838750\r\n\n\"+442071838751\",x,y\n+4479*\n2071838752\n\
                    020 7183 8753\n442071838754\n00442071838755\n02079460*\n";
        let read = list(text, "GB").unwrap();
        assert_eq!((read.numbers.len(), read.prefixes.len()), (6, 2));
        for last in 0..=5 {
            assert!(read.has(&format!("+44207183875{last}")), "{last}");
        }
        assert!(read.has("+447912345678") && read.has("+442079460999") && !read.has("+442071838756"));
        assert_eq!(read.said(), "tps 1970-01-01");
    }

    #[test]
    fn the_files_of_the_us_registry_have_the_area_code_in_a_column_of_its_own() {
        let read = list("201,2000001\n2012000002\n1-201-200-0003\n+12012000004\n(201) 200-0005\n", "US").unwrap();
        assert_eq!(read.numbers.len(), 5);
        for last in 1..=5 {
            assert!(read.has(&format!("+1201200000{last}")), "{last}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_lists_both() {
        let read = list("4930123456\n", "DE").unwrap();
        assert!(read.has("+4930123456") && read.has("+494930123456"));
    }

    #[test]
    fn half_a_list_is_none() {
        for (text, country) in [
            ("2071838750\n", ""),
            ("+44x\n", ""),
            ("number 1\n", "GB"),
            ("+442071838750 x\n", ""),
            ("+44 (0)20 7183 8750\n", "GB"),
            ("201\n", "US"),
            ("201,20\n", "US"),
            ("000207183875\n", "GB"),
            ("0*\n", "GB"),
            (&"1".repeat(5_000), "GB"),
        ] {
            let refused = list(text, country).unwrap_err();
            assert!(refused.contains("line 1"), "{text}: {refused}");
        }
        for empty in ["", "# nothing\n", "number\n"] {
            assert_eq!(list(empty, "GB").unwrap_err(), "has no numbers");
        }
        let absent =
            ListFile { name: "a".to_owned(), file: "no-such-file".into(), plan: None, as_of: WallTime::default() };
        let later = ListFile { as_of: WallTime::from_micros(i64::MAX), ..absent.clone() };
        assert!(load(&[later]).unwrap_err()[0].what.contains("a day to come"));
        assert!(load(std::slice::from_ref(&absent)).unwrap_err()[0].what.contains("cannot be read"));
        assert!(load(&[absent.clone(), absent]).unwrap_err()[0].what.contains("twice"));
    }
}
