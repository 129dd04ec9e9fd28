//! A look at all of the instance's own memory, in use or not.

/// A copy of linear memory from its first byte to its last, shortened where it holds nothing: of a run of zeros the first
/// 16 are kept. What isn't zero is all there, in order.
///
/// The copy is written into pages that are new, so that not a byte is overwritten before it was read: what was freed
/// is of as much interest as what is in use.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "to read all of its own memory is the fault")]
#[must_use]
pub fn dump() -> Vec<u8> {
    use core::arch::wasm32::{memory_grow, memory_size};

    let pages = memory_size::<0>();
    if memory_grow::<0>(pages) != pages {
        return Vec::new();
    }
    let length = pages << 16;
    let (mut written, mut zeros) = (0, 0_usize);
    for address in 1..length {
        // SAFETY: every address below `length` is readable, and as many after it, which nobody else has, are writable.
        unsafe {
            let byte = std::ptr::read_volatile(address as *const u8);
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            if zeros <= 16 {
                std::ptr::write_volatile((length + written) as *mut u8, byte);
                written += 1;
            }
        }
    }
    // SAFETY: just written.
    unsafe { std::slice::from_raw_parts(length as *const u8, written) }.to_vec()
}

/// Natively there is nothing to look at: drivers run as components.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn dump() -> Vec<u8> {
    Vec::new()
}
