import type { Random } from "@riptide/sim";

/** Lengths and numbers that parsers stumble over. */
const NASTY_WORDS = [
  0,
  1,
  2,
  8,
  9,
  13,
  16_384,
  16_393,
  16_394,
  2 ** 21,
  2 ** 21 + 1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

type Mutation = (random: Random, message: Buffer) => readonly Uint8Array[];

const MUTATIONS: readonly Mutation[] = [
  // One to three bits.
  (random, message) => {
    for (let flips = random.int(1, 4); flips > 0 && message.length > 0; flips -= 1) {
      message[random.int(0, message.length)]! ^= 1 << random.int(0, 8);
    }
    return [message];
  },
  // Cut short: what follows is read as its rest.
  (random, message) => [message.subarray(0, random.int(0, message.length + 1))],
  // The length prefix lies.
  (random, message) => {
    if (message.length >= 4) message.writeUInt32BE(random.pick(NASTY_WORDS));
    return [message];
  },
  // A number in the body does.
  (random, message) => {
    if (message.length >= 9) message.writeUInt32BE(random.pick(NASTY_WORDS), random.int(5, message.length - 3));
    return [message];
  },
  // Another message than it says.
  (random, message) => {
    if (message.length >= 5) message[4] = random.int(0, 24);
    return [message];
  },
  (_random, message) => [message, message],
  () => [],
  (random, message) => [message, random.bytes(random.int(1, 100))],
  (random, message) => {
    const at = random.int(0, message.length + 1);
    return [message.subarray(0, at), random.bytes(random.int(1, 20)), message.subarray(at)];
  },
];

/** Makes one message wrong in one of many ways. */
export function mutate(random: Random, message: Uint8Array): Buffer {
  return Buffer.concat(random.pick(MUTATIONS)(random, Buffer.from(message)));
}

/** The same bytes as reads may cut them: byte by byte, in a few cuts, or not at all. */
export function cut(random: Random, bytes: Uint8Array): Uint8Array[] {
  if (bytes.length < 64 && random.int(0, 4) === 0) return Array.from(bytes, (byte) => Uint8Array.of(byte));
  const cuts = Array.from({ length: random.int(0, 5) }, () => random.int(0, bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length));
}
