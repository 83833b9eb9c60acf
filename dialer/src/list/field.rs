//! What a column of a list can hold, and by which words people call it.

use serde::{Deserialize, Serialize};

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $word:literal, [$($synonym:literal),*];)*) => {
        /// What a column holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Field {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Field {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Headers that mean it, as [`plain`] writes them.
            const fn synonyms(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($synonym),*],)* }
            }
        }
    };
}

fields! {
    /// A number to call; the order of such columns is that in which they are tried.
    Phone = "phone", [
        "phone", "phonenumber", "telephone", "telephonenumber", "tel", "number", "mobile", "mobilephone", "mobilenumber",
        "cell", "cellphone", "homephone", "workphone", "businessphone", "landline", "msisdn", "contactnumber", "e164",
        "altphone", "alternatephone", "telefono", "movil", "celular", "numero", "numerodetelefono", "fijo", "telefonofijo",
        "telefonomovil", "telemovel", "telefone", "numerodetelefone", "numerodetelemovel", "contacto", "telefonefixo"
    ];
    /// The whole name.
    Name = "name", [
        "name", "fullname", "contactname", "customer", "customername", "leadname", "nombre", "nombrecompleto", "nome",
        "nomecompleto", "cliente"
    ];
    /// The first name.
    FirstName = "first_name", [
        "firstname", "first", "forename", "givenname", "fname", "nombredepila", "primernombre", "primeironome",
        "nomeproprio"
    ];
    /// The last name.
    LastName = "last_name", [
        "lastname", "last", "surname", "familyname", "lname", "apellido", "apellidos", "apelido", "sobrenome",
        "ultimonome"
    ];
    /// The company.
    Company = "company", [
        "company", "companyname", "organisation", "organization", "business", "empresa", "compania", "organizacion",
        "organizacao"
    ];
    /// The address of mail.
    Email = "email", ["email", "emailaddress", "mail", "correo", "correoelectronico", "correio"];
    /// Street and house.
    Address = "address", [
        "address", "streetaddress", "street", "addressline", "fulladdress", "direccion", "calle", "domicilio", "morada",
        "endereco", "rua"
    ];
    /// The town.
    City = "city", ["city", "town", "posttown", "ciudad", "localidad", "poblacion", "cidade", "localidade"];
    /// The postcode.
    Postcode = "postcode", [
        "postcode", "postalcode", "zip", "zipcode", "codigopostal", "cp", "codpostal", "cep"
    ];
    /// State or province (ISO 3166-2, `US-FL`): the rules that hold there.
    Region = "region", ["region", "state", "province", "county", "provincia", "estado", "distrito"];
    /// Country (ISO 3166-1, two letters): how the numbers of the row are written.
    Country = "country", ["country", "countrycode", "pais"];
    /// The IANA time zone, by which the calling hours go.
    TimeZone = "time_zone", ["timezone", "tz", "zonahoraria", "fusohorario"];
    /// The lead's id in the system that it comes from.
    ExternalId = "external_id", [
        "id", "externalid", "leadid", "customerid", "vendorleadcode", "reference", "ref", "crmid", "referencia"
    ];
    /// When the person agreed to be called by artificial voices: a date.
    ConsentArtificialVoice = "consent_artificial_voice", ["consentartificialvoice", "aiconsent", "consentai"];
    /// When the person agreed to be called about claims management: a date.
    ConsentClaimsManagement = "consent_claims_management", ["consentclaimsmanagement", "claimsconsent"];
    /// Something else: kept under the column's name, shown to the agent.
    Extra = "extra", [];
    /// Not kept.
    Ignore = "ignore", ["row", "line", "imported", "issuecolumn", "issue", "issuesays", "issuedetail"];
}

impl Field {
    /// Whether several columns may hold it.
    #[must_use]
    pub const fn may_repeat(self) -> bool {
        matches!(self, Self::Phone | Self::Extra | Self::Ignore)
    }

    /// What a header says, if it is one of the words known: `Teléfono 2` is a phone.
    #[must_use]
    pub(super) fn called(header: &str) -> Option<Self> {
        let plain = plain(header);
        let find = |word: &str| Self::ALL.iter().copied().find(|field| field.synonyms().contains(&word));
        find(&plain).or_else(|| find(plain.trim_end_matches(|c: char| c.is_ascii_digit())))
    }
}

/// Lower-case letters and digits without accents, nothing between them.
fn plain(header: &str) -> String {
    let folded = header.chars().flat_map(char::to_lowercase).map(unaccented);
    folded.filter(char::is_ascii_alphanumeric).take(HEADER_CHARS_MAX).collect()
}

fn unaccented(character: char) -> char {
    match character {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

/// No word known is as long.
const HEADER_CHARS_MAX: usize = 40;
