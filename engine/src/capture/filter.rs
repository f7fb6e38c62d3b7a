//! Classic BPF: checked once, then run on every packet of a file. The kernel runs it on live packets.
//!
//! McCanne, Jacobson: The BSD Packet Filter, USENIX Winter 1993;
//! Documentation/networking/filter.rst of Linux.

use super::capture_error::CaptureError;

/// Maximum number of instructions (`BPF_MAXINSNS`).
const MAX_INSTRUCTIONS: usize = 4096;
/// Number of scratch slots (`BPF_MEMWORDS`).
const SCRATCH: usize = 16;

// A code is class | size or operation | mode or source.
const LD_W_ABS: u16 = 0x20;
const LD_H_ABS: u16 = 0x28;
const LD_B_ABS: u16 = 0x30;
const LD_W_IND: u16 = 0x40;
const LD_H_IND: u16 = 0x48;
const LD_B_IND: u16 = 0x50;
const LD_LEN: u16 = 0x80;
const LD_IMM: u16 = 0x00;
const LD_MEM: u16 = 0x60;
const LDX_IMM: u16 = 0x01;
const LDX_MEM: u16 = 0x61;
const LDX_LEN: u16 = 0x81;
const LDX_MSH: u16 = 0xb1;
const ST: u16 = 0x02;
const STX: u16 = 0x03;
const ADD_K: u16 = 0x04;
const SUB_K: u16 = 0x14;
const MUL_K: u16 = 0x24;
const DIV_K: u16 = 0x34;
const OR_K: u16 = 0x44;
const AND_K: u16 = 0x54;
const LSH_K: u16 = 0x64;
const RSH_K: u16 = 0x74;
const NEG: u16 = 0x84;
const MOD_K: u16 = 0x94;
const XOR_K: u16 = 0xa4;
const ADD_X: u16 = 0x0c;
const SUB_X: u16 = 0x1c;
const MUL_X: u16 = 0x2c;
const DIV_X: u16 = 0x3c;
const OR_X: u16 = 0x4c;
const AND_X: u16 = 0x5c;
const LSH_X: u16 = 0x6c;
const RSH_X: u16 = 0x7c;
const MOD_X: u16 = 0x9c;
const XOR_X: u16 = 0xac;
const JA: u16 = 0x05;
const JEQ_K: u16 = 0x15;
const JGT_K: u16 = 0x25;
const JGE_K: u16 = 0x35;
const JSET_K: u16 = 0x45;
const JEQ_X: u16 = 0x1d;
const JGT_X: u16 = 0x2d;
const JGE_X: u16 = 0x3d;
const JSET_X: u16 = 0x4d;
const RET_K: u16 = 0x06;
const RET_A: u16 = 0x16;
const TAX: u16 = 0x07;
const TXA: u16 = 0x87;

/// One instruction of classic BPF (`struct sock_filter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Jump if true.
    pub jt: u8,
    /// Jump if false.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// A checked program: it terminates, and reads and jumps only within its bounds.
#[derive(Clone, Debug)]
pub struct Filter(Vec<Instruction>);

impl Filter {
    /// Checks a program as the kernel does (`bpf_check_classic`).
    pub fn new(program: Vec<Instruction>) -> Result<Self, CaptureError> {
        if program.len() > MAX_INSTRUCTIONS {
            return Err(CaptureError(format!(
                "the filter has {} instructions; the kernel accepts at most {MAX_INSTRUCTIONS}",
                program.len()
            )));
        }
        for (at, instruction) in program.iter().enumerate() {
            let after = program.len() - at - 1;
            if let Some(why) = instruction.defect(after) {
                return Err(CaptureError(format!("invalid filter: instruction {at} {why}")));
            }
        }
        match program.last() {
            Some(Instruction { code: RET_K | RET_A, .. }) => {}
            _ => return Err(CaptureError("invalid filter: the last instruction does not return".into())),
        }
        if let Some(at) = find_unwritten_load(&program) {
            return Err(CaptureError(format!(
                "invalid filter: instruction {at} reads a scratch slot that has not been written"
            )));
        }
        Ok(Self(program))
    }

    /// A filter that accepts every packet and keeps `bytes` of it; 0 accepts none.
    pub fn keep(bytes: u32) -> Self {
        Self(vec![Instruction { code: RET_K, jt: 0, jf: 0, k: bytes }])
    }

    /// The same filter, but keeping at most `bytes` of a packet: the kernel cuts at the returned length.
    pub fn cut_at(mut self, bytes: u32) -> Self {
        for instruction in self.0.iter_mut().filter(|instruction| instruction.code == RET_K) {
            instruction.k = instruction.k.min(bytes);
        }
        self
    }

    /// The instructions, for the kernel.
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }

    /// True if the packet is accepted. A load beyond its bytes or a division by zero rejects it.
    #[inline]
    pub fn matches(&self, bytes: &[u8], wire_len: u32) -> bool {
        self.run(bytes, wire_len).is_some_and(|kept| kept != 0)
    }

    /// The program's result. All jumps go forward, so the loop terminates.
    fn run(&self, bytes: &[u8], wire_len: u32) -> Option<u32> {
        let mut a: u32 = 0;
        let mut x: u32 = 0;
        let mut scratch = [0u32; SCRATCH];
        let mut at = 0;
        while let Some(&Instruction { code, jt, jf, k }) = self.0.get(at) {
            at += 1;
            let branch = |taken: bool| usize::from(if taken { jt } else { jf });
            match code {
                LD_W_ABS => a = load_u32(bytes, k)?,
                LD_H_ABS => a = load_u16(bytes, k)?,
                LD_B_ABS => a = load_u8(bytes, k)?,
                LD_W_IND => a = load_u32(bytes, x.checked_add(k)?)?,
                LD_H_IND => a = load_u16(bytes, x.checked_add(k)?)?,
                LD_B_IND => a = load_u8(bytes, x.checked_add(k)?)?,
                LD_LEN => a = wire_len,
                LD_IMM => a = k,
                LD_MEM => a = *scratch.get(k as usize)?,
                LDX_IMM => x = k,
                LDX_MEM => x = *scratch.get(k as usize)?,
                LDX_LEN => x = wire_len,
                LDX_MSH => x = (load_u8(bytes, k)? & 0x0f) << 2,
                ST => *scratch.get_mut(k as usize)? = a,
                STX => *scratch.get_mut(k as usize)? = x,
                ADD_K => a = a.wrapping_add(k),
                SUB_K => a = a.wrapping_sub(k),
                MUL_K => a = a.wrapping_mul(k),
                DIV_K => a = a.checked_div(k)?,
                MOD_K => a = a.checked_rem(k)?,
                OR_K => a |= k,
                AND_K => a &= k,
                XOR_K => a ^= k,
                LSH_K => a = a.checked_shl(k).unwrap_or(0),
                RSH_K => a = a.checked_shr(k).unwrap_or(0),
                ADD_X => a = a.wrapping_add(x),
                SUB_X => a = a.wrapping_sub(x),
                MUL_X => a = a.wrapping_mul(x),
                DIV_X => a = a.checked_div(x)?,
                MOD_X => a = a.checked_rem(x)?,
                OR_X => a |= x,
                AND_X => a &= x,
                XOR_X => a ^= x,
                LSH_X => a = a.checked_shl(x).unwrap_or(0),
                RSH_X => a = a.checked_shr(x).unwrap_or(0),
                NEG => a = a.wrapping_neg(),
                JA => at += k as usize,
                JEQ_K => at += branch(a == k),
                JGT_K => at += branch(a > k),
                JGE_K => at += branch(a >= k),
                JSET_K => at += branch(a & k != 0),
                JEQ_X => at += branch(a == x),
                JGT_X => at += branch(a > x),
                JGE_X => at += branch(a >= x),
                JSET_X => at += branch(a & x != 0),
                RET_K => return Some(k),
                RET_A => return Some(a),
                TAX => x = a,
                TXA => a = x,
                _ => return None, // `new` rejects all other codes
            }
        }
        None
    }
}

impl Instruction {
    /// Why the instruction is invalid if `after` others follow it.
    fn defect(&self, after: usize) -> Option<&'static str> {
        let is_outside = |jump: u32| jump as usize >= after;
        match self.code {
            LD_W_ABS | LD_H_ABS | LD_B_ABS | LD_W_IND | LD_H_IND | LD_B_IND | LD_LEN | LD_IMM | LDX_IMM
            | LDX_LEN | LDX_MSH | ADD_K | SUB_K | MUL_K | OR_K | AND_K | XOR_K | ADD_X | SUB_X | MUL_X
            | DIV_X | MOD_X | OR_X | AND_X | XOR_X | LSH_X | RSH_X | NEG | RET_K | RET_A | TAX | TXA => None,
            LD_MEM | LDX_MEM | ST | STX => {
                (self.k as usize >= SCRATCH).then_some("names a scratch slot that does not exist")
            }
            DIV_K | MOD_K => (self.k == 0).then_some("divides by zero"),
            LSH_K | RSH_K => (self.k >= u32::BITS).then_some("shifts by more than a word"),
            JA => is_outside(self.k).then_some("jumps out of the program"),
            JEQ_K | JGT_K | JGE_K | JSET_K | JEQ_X | JGT_X | JGE_X | JSET_X => {
                let is_bad = is_outside(self.jt.into()) || is_outside(self.jf.into());
                is_bad.then_some("jumps out of the program")
            }
            _ => Some("has an unknown code"),
        }
    }
}

/// The first load from a scratch slot that is not written on every path to it, in a program with valid jumps
/// and slots.
fn find_unwritten_load(program: &[Instruction]) -> Option<usize> {
    // For each instruction, the slots written on every path to it.
    let mut before = vec![u16::MAX; program.len()];
    let mut written = 0u16;
    for (at, &Instruction { code, jt, jf, k }) in program.iter().enumerate() {
        written &= before[at];
        match code {
            ST | STX => written |= 1 << k,
            LD_MEM | LDX_MEM if written & (1 << k) == 0 => return Some(at),
            JA => {
                before[at + 1 + k as usize] &= written;
                written = u16::MAX;
            }
            JEQ_K | JGT_K | JGE_K | JSET_K | JEQ_X | JGT_X | JGE_X | JSET_X => {
                before[at + 1 + usize::from(jt)] &= written;
                before[at + 1 + usize::from(jf)] &= written;
                written = u16::MAX;
            }
            _ => {}
        }
    }
    None
}

#[inline]
fn load<const N: usize>(bytes: &[u8], at: u32) -> Option<[u8; N]> {
    bytes.get(at as usize..)?.first_chunk().copied()
}

#[inline]
fn load_u32(bytes: &[u8], at: u32) -> Option<u32> {
    load(bytes, at).map(u32::from_be_bytes)
}

#[inline]
fn load_u16(bytes: &[u8], at: u32) -> Option<u32> {
    load(bytes, at).map(|bytes| u16::from_be_bytes(bytes).into())
}

#[inline]
fn load_u8(bytes: &[u8], at: u32) -> Option<u32> {
    bytes.get(at as usize).map(|&byte| byte.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(code: u16, k: u32) -> Instruction {
        Instruction { code, jt: 0, jf: 0, k }
    }

    fn jump(code: u16, k: u32, jt: u8, jf: u8) -> Instruction {
        Instruction { code, jt, jf, k }
    }

    fn error_of(program: Vec<Instruction>) -> String {
        Filter::new(program).err().map(|error| error.0).unwrap_or_default()
    }

    fn result(program: Vec<Instruction>, bytes: &[u8]) -> Option<u32> {
        Filter::new(program).expect("a valid program").run(bytes, 1500)
    }

    #[test]
    fn a_program_that_does_not_return_is_rejected() {
        assert!(error_of(vec![]).contains("does not return"));
        assert!(error_of(vec![op(LD_IMM, 1)]).contains("does not return"));
    }

    #[test]
    fn a_jump_out_of_the_program_is_rejected() {
        assert!(error_of(vec![op(JA, 1), op(RET_K, 0)]).contains("instruction 0 jumps out"));
        assert!(error_of(vec![op(JA, u32::MAX), op(RET_K, 0)]).contains("jumps out"));
        assert!(error_of(vec![jump(JEQ_K, 0, 0, 1), op(RET_K, 0)]).contains("jumps out"));
        assert!(error_of(vec![jump(JSET_X, 0, 1, 0), op(RET_K, 0)]).contains("jumps out"));
        assert!(Filter::new(vec![jump(JEQ_K, 0, 0, 0), op(RET_K, 0)]).is_ok());
    }

    #[test]
    fn constants_that_the_kernel_rejects_are_rejected() {
        assert!(error_of(vec![op(DIV_K, 0), op(RET_A, 0)]).contains("divides by zero"));
        assert!(error_of(vec![op(MOD_K, 0), op(RET_A, 0)]).contains("divides by zero"));
        assert!(error_of(vec![op(LSH_K, 32), op(RET_A, 0)]).contains("shifts"));
        assert!(error_of(vec![op(ST, 16), op(RET_A, 0)]).contains("scratch"));
        assert!(error_of(vec![op(0xffff, 0), op(RET_A, 0)]).contains("unknown code"));
        assert!(error_of(vec![op(RET_K, 1); 4097]).contains("at most 4096"));
    }

    #[test]
    fn a_scratch_slot_must_be_written_on_every_path_before_it_is_read() {
        assert!(error_of(vec![op(LD_MEM, 3), op(RET_A, 0)]).contains("has not been written"));
        let two_paths = |jt, jf| vec![jump(JEQ_K, 0, jt, jf), op(ST, 3), op(LDX_MEM, 3), op(RET_K, 0)];
        assert!(error_of(two_paths(0, 1)).contains("instruction 2 reads"));
        assert!(Filter::new(two_paths(0, 0)).is_ok());
    }

    #[test]
    fn a_load_beyond_the_packet_rejects_it() {
        for code in [LD_W_ABS, LD_H_ABS, LD_B_ABS, LDX_MSH] {
            for k in [4, 5, u32::MAX, 0xffff_f000] {
                assert_eq!(result(vec![op(code, k), op(RET_K, 1)], &[1, 2, 3, 4]), None, "{code:#x} {k}");
            }
        }
        let indirect = vec![op(LDX_IMM, u32::MAX), op(LD_B_IND, 2), op(RET_K, 1)];
        assert_eq!(result(indirect, &[1, 2, 3, 4]), None, "an index does not wrap around");
        assert_eq!(result(vec![op(LD_W_ABS, 0), op(RET_A, 0)], &[1, 2, 3, 4]), Some(0x0102_0304));
        assert_eq!(result(vec![op(LD_H_ABS, 2), op(RET_A, 0)], &[1, 2, 3, 4]), Some(0x0304));
        assert_eq!(result(vec![op(LD_H_ABS, 3), op(RET_A, 0)], &[1, 2, 3, 4]), None);
    }

    #[test]
    fn arithmetic_wraps_at_32_bits() {
        let calculate = |a, code, k| result(vec![op(LD_IMM, a), op(code, k), op(RET_A, 0)], &[]);
        assert_eq!(calculate(u32::MAX, ADD_K, 2), Some(1));
        assert_eq!(calculate(1, SUB_K, 2), Some(u32::MAX));
        assert_eq!(calculate(7, DIV_K, 2), Some(3));
        assert_eq!(calculate(7, MOD_K, 4), Some(3));
        assert_eq!(calculate(1, NEG, 0), Some(u32::MAX));
        assert_eq!(calculate(1, LSH_K, 31), Some(1 << 31));
        let by_x = |a, code, x| result(vec![op(LD_IMM, a), op(LDX_IMM, x), op(code, 0), op(RET_A, 0)], &[]);
        assert_eq!(by_x(1, DIV_X, 0), None);
        assert_eq!(by_x(1, MOD_X, 0), None);
        assert_eq!(by_x(1, LSH_X, 32), Some(0));
        assert_eq!(by_x(6, XOR_X, 3), Some(5));
    }

    #[test]
    fn registers_scratch_and_length_keep_their_values() {
        let program =
            vec![op(LD_LEN, 0), op(ST, 15), op(LD_IMM, 0), op(LDX_MEM, 15), op(TXA, 0), op(RET_A, 0)];
        assert_eq!(result(program, &[]), Some(1500));
        assert_eq!(result(vec![op(LDX_MSH, 0), op(TXA, 0), op(RET_A, 0)], &[0x46]), Some(24));
    }

    #[test]
    fn a_cut_changes_the_kept_length_and_not_the_decision() {
        let filter =
            Filter::new(vec![op(LD_B_ABS, 0), jump(JEQ_K, 1, 0, 1), op(RET_K, 65_535), op(RET_K, 0)]);
        let filter = filter.expect("a valid program").cut_at(96);
        assert_eq!((filter.run(&[1], 1), filter.run(&[2], 1)), (Some(96), Some(0)));
        assert!(filter.matches(&[1], 1) && !filter.matches(&[2], 1) && !filter.matches(&[], 0));
        assert!(Filter::keep(1).matches(&[], 0) && !Filter::keep(0).matches(&[1], 1));
    }
}
