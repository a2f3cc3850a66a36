import { BencodeError, decodeBencode } from "../../src/metainfo/bencode.ts";
import { catchError } from "./catch-error.ts";
import { HOSTILE_BENCODE } from "./hostile-bencode.ts";

/** Decodes what is hostile in a process that the test gives little memory; says which inputs were refused. */
for (const [title, input] of HOSTILE_BENCODE) {
  if (catchError(() => decodeBencode(input)) instanceof BencodeError) process.stdout.write(`${title}\n`);
}
