//! Durations as people write them in time tracking: `1w 2d 3h30m`, with days of
//! 8 hours, weeks of 5 days and months of 4 weeks.

/// Seconds, negative after a minus; `None` when it is no duration.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut seconds: i64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        rest = rest.trim_start();
        let digits = rest.find(|sign: char| !sign.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, length) = [
            ("mo", 4 * 5 * 8 * 3600),
            ("w", 5 * 8 * 3600),
            ("d", 8 * 3600),
            ("h", 3600),
            ("m", 60),
            ("s", 1),
        ]
        .into_iter()
        .find(|(unit, _)| rest.starts_with(unit))?;
        seconds = seconds.checked_add(number.checked_mul(length)?)?;
        rest = &rest[unit.len()..];
    }
    Some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations_are_read_in_working_days() {
        assert_eq!(parse("3h30m"), Some(12_600));
        assert_eq!(parse("1w 2d"), Some((5 + 2) * 8 * 3600));
        assert_eq!(parse("-1mo"), Some(-4 * 5 * 8 * 3600));
        assert_eq!(parse("soon"), None);
        assert_eq!(parse(""), None);
    }
}
