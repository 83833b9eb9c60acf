//! G.711 against the tables made with the ITU-T reference code: decoding of
//! all 256 codes, encoding of all 65,536 samples from -32768 up.

use rtp_core::g711::{self, Law};

const ALAW_ENC: &[u8; 65_536] = include_bytes!("data/alaw_enc_itu.bin");
const ULAW_ENC: &[u8; 65_536] = include_bytes!("data/ulaw_enc_itu.bin");
const ALAW_DEC: &[u8; 512] = include_bytes!("data/alaw_dec_itu.s16");
const ULAW_DEC: &[u8; 512] = include_bytes!("data/ulaw_dec_itu.s16");

#[test]
fn encoders_equal_the_itu_tables_for_every_sample() {
    for (sample, (a, u)) in (i16::MIN..=i16::MAX).zip(ALAW_ENC.iter().zip(ULAW_ENC)) {
        assert_eq!(g711::alaw_encode(sample), *a, "A-law of {sample}");
        assert_eq!(g711::ulaw_encode(sample), *u, "u-law of {sample}");
    }
}

#[test]
fn decoders_equal_the_itu_tables_for_every_code() {
    for code in 0..=255u8 {
        assert_eq!(g711::alaw_decode(code), itu_sample(ALAW_DEC, code), "A-law code {code}");
        assert_eq!(g711::ulaw_decode(code), itu_sample(ULAW_DEC, code), "u-law code {code}");
    }
}

#[test]
fn transcoding_is_decoding_and_encoding() {
    for code in 0..=255u8 {
        let index = |sample: i16| (i32::from(sample) + 32_768) as usize;
        assert_eq!(g711::a_to_u(code), ULAW_ENC[index(itu_sample(ALAW_DEC, code))]);
        assert_eq!(g711::u_to_a(code), ALAW_ENC[index(itu_sample(ULAW_DEC, code))]);
    }
}

#[test]
fn slices_are_bounded_by_the_shorter_one() {
    let mut samples = [7i16; 4];
    assert_eq!(Law::A.decode_into(&[0xd5, 0xd5], &mut samples), 2);
    assert_eq!(samples, [8, 8, 7, 7]);
    let mut codes = [0u8; 1];
    assert_eq!(Law::U.encode_into(&[0, 0, 0], &mut codes), 1);
    assert_eq!(codes, [0xff]);
    let mut codes = [0xd5, 0x55];
    Law::A.transcode(Law::U, &mut codes);
    assert_eq!(codes, [g711::a_to_u(0xd5), g711::a_to_u(0x55)]);
    Law::U.transcode(Law::U, &mut codes);
    assert_eq!(codes, [g711::a_to_u(0xd5), g711::a_to_u(0x55)]);
}

#[test]
fn laws_know_their_payload_types() {
    for law in [Law::A, Law::U] {
        assert_eq!(Law::from_payload_type(law.payload_type()), Some(law));
        assert_eq!(law.encode(0), law.silence());
    }
    assert_eq!(Law::from_payload_type(101), None);
    assert_eq!((Law::A.to_string().as_str(), Law::U.silence()), ("PCMA", 0xff));
}

fn itu_sample(table: &[u8; 512], code: u8) -> i16 {
    let at = usize::from(code) * 2;
    i16::from_le_bytes([table[at], table[at + 1]])
}
