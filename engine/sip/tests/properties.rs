//! Properties of single values: no text makes a reader panic, what is read prints as
//! it came, what is made reads back.

use proptest::prelude::*;
use sip::{
    Event, HostPort, MediaType, NameAddr, Params, Reason, Replaces, StatusLine, Text, Uri, Via,
    digest::{Challenge, Credentials},
};

/// Text of the bytes that mean something in headers.
fn syntax() -> impl Strategy<Value = String> {
    "[-a-z0-9 \t:;,=<>\"\\\\@?&%./*+#()é\\[\\]]{0,60}"
}

/// Well-formed sip URIs, with everything a URI can have.
fn sip_uri() -> impl Strategy<Value = String> {
    let user = proptest::option::of("([a-z0-9+._~;?&=$,/-]|%[0-9A-F][0-9A-Fa-f]){1,12}(:[a-z0-9]{1,5})?@");
    let host = "([a-zA-Z0-9]{1,8}\\.(org|COM)|192\\.0\\.2\\.[1-9]|\\[2001:db8::[1-9a-f]{1,4}\\])(:[1-9][0-9]{0,3})?";
    let params = "(;transport=(udp|TCP))?(;lr)?(;x=[a-z]{1,4})?(;maddr=h)?(;ttl=1)?";
    let headers = "(\\?[a-z]{1,5}=[a-z0-9]{0,4}(&[A-Z]{1,4}=[a-z]{0,3})?)?";
    (user, host, params, headers)
        .prop_map(|(user, host, params, headers)| format!("sip:{}{host}{params}{headers}", user.unwrap_or_default()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_reader_panic_and_what_is_read_prints_as_it_came(text in syntax()) {
        for text in [text.clone(), format!("sip:{text}"), format!("SIP/2.0/UDP {text}"), format!("<sip:a@b>{text}"), format!("Digest {text}")] {
            if let Ok(uri) = Uri::parse(&text) {
                prop_assert_eq!(uri.to_string(), text.as_str());
                let _ = (uri.user(), uri.host_port(), uri.params().count(), uri.headers().count(), uri.address_of_record());
                prop_assert!(uri.is_equivalent(&uri));
            }
            if let Ok(address) = NameAddr::parse(&text) {
                prop_assert_eq!(address.to_string(), text.as_str());
                let _ = (address.display_name(), address.tag(), address.q_thousandths(), address.expires_s());
                prop_assert_eq!(address.with_tag("t").unwrap().uri, address.uri);
            }
            if let Ok(via) = Via::parse(&text) {
                prop_assert_eq!(via.to_string(), text.as_str());
                let noted = Via::parse(&via.noted(([192, 0, 2, 1], 5060).into())).unwrap();
                prop_assert_eq!(noted.branch(), via.branch());
            }
            if let Ok(Some(credentials)) = Credentials::parse(&text) {
                prop_assert_eq!(Credentials::parse(&credentials.to_string()), Ok(Some(credentials)));
            }
            let _ = (Challenge::parse(&text), Params::parse(&text), Event::parse(&text), Reason::parse(&text));
            let _ = (Replaces::parse(&text), MediaType::parse(&text), HostPort::parse(&text), StatusLine::from_sipfrag(text.as_bytes()));
        }
    }

    #[test]
    fn well_formed_uris_are_read_and_equal_themselves(text in sip_uri(), other in sip_uri()) {
        let (uri, other) = (Uri::parse(&text).unwrap(), Uri::parse(&other).unwrap());
        prop_assert_eq!(uri.to_string(), text);
        prop_assert!(uri.is_equivalent(&uri));
        prop_assert_eq!(uri.is_equivalent(&other), other.is_equivalent(&uri));
        if uri.is_equivalent(&other) {
            prop_assert_eq!(uri.address_of_record(), other.address_of_record());
        }
        let address = NameAddr::parse(&format!("<{uri}>;tag=1")).unwrap();
        prop_assert_eq!(address.uri, uri);
    }

    #[test]
    fn what_is_made_reads_back(user in "\\PC{1,20}", name in "\\PC{0,20}", value in any::<String>()) {
        let host: HostPort = HostPort::parse("[2001:db8::1]:5070").unwrap();
        let uri = Uri::sip(Some(&user), &host).unwrap();
        prop_assert_eq!(uri.user().unwrap(), user);
        prop_assert_eq!(uri.host_port(), Some(host));
        let made = NameAddr::new(Some(&name), &uri).unwrap();
        prop_assert_eq!(made.display_name().unwrap(), name);
        let with_header = uri.with_header("Replaces", &value);
        if let Ok(with_header) = with_header {
            prop_assert_eq!(with_header.header("replaces").unwrap(), value.as_str());
        }
        prop_assert_eq!(Text::from(value.as_str()).detach(), value.as_str());
    }
}
