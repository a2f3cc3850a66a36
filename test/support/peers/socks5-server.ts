import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Socks5Proxy } from "@riptide/swarm";

export interface TestSocks5Server extends AsyncDisposable {
  /** How it is reached, with the login that it wants. */
  readonly proxy: Socks5Proxy;
  /** `HOST:PORT` of every request, as they came. */
  readonly requests: readonly string[];
  /** Logins that it did not take. */
  readonly refusedLogins: () => number;
}

export interface Socks5ServerOptions {
  /** The whole internet that lies behind it: `HOST:PORT`, where the host may be a name, → port on 127.0.0.1. */
  readonly routes: () => Readonly<Record<string, number>>;
  readonly login?: Socks5Proxy["login"];
  /** Whether it passes on datagrams. */
  readonly relays?: boolean;
}

/** A proxy of RFC 1928 and 1929 that leads nowhere but where the test says. */
export async function startSocks5Server({
  routes,
  login,
  relays = false,
}: Socks5ServerOptions): Promise<TestSocks5Server> {
  const requests: string[] = [];
  let refusedLogins = 0;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  };
  const serve = async (socket: Socket): Promise<void> => {
    const read = readerOf(socket);
    const [, methodCount = 0] = await read(2);
    const methods = await read(methodCount);
    const wanted = login === undefined ? 0 : 2;
    if (!methods.includes(wanted)) return void socket.end(Uint8Array.of(5, 0xff));
    socket.write(Uint8Array.of(5, wanted));
    if (login !== undefined) {
      const [, nameLength = 0] = await read(2);
      const username = (await read(nameLength)).toString();
      const password = (await read((await read(1))[0]!)).toString();
      const isRight = username === login.username && password === login.password;
      socket.write(Uint8Array.of(1, isRight ? 0 : 1));
      if (!isRight) {
        refusedLogins += 1;
        return void socket.end();
      }
    }
    const [, command, , type] = await read(4);
    const host =
      type === 3 ? (await read((await read(1))[0]!)).toString() : await readAddress(read, type === 4 ? 16 : 4);
    const port = (await read(2)).readUInt16BE();
    if (command === 3) return relays ? await relayDatagrams(socket, routes, requests) : void socket.end(reply(7));
    requests.push(`${host}:${port}`);
    const route = routes()[`${host}:${port}`];
    if (route === undefined) return void socket.end(reply(4));
    const beyond = keep(connect(route, "127.0.0.1"));
    await once(beyond, "connect");
    socket.write(reply(0));
    socket.pipe(beyond).pipe(socket);
    socket.on("close", () => beyond.destroy());
    beyond.on("close", () => socket.destroy());
  };
  const server = createServer((socket) => void serve(keep(socket)).catch(() => socket.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    proxy: { host: "127.0.0.1", port, login },
    requests,
    refusedLogins: () => refusedLogins,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** RFC 1928 §7, for as long as the connection stands. Answers come as from 192.0.2.1:80. */
async function relayDatagrams(
  control: Socket,
  routes: Socks5ServerOptions["routes"],
  requests: string[],
): Promise<void> {
  const relay = createSocket("udp4");
  const beyond = createSocket("udp4");
  let clientPort = 0;
  relay.on("message", (datagram, client) => {
    clientPort = client.port;
    const isName = datagram[3] === 3;
    const end = isName ? 5 + datagram[4]! : 8;
    const host = isName ? datagram.subarray(5, end).toString() : datagram.subarray(4, end).join(".");
    const target = `${host}:${datagram.readUInt16BE(end)}`;
    requests.push(`UDP ${target}`);
    const route = routes()[target];
    if (route !== undefined) beyond.send(datagram.subarray(end + 2), route, "127.0.0.1");
  });
  beyond.on("message", (answer) => {
    relay.send(Buffer.concat([Uint8Array.of(0, 0, 0, 1, 192, 0, 2, 1, 0, 80), answer]), clientPort, "127.0.0.1");
  });
  control.on("close", () => {
    relay.close();
    beyond.close();
  });
  relay.bind(0, "127.0.0.1");
  await once(relay, "listening");
  const { port } = relay.address();
  control.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, port >>> 8, port & 255));
}

/** RFC 1928 §6. */
function reply(code: number): Uint8Array {
  return Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
}

type Read = (count: number) => Promise<Buffer>;

function readerOf(socket: Socket): Read {
  return async (count) => {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      const bytes: Buffer | null = socket.read(count);
      if (bytes !== null) return bytes;
      if (socket.readableEnded || socket.destroyed) throw new Error("The client is gone");
      await new Promise<void>((resolve) => {
        const go = (): void => {
          socket.off("readable", go).off("close", go);
          resolve();
        };
        socket.on("readable", go).on("close", go);
      });
    }
  };
}

async function readAddress(read: Read, byteCount: number): Promise<string> {
  const bytes = await read(byteCount);
  return byteCount === 4 ? bytes.join(".") : `[${bytes.toString("hex")}]`;
}
