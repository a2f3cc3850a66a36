import { expect, test } from "vitest";
import { clientOfAddress } from "../../src/node/client-address.ts";

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:192.168.1.2", "192.168.1.2"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8::7", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:1:2:3:4", "2001:db8:0:0::/64"],
  ["2001:0DB8:0000:0001::", "2001:db8:0:1::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["2001:db8:1:2:3:4:5::", "2001:db8:1:2::/64"],
])("%s counts as %s", (address, client) => {
  expect(clientOfAddress(address)).toBe(client);
});
