//! What of a lead is to be another (RFC 7396).

use std::collections::BTreeMap;

use dialer::list::{Details, NUMBERS_A_LEAD_MAX};
use serde::Deserialize;
use utoipa::ToSchema;

use super::new_lead::{checked, extra_schema, moment};
use crate::people::nullable;
use crate::problem::{Code, Problem};

macro_rules! change {
    ($($(#[doc = $doc:literal])* $field:ident,)*) => {
        /// What of a lead is to be another. What is left out stays; null takes it away.
        #[derive(Clone, Debug, Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct LeadChange {
            /// Its numbers, all of them, in the order in which they are tried, as they are dialed in its country or E.164.
            /// What came of those that stay is kept.
            #[schema(example = json!(["+442071838750"]), min_items = 1, max_items = 10)]
            numbers: Option<Vec<String>>,
            $(
                $(#[doc = $doc])*
                #[serde(default, deserialize_with = "nullable")]
                #[schema(value_type = Option<String>, max_length = 1000)]
                $field: Option<Option<String>>,
            )*
            /// When the person agreed to be called by artificial voices.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>, format = DateTime)]
            consent_artificial_voice_at: Option<Option<String>>,
            /// When the person agreed to be called about claims management.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>, format = DateTime)]
            consent_claims_management_at: Option<Option<String>>,
            /// What else is known, all of it.
            #[schema(schema_with = extra_schema)]
            extra: Option<BTreeMap<String, String>>,
        }

        impl LeadChange {
            fn texts(&mut self, details: &mut Details) {
                $(if let Some(given) = self.$field.take() {
                    details.$field = given;
                })*
            }
        }
    };
}

change! {
    /// The whole name.
    name,
    /// The first name.
    first_name,
    /// The last name.
    last_name,
    /// The company.
    company,
    /// The address of mail.
    email,
    /// Street and house.
    address,
    /// The town.
    city,
    /// The postcode.
    postcode,
    /// State or province, ISO 3166-2.
    region,
    /// Country, ISO 3166-1.
    country,
    /// IANA time zone.
    time_zone,
    /// Its id where it comes from.
    external_id,
}

impl LeadChange {
    /// Numbers and details as they are to be.
    ///
    /// # Errors
    /// What is wrong with the first field that is not as expected.
    pub(super) fn applied(
        mut self,
        numbers: Vec<String>,
        mut details: Details,
    ) -> Result<(Vec<String>, Details), Problem> {
        let invalid = |field: &str, expected: String| {
            Problem::new(Code::InvalidBody, format!("A lead is not valid: {expected}.")).at(
                format!("#/{field}"),
                "invalid",
                expected,
            )
        };
        self.texts(&mut details);
        if let Some(given) = self.consent_artificial_voice_at {
            details.consent_artificial_voice_at = moment("consent_artificial_voice_at", given, &invalid)?;
        }
        if let Some(given) = self.consent_claims_management_at {
            details.consent_claims_management_at = moment("consent_claims_management_at", given, &invalid)?;
        }
        details.extra = self.extra.unwrap_or(details.extra);
        let numbers = self.numbers.unwrap_or(numbers);
        if !(1..=NUMBERS_A_LEAD_MAX).contains(&numbers.len()) {
            return Err(invalid("numbers", format!("expected 1 to {NUMBERS_A_LEAD_MAX} numbers")));
        }
        checked(&details, &invalid)?;
        Ok((numbers, details))
    }
}
