//! Amounts of money, which most senders count in the currency's smallest unit.

use minijinja::Value;

use super::text;

/// The digits after the point of the currencies that have not two of them, after ISO 4217.
const DECIMALS: &[(usize, &[&str])] = &[
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

/// An amount in a currency's smallest unit as people write it: `1200` and `eur` make `12.00 EUR`.
///
/// `decimals` is for senders that count a currency otherwise than ISO 4217 does. Nothing where the amount is missing, and
/// the amount as it stands where it is no whole number.
pub(super) fn money(amount: &Value, currency: &Value, decimals: Option<usize>) -> String {
    let currency = text(currency).trim().to_ascii_uppercase();
    let amount = text(amount);
    let amount = amount.trim();
    if amount.is_empty() {
        return String::new();
    }
    let decimals = decimals.unwrap_or_else(|| decimals_of(&currency));
    let written = in_units(amount, decimals).unwrap_or_else(|| amount.to_owned());
    if currency.is_empty() { written } else { format!("{written} {currency}") }
}

/// The digits after a currency's point.
fn decimals_of(currency: &str) -> usize {
    let found = DECIMALS.iter().find(|(_, currencies)| currencies.contains(&currency));
    found.map_or(2, |(decimals, _)| *decimals)
}

/// A whole number with the point so many digits from its end; `None` where it is none.
fn in_units(amount: &str, decimals: usize) -> Option<String> {
    let digits = amount.strip_prefix('-').unwrap_or(amount);
    if digits.is_empty() || decimals > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let sign = if digits.len() < amount.len() { "−" } else { "" };
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    let point = if rest.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{rest}"))
}
