//! Code 128 bar codes as SVG (ISO/IEC 15417), and GS1-128 for an SSCC (GS1 General Specifications, 5.4).
//!
//! Our own, because it is a table and a checksum, and a label that scans wrongly in an emergency must be ours to prove.

use std::fmt::Write as _;

/// Widths of bars and spaces, in turn, of each symbol character by its value; 103 to 105 start in sets A to C.
const WIDTHS: [&str; 106] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232",
];
const STOP: &str = "2331112";
const START_B: usize = 104;
const START_C: usize = 105;
const FNC1: usize = 102;
/// Empty modules before and after, at the least.
const QUIET: u32 = 10;
/// Longer contents do not fit a label's width.
const LENGTH_MAX: usize = 48;

/// What cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Only printable ASCII can.
    #[error("`{0}` has letters that Code 128 does not have")]
    Letters(String),
    /// It would be wider than a label.
    #[error("`{0}` is empty or too long for a label")]
    Length(String),
}

/// A bar code: widths of bars and spaces in turn, in modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code128 {
    widths: Vec<u8>,
}

impl Code128 {
    /// Any text of printable ASCII.
    ///
    /// # Errors
    /// [`Error`].
    pub fn text(text: &str) -> Result<Self, Error> {
        check(text)?;
        let values: Vec<usize> = text.bytes().map(|letter| usize::from(letter - b' ')).collect();
        if text.len() >= 4
            && text.len().is_multiple_of(2)
            && text.bytes().all(|letter| letter.is_ascii_digit())
        {
            return Ok(Self::of(START_C, pairs(text)));
        }
        Ok(Self::of(START_B, values))
    }

    /// A serial shipping container code: eighteen digits behind the application identifier 00.
    ///
    /// # Errors
    /// [`Error`].
    pub fn sscc(digits: &str) -> Result<Self, Error> {
        if digits.len() != 18 || !digits.bytes().all(|letter| letter.is_ascii_digit()) {
            return Err(Error::Length(digits.to_owned()));
        }
        let mut values = vec![FNC1];
        values.extend(pairs(&format!("00{digits}")));
        Ok(Self::of(START_C, values))
    }

    fn of(start: usize, values: Vec<usize>) -> Self {
        let weighted = (1..).zip(&values).map(|(place, value)| place * value);
        let check = (start + weighted.sum::<usize>()) % 103;
        let symbols = std::iter::once(start).chain(values).chain([check]);
        let texts = symbols.map(|value| WIDTHS[value]).chain([STOP]);
        Self {
            widths: texts.flat_map(str::bytes).map(|digit| digit - b'0').collect(),
        }
    }

    /// As an SVG picture with this text below it, which must be safe for HTML. It scales: bars are a path of modules.
    pub fn svg(&self, safe_text: &str) -> String {
        let modules: u32 = self.widths.iter().map(|width| u32::from(*width)).sum();
        let (mut path, mut x) = (String::new(), QUIET);
        for (at, width) in self.widths.iter().enumerate() {
            if at % 2 == 0 {
                // Writing into a string cannot fail.
                let _ = write!(path, "M{x} 0h{width}v40h-{width}z");
            }
            x += u32::from(*width);
        }
        let whole = modules + 2 * QUIET;
        format!(
            "<svg class=\"code\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} 50\" role=\"img\" \
             aria-label=\"{safe_text}\" shape-rendering=\"crispEdges\"><path d=\"{path}\"/>\
             <text x=\"{}\" y=\"49\" text-anchor=\"middle\">{safe_text}</text></svg>",
            f64::from(whole) / 2.0
        )
    }
}

fn check(text: &str) -> Result<(), Error> {
    if text.is_empty() || text.len() > LENGTH_MAX {
        return Err(Error::Length(text.to_owned()));
    }
    if text.bytes().all(|letter| (b' '..=b'~').contains(&letter)) {
        Ok(())
    } else {
        Err(Error::Letters(text.to_owned()))
    }
}

/// Set C: two digits in a character.
fn pairs(digits: &str) -> Vec<usize> {
    let digits: Vec<usize> = digits.bytes().map(|digit| usize::from(digit - b'0')).collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |sum, digit| 10 * sum + digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_character_is_eleven_modules_wide_with_an_even_number_of_black_ones_and_like_no_other() {
        for widths in WIDTHS {
            let digits: Vec<u32> = widths.chars().filter_map(|digit| digit.to_digit(10)).collect();
            assert_eq!(digits.iter().sum::<u32>(), 11, "{widths}");
            assert_eq!(digits.iter().step_by(2).sum::<u32>() % 2, 0, "{widths}");
        }
        assert_eq!(WIDTHS.iter().collect::<BTreeSet<_>>().len(), WIDTHS.len());
        assert_eq!(
            STOP.chars().filter_map(|digit| digit.to_digit(10)).sum::<u32>(),
            13
        );
    }

    /// Reads bars back as a scanner does: symbols by their widths, the check character, then the letters.
    fn scan(code: &Code128) -> String {
        let text: String = code.widths.iter().map(|width| char::from(b'0' + width)).collect();
        let (symbols, stop) = text.split_at(text.len() - STOP.len());
        assert_eq!(stop, STOP);
        let values: Vec<usize> = symbols
            .as_bytes()
            .chunks(6)
            .map(|chunk| {
                WIDTHS
                    .iter()
                    .position(|widths| widths.as_bytes() == chunk)
                    .unwrap()
            })
            .collect();
        let (check, values) = values.split_last().unwrap();
        let sum: usize = values[0]
            + values[1..]
                .iter()
                .enumerate()
                .map(|(at, value)| (at + 1) * value)
                .sum::<usize>();
        assert_eq!(sum % 103, *check);
        let letters = values[1..].iter().map(|value| match (values[0], *value) {
            (_, FNC1) => "^".to_owned(),
            (START_C, value) => format!("{value:02}"),
            (_, value) => char::from(b' ' + u8::try_from(value).unwrap()).to_string(),
        });
        letters.collect()
    }

    #[test]
    fn what_is_written_is_read() {
        for text in ["PACK0000123", "WH/OUT/00042", "4006381333931", "12345678", "~ !"] {
            assert_eq!(scan(&Code128::text(text).unwrap()), text);
        }
        assert_eq!(
            scan(&Code128::sscc("006141412345678902").unwrap()),
            "^00006141412345678902"
        );
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        assert_eq!(Code128::text("Größe"), Err(Error::Letters("Größe".to_owned())));
        assert_eq!(Code128::text(""), Err(Error::Length(String::new())));
        assert!(Code128::text(&"9".repeat(49)).is_err());
        assert!(Code128::sscc("12345").is_err());
        assert!(Code128::sscc("00614141234567890x").is_err());
    }
}
