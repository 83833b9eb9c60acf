use core::net::IpAddr;

use super::*;

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn parts_are_found() {
    let full = uri("sip:alice:secret@Example.COM:5070;transport=tcp;lr?Subject=a%20b&Replaces=x%3Bto-tag%3D1");
    assert_eq!(full.user_text(), Some("alice"));
    assert_eq!(full.password_text(), Some("secret"));
    assert_eq!(full.host_port().map(|hp| hp.to_string()).as_deref(), Some("Example.COM:5070"));
    assert_eq!(full.param("TRANSPORT").as_deref(), Some("tcp"));
    assert!(full.has_param("lr"));
    assert!(!full.has_param("maddr"));
    assert_eq!(full.header("replaces").as_deref(), Some("x;to-tag=1"));
    assert_eq!(full.without_headers().as_str(), "sip:alice:secret@Example.COM:5070;transport=tcp;lr");
    assert_eq!(full.address_of_record().as_deref(), Some("sip:alice@example.com"));
}

#[test]
fn odd_but_legal_uris_are_read() {
    let odd = uri(
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
    );
    assert_eq!(odd.user_text(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri("sip:user;par=u%40example.net@example.com").user().as_deref(), Some("user;par=u@example.net"));
    assert_eq!(uri("sip:null-%00-null@example.com").user().as_deref(), Some("null-\0-null"));
    assert!(uri("sip:caller@host;%6C%72;n%61me=v%61lue%25%34%31").has_param("lr"));
    assert_eq!(uri("sip:h;n%61me=v%61lue%25%34%31").param("name").as_deref(), Some("value%41"));
    assert_eq!(uri("tel:+44-20-7183;phone-context=x.y").user().as_deref(), Some("+44-20-7183"));
    assert_eq!(uri("tel:7042;phone-context=example.com").param("phone-context").as_deref(), Some("example.com"));
    assert_eq!(uri("nobodyKnowsThisScheme:totallyopaquecontent").scheme(), Scheme::Other);
    assert_eq!(uri("SIPS:a@b").scheme(), Scheme::Sips);
    assert_eq!(uri("sip:*21#@pbx").user().as_deref(), Some("*21#"));
}

#[test]
fn hosts_and_ports() {
    assert_eq!(uri("sip:[2001:db8::10]:5070").port(), Some(5070));
    assert_eq!(uri("sip:[2001:db8::10:5070]").port(), None);
    assert_eq!(uri("sip:u@[2001:db8:::192.0.2.1]").host(), uri("sip:u@[2001:db8::192.0.2.1]").host());
    assert!(matches!(uri("sip:192.0.2.1").host(), Some(Host::Address(IpAddr::V4(_)))));
    for bad in [
        "sip:2001:db8::10",
        "sip:[2001:db8::10",
        "sip:h:",
        "sip:h:65536",
        "sip:h:-1",
        "sip:1.2.3",
        "sip:a..b",
        "sip:-a",
    ] {
        assert!(Uri::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_is_no_uri_is_refused() {
    for bad in [
        "",
        "sip",
        "sip:",
        ":x",
        "1sip:x",
        "sip:@h",
        "sip:a b@h",
        "sip:a@b@c",
        "sip:a%4@h",
        "sip:a%zz@h",
        "<sip:a@b>",
        "sip:a@b;",
        "sip:a@b;;x",
        "sip:a@b;=1",
        "sip:a@b;x=",
        "sip:a@b?",
        "sip:a@b?x",
        "sip:a@b; lr",
        "sip:a@b;lr;LR",
        "tel:",
        "tel:+",
        "tel:abx",
        "isbn:",
        "sip:jos\u{e9}@h",
        "sip:a@b;x=\"1\"",
        "http://a b",
    ] {
        assert!(Uri::parse(bad).is_err(), "{bad}");
    }
    assert!(Uri::parse(&format!("sip:{}@h", "a".repeat(2_100))).is_err());
}

/// The examples of RFC 3261 19.1.4.
#[test]
fn equality_is_that_of_the_rfc() {
    let same = [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+1-201-555-0123", "tel:+12015550123"),
        ("tel:7042;phone-context=Example.com", "tel:7042;PHONE-CONTEXT=example.COM"),
        ("sip:[2001:db8::1]", "sip:[2001:DB8:0::1]"),
    ];
    for (one, other) in same {
        assert!(uri(one).is_equivalent(&uri(other)) && uri(other).is_equivalent(&uri(one)), "{one} {other}");
    }
    let different = [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@h", "sips:a@h"),
        ("sip:a%40b@h", "sip:a%41b@h"),
        ("tel:+12015550123", "tel:+12015550124"),
    ];
    for (one, other) in different {
        assert!(!uri(one).is_equivalent(&uri(other)) && !uri(other).is_equivalent(&uri(one)), "{one} {other}");
    }
}

#[test]
fn made_uris_are_escaped() {
    let host = HostPort { host: Host::parse("example.com").unwrap(), port: None };
    let made = Uri::sip(Some("a b@c:d%\r\n"), &host).unwrap();
    assert_eq!(made.as_str(), "sip:a%20b%40c%3Ad%25%0D%0A@example.com");
    assert_eq!(made.user().as_deref(), Some("a b@c:d%\r\n"));
    assert_eq!(made.with_param("lr", None).unwrap().as_str(), "sip:a%20b%40c%3Ad%25%0D%0A@example.com;lr");
    for (name, value) in [("x", "a;b"), ("x;y", "1"), ("x", ""), ("", "1"), ("x", "a b")] {
        assert!(made.with_param(name, Some(value)).is_err(), "{name}={value}");
    }
    let replaces = uri("sip:a@b").with_header("Replaces", "x@y;to-tag=1").unwrap();
    assert_eq!(replaces.as_str(), "sip:a@b?Replaces=x%40y%3Bto-tag%3D1");
    assert_eq!(replaces.with_param("lr", None).unwrap().as_str(), "sip:a@b;lr?Replaces=x%40y%3Bto-tag%3D1");
}
