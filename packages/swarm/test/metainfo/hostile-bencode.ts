/** Inputs that are small to send and would be large to decode. */
export const HOSTILE_BENCODE: readonly (readonly [title: string, input: Uint8Array])[] = [
  ["5 million lists in each other", Buffer.alloc(5_000_000, "l")],
  ["10 MB of lists in each other", Buffer.alloc(10_000_000, "l")],
  ["5 million dictionaries in each other", Buffer.alloc(10_000_000, "d0:")],
  ["10 MB and a byte", Buffer.alloc(10_000_001, "i")],
  ["5 million empty strings", Buffer.from(`l${"0:".repeat(4_999_998)}e`)],
  ["an integer of 10 MB", Buffer.from(`i${"1".repeat(9_999_998)}e`)],
];
