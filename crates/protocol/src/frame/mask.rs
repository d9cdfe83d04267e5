//! Masking (RFC 6455 section 5.3): every payload byte is combined with one of four by XOR.

/// The masking key, rotated so that its first byte is for the next payload byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mask([u8; 4]);

impl Mask {
    pub(crate) const fn new(key: [u8; 4]) -> Self {
        Self(key)
    }

    /// Unmasks the next bytes of a payload, in place.
    #[inline]
    pub(crate) fn apply(&mut self, payload: &mut [u8]) {
        let [a, b, c, d] = self.0;
        let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        // Eight bytes at a time, which the compiler turns into vectors.
        let (words, rest) = payload.as_chunks_mut::<8>();
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(wide.to_ne_bytes()) {
            *byte ^= key;
        }
        self.0.rotate_left(payload.len() % 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn the_example_of_rfc_6455_section_5_7() {
        let mut payload = *b"\x7f\x9f\x4d\x51\x58";
        Mask::new(KEY).apply(&mut payload);
        assert_eq!(&payload, b"Hello");
    }

    #[test]
    fn every_alignment_length_and_offset_agrees_with_the_definition() {
        let source: Vec<u8> = (0..=255).cycle().take(600).collect();
        for start in 0..9 {
            for length in (0..70).chain([127, 128, 129, 255, 511]) {
                for first in 0..5.min(length + 1) {
                    let mut buffer = source.clone();
                    let payload = &mut buffer[start..start + length];
                    let mut mask = Mask::new(KEY);
                    let (left, right) = payload.split_at_mut(first);
                    mask.apply(left);
                    mask.apply(right);
                    for (at, byte) in payload.iter().enumerate() {
                        assert_eq!(*byte, source[start + at] ^ KEY[at % 4]);
                    }
                }
            }
        }
    }
}
