import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietly, startCommandLine, urlOf } from "../support/command-line.ts";
import { expectRefusal } from "../support/refusal.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** The kernel's answer to a user without the right to low ports; whoever runs the tests may have it. */
const REFUSE_PORT_80 = `
  import net from "node:net";
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (options, ...rest) {
    if (options?.port !== 80) return listen.call(this, options, ...rest);
    const refused = Object.assign(new Error("listen EACCES: permission denied 127.0.0.1:80"), { code: "EACCES" });
    process.nextTick(() => this.emit("error", refused));
    return this;
  };
`;
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder("ports");
});
afterAll(() => folder[Symbol.asyncDispose]());

test("F22 a port in use is named, and nothing was begun", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sentence = new RegExp(
    `^Port ${port} on 127\\.0\\.0\\.1 is already in use: stop the program that holds it or choose`,
  );
  await expectRefusal(folder.path, ["demo", `--port=${port}`], sentence);
  server.close();
});

test("F22 a port for administrators is named, and a higher one advised", async () => {
  await expectRefusal(
    folder.path,
    ["demo", "--port=80"],
    "Port 80 on 127.0.0.1 may only be used by an administrator: choose a port above 1023.",
    { nodeWords: ["--import", `data:text/javascript,${encodeURIComponent(REFUSE_PORT_80)}`] },
  );
});

test("F22 port 0 is any free one, and the address says which", async () => {
  await using riptide = startCommandLine(quietly(folder.path));
  const url = await urlOf(riptide);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});
