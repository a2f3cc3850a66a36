import { expect, test } from "vitest";
import { scrubSecrets } from "../src/scrub-secrets.ts";

const TOKEN = "q7Zr0w/kV2mB+";

test.each([
  [`at ${TOKEN} and ${TOKEN}`, "at [hidden] and [hidden]"],
  [`by ${encodeURIComponent(TOKEN)}.`, "by [hidden]."],
  ["GET /a?t=3&token=abc&x=1", "GET /a?t=3&token=[hidden]&x=1"],
  ["sig=0aF-_.;exp=3", "sig=[hidden];exp=3"],
  ['{"password":"a b","user":"c"}', '{"password":"[hidden] b","user":"c"}'],
  ['{\\"token\\":\\"abc\\"}', '{\\"token\\":\\"[hidden]\\"}'],
  ["Authorization: Bearer abc.def", "Authorization: Bearer [hidden]"],
  ["authorization=Basic dTpw", "authorization=Basic [hidden]"],
  ["sent bearer abc", "sent Bearer [hidden]"],
  ["socks5://ann:secret@proxy:1080 refused", "socks5://[hidden]@proxy:1080 refused"],
  [`http://t.example/${"0a".repeat(16)}/announce`, "http://t.example/[hidden]/announce"],
  ["http://t.example/announce?passkey=abc", "http://t.example/announce?passkey=[hidden]"],
  ["cookie riptide_token=abc; a=b", "cookie riptide_token=[hidden]; a=b"],
])("%j is written as %j", (line, clean) => {
  expect(scrubSecrets(line, [TOKEN, "ab"])).toBe(clean);
});

test.each([
  "The token is short enough to be guessed: openssl rand -hex 16 makes a good one.",
  "The body of GET /stream/0123456789abcdef0123456789abcdef01234567/0/direct broke off",
  "http://127.0.0.1:8888/ and ::1",
  "a design: signals and tokens",
])("%j has nothing to hide", (line) => {
  expect(scrubSecrets(line, [TOKEN])).toBe(line);
});

test("a long line of a stranger takes no time", () => {
  const startMs = performance.now();
  for (const part of ["//a:", "token=", "authorization: ", "bearer ", "/0a"])
    scrubSecrets(part.repeat(20_000), [TOKEN]);
  expect(performance.now() - startMs).toBeLessThan(2_000);
});
