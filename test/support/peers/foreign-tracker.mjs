// A tracker on loopback, of the WebTorrent project. usage: foreign-tracker.mjs MODULE. Prints its ports, {"http", "udp"}.
import { once } from "node:events";

const { default: Server } = await import(process.argv[2]);
const tracker = new Server({ http: true, udp: true, ws: false, stats: false });
// A machine may have no IPv6, which it does not expect.
tracker.udp6.close();
tracker.udp6 = null;
tracker.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
tracker.listen(0, "127.0.0.1");
await Promise.all([once(tracker.http, "listening"), once(tracker.udp, "listening")]);
console.log(JSON.stringify({ http: tracker.http.address().port, udp: tracker.udp.address().port }));
process.stdin.on("end", () => process.exit(0)).resume();
