//! WAV against an independent implementation, in both directions.

use std::io::Cursor;

use rtp_core::wav::{self, Wav};

#[test]
fn what_others_write_is_read() {
    for channels in [1u16, 2] {
        let spec = hound::WavSpec {
            channels,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
        let samples: Vec<i16> = (-200..200).map(|n| n * 150).collect();
        samples.iter().for_each(|s| writer.write_sample(*s).unwrap());
        writer.finalize().unwrap();
        let bytes = file.into_inner();
        let read = Wav::parse(&bytes).unwrap();
        assert_eq!((read.channels, read.len()), (channels, samples.len() / usize::from(channels)));
        let channel_count = usize::from(channels);
        for (at, sample) in samples.iter().enumerate() {
            assert_eq!(read.sample(at / channel_count, at % channel_count), Some(*sample));
        }
    }
}

#[test]
fn what_we_write_is_read_by_others() {
    let samples: Vec<i16> = (-300..300).map(|n| n * 100).collect();
    let mut bytes = wav::header(2, 1_200).to_vec();
    samples.iter().for_each(|s| bytes.extend_from_slice(&s.to_le_bytes()));
    let mut reader = hound::WavReader::new(Cursor::new(bytes)).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8_000, 16));
    let read: Vec<i16> = reader.samples::<i16>().map(Result::unwrap).collect();
    assert_eq!(read, samples);
}
