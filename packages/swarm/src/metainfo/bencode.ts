/** A byte string (a view of the input), an integer, a list, or a dictionary whose keys are bytes spelled as latin1. */
export type BencodeValue = Uint8Array | number | readonly BencodeValue[] | BencodeDictionary;

/** A `Map`, so that a key such as `__proto__` is only a key. */
export type BencodeDictionary = ReadonlyMap<string, BencodeValue>;

/** What `encodeBencode` takes. Strings become UTF-8; dictionary keys are bytes spelled as latin1. */
export type BencodeInput =
  | Uint8Array
  | number
  | string
  | readonly BencodeInput[]
  | ReadonlyMap<string, BencodeInput>
  | { readonly [key: string]: BencodeInput };

/** Bounds of one decoding. Callers who know that their messages are small pass tighter ones. */
export interface BencodeLimits {
  readonly maxInputBytes: number;
  readonly maxDepth: number;
  readonly maxTokens: number;
}

/** What libtorrent allows a .torrent file: 10 MB is a film library of 500,000 pieces; nobody nests 100 levels. */
const DEFAULT_BENCODE_LIMITS: BencodeLimits = {
  maxInputBytes: 10_000_000,
  maxDepth: 100,
  maxTokens: 3_000_000,
};

/** Bytes that are not strict bencoding (BEP 3), or that pass a limit. Callers map it to an error of their own. */
export class BencodeError extends Error {
  override readonly name = "BencodeError";
}

/**
 * Decodes one value that fills `bytes`. Integers and string lengths must be canonical and safe (no `i-0e`, `i03e`, `03:abc`);
 * dictionary keys must be unique, but need not be sorted: old encoders do not sort. Throws `BencodeError`.
 */
export function decodeBencode(bytes: Uint8Array, limits: Partial<BencodeLimits> = {}): BencodeValue {
  const { value, length } = decodeBencodePrefix(bytes, limits);
  if (length !== bytes.length) throw new BencodeError(`${bytes.length - length} bytes follow the value`);
  return value;
}

/** Decodes the value at the start of `bytes` and says where it ends: BEP 9 data messages go on with raw bytes. */
export function decodeBencodePrefix(
  bytes: Uint8Array,
  limits: Partial<BencodeLimits> = {},
): { readonly value: BencodeValue; readonly length: number } {
  const decoder = new Decoder(bytes, { ...DEFAULT_BENCODE_LIMITS, ...limits });
  const value = decoder.readValue();
  return { value, length: decoder.position };
}

/** One entry of a dictionary with the very bytes that spell its value. */
export interface RawBencodeEntry {
  readonly value: BencodeValue;
  readonly raw: Uint8Array;
}

/**
 * Decodes the dictionary at the start of `bytes`, keeping the raw span of each of its values: an info hash is the hash of the bytes as they
 * came, which encoding again would not always give back.
 */
export function decodeBencodeEntries(
  bytes: Uint8Array,
  limits: Partial<BencodeLimits> = {},
): { readonly entries: ReadonlyMap<string, RawBencodeEntry>; readonly length: number } {
  const decoder = new Decoder(bytes, { ...DEFAULT_BENCODE_LIMITS, ...limits });
  const entries = decoder.readEntries();
  return { entries, length: decoder.position };
}

/** Encodes canonically: keys sorted as raw bytes, integers without padding. Throws `TypeError` for what has no encoding. */
export function encodeBencode(value: BencodeInput): Uint8Array {
  const parts: Uint8Array[] = [];
  writeValue(value, parts);
  return new Uint8Array(Buffer.concat(parts));
}

const COLON = 0x3a;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const LETTER_I = 0x69;
const LETTER_L = 0x6c;
const MINUS = 0x2d;

/** What may stand next inside an open list or dictionary. */
const LIST_ITEM = 0;
const DICTIONARY_KEY = 1;
const DICTIONARY_VALUE = 2;

/**
 * Two passes: `skim` checks grammar and limits without recursion or allocation, so that hostile input costs next to nothing;
 * only what passed is built, recursively, at most `maxDepth` deep.
 */
class Decoder {
  position = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array, limits: BencodeLimits) {
    if (bytes.length > limits.maxInputBytes) {
      throw new BencodeError(`${bytes.length} bytes are more than the ${limits.maxInputBytes} allowed`);
    }
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#skim(limits);
    this.position = 0;
  }

  readValue(): BencodeValue {
    switch (this.#bytes[this.position] ?? 0) {
      case LETTER_I:
        return this.#readInteger();
      case LETTER_L:
        return this.#readList();
      case LETTER_D:
        return this.#readDictionary();
      default:
        return this.#slice(this.#skipString());
    }
  }

  readEntries(): Map<string, RawBencodeEntry> {
    if (this.#bytes[this.position] !== LETTER_D) throw this.#error("a dictionary was expected");
    this.position += 1;
    const entries = new Map<string, RawBencodeEntry>();
    while (!this.#takeEnd()) {
      const key = this.#readKey(entries);
      const start = this.position;
      const value = this.readValue();
      entries.set(key, { value, raw: this.#slice(start) });
    }
    return entries;
  }

  #skim(limits: BencodeLimits): void {
    const open: number[] = [];
    let tokens = 0;
    do {
      const innermost = open.length - 1;
      if (innermost >= 0 && open[innermost] !== DICTIONARY_VALUE && this.#takeEnd()) {
        open.pop();
        continue;
      }
      tokens += 1;
      if (tokens > limits.maxTokens) throw this.#error(`there are more than ${limits.maxTokens} tokens`);
      if (open[innermost] === DICTIONARY_KEY) {
        this.#skipString();
        open[innermost] = DICTIONARY_VALUE;
        continue;
      }
      if (open[innermost] === DICTIONARY_VALUE) open[innermost] = DICTIONARY_KEY;
      const first = this.#bytes[this.position];
      if (first === LETTER_L || first === LETTER_D) {
        if (open.length >= limits.maxDepth) throw this.#error(`more than ${limits.maxDepth} levels are nested`);
        open.push(first === LETTER_L ? LIST_ITEM : DICTIONARY_KEY);
        this.position += 1;
      } else if (first === LETTER_I) {
        this.#readInteger();
      } else {
        this.#skipString();
      }
    } while (open.length > 0);
  }

  #readList(): BencodeValue[] {
    this.position += 1;
    const list: BencodeValue[] = [];
    while (!this.#takeEnd()) list.push(this.readValue());
    return list;
  }

  #readDictionary(): BencodeDictionary {
    this.position += 1;
    const dictionary = new Map<string, BencodeValue>();
    while (!this.#takeEnd()) {
      const key = this.#readKey(dictionary);
      dictionary.set(key, this.readValue());
    }
    return dictionary;
  }

  #readKey(seen: ReadonlyMap<string, unknown>): string {
    const start = this.#skipString();
    const key = this.#bytes.toString("latin1", start, this.position);
    if (seen.has(key)) throw this.#error("a dictionary key occurs twice");
    return key;
  }

  /** Moves behind a string and returns where its bytes start. */
  #skipString(): number {
    const length = this.#readDigits(COLON);
    const start = this.position;
    // Compared before anything is allocated: `9999999999:` costs nothing.
    if (length > this.#bytes.length - start) throw this.#error("a string is longer than the input");
    this.position = start + length;
    return start;
  }

  #readInteger(): number {
    this.position += 1;
    const negative = this.#bytes[this.position] === MINUS;
    if (negative) this.position += 1;
    const magnitude = this.#readDigits(LETTER_E);
    if (negative && magnitude === 0) throw this.#error("negative zero is no integer");
    return negative ? -magnitude : magnitude;
  }

  /** BEP 3: "All encodings with a leading zero, such as i03e, are invalid"; past 2^53 - 1 is refused rather than rounded. */
  #readDigits(terminator: number): number {
    const start = this.position;
    let value = 0;
    for (;;) {
      const byte = this.#bytes[this.position];
      if (byte === undefined) throw this.#error("the input ends inside a value");
      if (byte === terminator) break;
      if (byte < DIGIT_0 || byte > DIGIT_9) throw this.#error("a digit was expected");
      value = value * 10 + (byte - DIGIT_0);
      if (value > Number.MAX_SAFE_INTEGER) throw this.#error("a number is too large");
      this.position += 1;
    }
    const digits = this.position - start;
    if (digits === 0) throw this.#error("a number has no digits");
    if (digits > 1 && this.#bytes[start] === DIGIT_0) throw this.#error("a number has leading zeros");
    this.position += 1;
    return value;
  }

  #takeEnd(): boolean {
    if (this.#bytes[this.position] !== LETTER_E) return false;
    this.position += 1;
    return true;
  }

  /** A plain `Uint8Array`: views that leave this file must not print or compare like a `Buffer`. */
  #slice(start: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, this.position - start);
  }

  #error(what: string): BencodeError {
    return new BencodeError(`${what} (at byte ${this.position})`);
  }
}

function writeValue(value: BencodeInput, parts: Uint8Array[]): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`bencoding has no number ${value}`);
    // `+ 0` turns -0 into 0.
    parts.push(Buffer.from(`i${value + 0}e`));
  } else if (typeof value === "string") {
    writeString(Buffer.from(value, "utf8"), parts);
  } else if (value instanceof Uint8Array) {
    writeString(value, parts);
  } else if (isList(value)) {
    parts.push(Buffer.from("l"));
    for (const item of value) writeValue(item, parts);
    parts.push(Buffer.from("e"));
  } else {
    writeDictionary(value instanceof Map ? value.entries() : Object.entries(value), parts);
  }
}

function isList(value: BencodeInput): value is readonly BencodeInput[] {
  return Array.isArray(value);
}

function writeString(bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(Buffer.from(`${bytes.length}:`), bytes);
}

/** BEP 3: "Keys must be strings and appear in sorted order (sorted as raw strings, not alphanumerics)". */
function writeDictionary(entries: Iterable<[string, BencodeInput]>, parts: Uint8Array[]): void {
  // Each UTF-16 unit of a latin1 key is one byte, so comparing units compares bytes.
  const sorted = [...entries].sort(([left], [right]) => (left < right ? -1 : 1));
  parts.push(Buffer.from("d"));
  for (const [key, value] of sorted) {
    const bytes = Buffer.from(key, "latin1");
    if (bytes.toString("latin1") !== key) throw new TypeError("a dictionary key is bytes spelled as latin1");
    writeString(bytes, parts);
    writeValue(value, parts);
  }
  parts.push(Buffer.from("e"));
}
