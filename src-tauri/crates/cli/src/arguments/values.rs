//! Values that command lines give: shares, kinds, retentions.

use labkeep_engine::kind::Kind;
use labkeep_settings::Retention;

/// A share of 100.
pub fn percent(text: &str) -> Result<u32, String> {
    text.trim()
        .trim_end_matches('%')
        .parse()
        .ok()
        .filter(|percent| *percent <= 100)
        .ok_or_else(|| "a share is written as 0% to 100%".to_owned())
}

/// A kind by its name.
pub fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).ok_or_else(|| {
        let names = Kind::OF_PROJECT.map(Kind::name).join(", ");
        format!("the kinds are {names}")
    })
}

/// A retention by the name of a preset, or rule by rule.
pub fn retention(text: &str) -> Result<Retention, String> {
    let presets = labkeep_engine::retention::presets();
    if let Some(preset) = presets.iter().find(|preset| preset.name == text.trim()) {
        return Ok(preset.retention);
    }
    let mut retention = Retention {
        daily: 0,
        weekly: 0,
        monthly: 0,
        ..Retention::default()
    };
    for rule in text.split(',') {
        let (name, number) = rule.split_once('=').unwrap_or((rule, ""));
        let number = number
            .trim()
            .parse()
            .map_err(|_| format!("`{rule}` is no rule; write it as daily=30"))?;
        let field = match name.trim() {
            "last" => &mut retention.last,
            "within" => &mut retention.within_days,
            "hourly" => &mut retention.hourly,
            "daily" => &mut retention.daily,
            "weekly" => &mut retention.weekly,
            "monthly" => &mut retention.monthly,
            "yearly" => &mut retention.yearly,
            other => {
                return Err(format!(
                    "`{other}` is none of last, within, hourly, daily, weekly, monthly, yearly"
                ));
            }
        };
        *field = number;
    }
    if retention.keeps_nothing() {
        return Err("this would keep nothing".to_owned());
    }
    Ok(retention)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_is_read_rule_by_rule() {
        let read = retention("daily=7, weekly=4").unwrap();
        assert_eq!((read.daily, read.weekly, read.monthly), (7, 4, 0));
        let read = retention("within=30,daily=1").unwrap();
        assert_eq!((read.within_days, read.daily), (30, 1));
        for bad in ["", "daily", "daily=x", "sometimes=3", "daily=0", "short"] {
            assert!(retention(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_preset_is_read_by_its_name() {
        for preset in labkeep_engine::retention::presets() {
            assert_eq!(retention(&preset.name), Ok(preset.retention));
        }
    }

    #[test]
    fn shares_are_percent() {
        assert_eq!(percent("5%"), Ok(5));
        assert_eq!(percent("100"), Ok(100));
        assert!(percent("101%").is_err());
        assert!(percent("half").is_err());
    }
}
