use super::*;

fn credentials(text: &str) -> Credentials {
    Credentials::parse(text).unwrap().unwrap()
}

/// RFC 2617 3.5, RFC 7616 3.9.1 and vectors computed with another implementation.
#[test]
fn responses_are_those_of_the_vectors() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../../tests/data/digest.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 10);
    for vector in vectors {
        let field = |name: &str| vector[name].as_str().unwrap_or_default();
        let algorithm = Algorithm::parse(field("alg")).unwrap();
        let ha1 = Ha1::new(algorithm, field("user"), field("realm"), field("pw"));
        let qop = Qop::parse(field("qop")).map(|qop| QopUse {
            qop,
            count: u32::from_str_radix(field("nc"), 16).unwrap(),
            cnonce: field("cnonce").to_owned(),
        });
        if !algorithm.is_session() {
            assert_eq!(ha1.as_str(), field("ha1"), "{}", field("name"));
        }
        let method = Method::parse(field("method")).unwrap();
        let body = field("body").as_bytes();
        let proof = Proof { method: &method, uri: field("uri"), nonce: field("nonce"), qop: qop.as_ref(), body };
        assert_eq!(response(&ha1, proof).as_str(), field("response"), "{}", field("name"));
    }
}

#[test]
fn headers_read_back_as_printed() {
    let challenge = Challenge {
        realm: "demo \"local\"".into(),
        nonce: "abc".into(),
        opaque: Some("o".into()),
        algorithm: Algorithm::Sha256,
        stale: true,
        qop: vec![Qop::Auth, Qop::AuthInt],
    };
    assert_eq!(Challenge::parse(&challenge.to_string()), Ok(Some(challenge.clone())));
    for qop in [vec![], vec![Qop::Auth], vec![Qop::AuthInt]] {
        let challenge = Challenge { qop, ..challenge.clone() };
        let answer = answer_challenge(&challenge, ("bob", "pw"), (&Method::Invite, "sip:b@h", b"x"), 0x1f, "cn");
        assert_eq!(Credentials::parse(&answer.to_string()), Ok(Some(answer.clone())));
        assert!(!format!("{answer:?}").contains(&answer.response));
    }
}

#[test]
fn the_field_has_many_spellings() {
    let odd = credentials(
        "digest username = \"bob\",realm=\"h\", nonce=\"n,=\" ,uri=\"sip:h;x=1\",response=\"0A\",qop=auth,nc=0000000A,cnonce=\"\",algorithm=md5",
    );
    assert_eq!((odd.nonce.as_str(), odd.uri.as_str()), ("n,=", "sip:h;x=1"));
    assert_eq!(odd.qop.unwrap().count, 10);
    let challenge = Challenge::parse("Digest realm=\"r\", nonce=\"n\", qop=\"auth, auth-int,x\", domain=\"sip:h\"")
        .unwrap()
        .unwrap();
    assert_eq!(
        (challenge.qop, challenge.algorithm, challenge.stale),
        (vec![Qop::Auth, Qop::AuthInt], Algorithm::Md5, false)
    );
}

#[test]
fn other_schemes_are_passed_over_and_faults_are_told() {
    let base = "username=\"b\",realm=\"h\",nonce=\"n\",uri=\"u\",response=\"0\"";
    for none in ["NoOneKnowsThisScheme opaque-data=here", "Basic eDp5", &format!("Digest {base},algorithm=ROT13")] {
        assert_eq!(Credentials::parse(none), Ok(None), "{none}");
    }
    for bad in [
        "Digest".to_owned(),
        "Digest username=\"b\"".to_owned(),
        format!("Digest {base},realm=\"other\""),
        format!("Digest {base},qop=auth,nc=1,cnonce=\"c\""),
        format!("Digest {base},qop=auth,nc=0000000g,cnonce=\"c\""),
        format!("Digest {base},qop=auth,nc=00000001"),
        format!("Digest {base},x=\"unclosed"),
        format!("Digest {base},,"),
        format!("Digest {base}{}", ",x=1".repeat(30)),
    ] {
        assert!(Credentials::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn comparing_takes_any_case_and_no_other_length() {
    let hex = Algorithm::Md5.hash(&[b"x"]);
    assert!(hex.is_same_in_constant_time(&hex.as_str().to_uppercase()));
    for other in
        ["", "0", &hex.as_str()[..31], &format!("{hex}0"), &format!("{hex}{}", "\0".repeat(32)), &"0".repeat(90)]
    {
        assert!(!hex.is_same_in_constant_time(other));
    }
}

#[test]
fn a_stored_secret_reads_back() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let ha1 = Ha1::new(algorithm, "1001", "demo.local", "secret");
        assert_eq!(Ha1::from_hex(algorithm, ha1.as_str()), Some(ha1));
        assert_eq!(Ha1::from_hex(algorithm, &ha1.as_str().to_uppercase()), Some(ha1));
        for bad in ["", "00", &format!("{}00", ha1.as_str()), &"g".repeat(ha1.as_str().len())] {
            assert_eq!(Ha1::from_hex(algorithm, bad), None, "{bad}");
        }
    }
}
