import { assert, property, string, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { descriptionOf } from "../../../../test/support/peers/router.ts";
import { parseRoutes } from "../../src/port-mapping/default-gateway.ts";
import { natPmp, pcp } from "../../src/port-mapping/gateway-packets.ts";
import { parseDescription } from "../../src/port-mapping/map-by-upnp.ts";
import { MappingError } from "../../src/port-mapping/port-mapper.ts";
import { parseSsdpAnswer } from "../../src/port-mapping/ssdp.ts";
import { CPU_LIMIT_MS, fastestCpuMs } from "../metainfo/cpu-time.ts";

const LOCATION = new URL("http://192.168.1.1:5000/desc.xml");
const ROUTES = [
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
  "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0",
  "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
  "eth1\t00000000\tFE00000A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
  "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
].join("\n");

/** What a device answers to a search. */
function answer(...lines: string[]): Uint8Array {
  return Buffer.from(["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n"));
}

/** Bytes in hex, as the RFCs draw them. */
function hex(...words: string[]): string {
  return words.join("");
}

describe("the answer of a gateway", () => {
  const nonce = new Uint8Array(12).fill(7);
  const request = { port: 6_881, lifetimeSeconds: 7_200, clientHost: "192.168.1.9" };

  it("is asked for as RFC 6886 and RFC 6887 say", () => {
    expect(Buffer.from(natPmp.encode(request)).toString("hex")).toBe(hex("00020000", "1ae11ae1", "00001c20"));
    expect(Buffer.from(natPmp.encode({ ...request, lifetimeSeconds: 0 })).toString("hex")).toBe(
      "000200001ae1000000000000",
    );
    const mapping = hex("07".repeat(12), "06000000", "1ae11ae1", "00000000000000000000ffff00000000");
    expect(Buffer.from(pcp(nonce).encode(request)).toString("hex")).toBe(
      hex("02010000", "00001c20", "00000000000000000000ffffc0a80109", mapping),
    );
  });

  it("counts only if it is for this port, and for this mapping", () => {
    const good = Buffer.from(pcp(nonce).encode(request));
    good[1] = 129;
    expect(pcp(nonce).isAnswer(good, 6_881)).toBe(true);
    expect(pcp(nonce).isAnswer(good, 6_882)).toBe(false);
    expect(pcp(new Uint8Array(12)).isAnswer(good, 6_881)).toBe(false);
    expect(pcp(nonce).isAnswer(good.subarray(0, 59), 6_881)).toBe(false);
    good[3] = 8;
    expect(() => pcp(nonce).decode(good)).toThrow(MappingError);
    const refusal = Uint8Array.of(0, 130, 0, 3, 0, 0, 0, 0);
    expect(natPmp.isAnswer(refusal, 6_881)).toBe(true);
    expect(() => natPmp.decode(refusal)).toThrow("the router answers 3 by NAT-PMP");
  });

  it("never does harm, whatever its bytes", () => {
    assert(
      property(uint8Array({ maxLength: 80 }), (datagram) => {
        for (const protocol of [natPmp, pcp(nonce)]) {
          if (!protocol.isAnswer(datagram, 6_881)) continue;
          expect(() => {
            try {
              protocol.decode(datagram);
            } catch (error) {
              if (!(error instanceof MappingError)) throw error;
            }
          }).not.toThrow();
        }
      }),
    );
  });
});

describe("the answer of a device", () => {
  it("says where its description is", () => {
    const located = parseSsdpAnswer(answer("ST: a", "LOCATION:  http://192.168.1.1:5000/desc.xml"), "192.168.1.1");
    expect(located?.href).toBe(LOCATION.href);
  });

  it.each([
    ["on another machine", answer("LOCATION: http://192.168.1.2/desc.xml")],
    ["under a name", answer("LOCATION: http://router.local/desc.xml")],
    ["on this machine", answer("LOCATION: http://127.0.0.1/desc.xml")],
    ["by another protocol", answer("LOCATION: https://192.168.1.1/desc.xml")],
    ["with a password", answer("LOCATION: http://a:b@192.168.1.1/desc.xml")],
    ["nowhere", answer("ST: a")],
    ["at the end of a long way", answer(`LOCATION: http://192.168.1.1/${"a".repeat(600)}`)],
    ["in a frame of an unusual size", answer(`X: ${"a".repeat(1_500)}`, "LOCATION: http://192.168.1.1/")],
    ["and is none", Buffer.from("NOTIFY * HTTP/1.1\r\nLOCATION: http://192.168.1.1/\r\n\r\n")],
  ])("is not taken when that is %s", (_what, datagram) => {
    expect(parseSsdpAnswer(datagram, "192.168.1.1")).toBeUndefined();
  });

  it("never throws, whatever it is", () => {
    assert(
      property(uint8Array(), string(), (bytes, line) => {
        parseSsdpAnswer(bytes, "192.168.1.1");
        expect(parseSsdpAnswer(answer(`LOCATION: ${line}`), "192.168.1.1")?.hostname ?? "192.168.1.1").toBe(
          "192.168.1.1",
        );
      }),
    );
  });
});

describe("the description of a router", () => {
  it.each(["/control", "http://192.168.1.1:5000/control", "control"])("says that orders go to %s", (url) => {
    expect(parseDescription(descriptionOf(url), LOCATION)).toEqual({
      url: new URL("http://192.168.1.1:5000/control"),
      serviceType: "urn:schemas-upnp-org:service:WANIPConnection:1",
    });
  });

  it.each(["http://192.168.1.2/control", "//10.0.0.1/control", "https://192.168.1.1/", "http://[::1]/", ""])(
    "does not send orders to %j",
    (url) => {
      expect(parseDescription(descriptionOf(url), LOCATION)).toBeUndefined();
    },
  );

  it("is read in no time, however it is made", () => {
    const texts = [
      "<service>".repeat(30_000),
      `<service><serviceType>${" ".repeat(260_000)}`,
      `<service><controlURL>${"a".repeat(260_000)}`,
      descriptionOf("/control").repeat(600).replaceAll("WANIP", "LANIP"),
    ];
    for (const text of texts) {
      expect(fastestCpuMs(() => void parseDescription(text, LOCATION))).toBeLessThan(CPU_LIMIT_MS);
      expect(parseDescription(text, LOCATION)).toBeUndefined();
    }
  });
});

describe("the routes of Linux", () => {
  it.each([
    [undefined, "192.168.1.1"],
    ["eth1", "10.0.0.254"],
    ["tun0", undefined],
    ["wlan0", undefined],
  ])("lead out by %s through %s", (interfaceName, gateway) => {
    expect(parseRoutes(ROUTES, interfaceName)).toBe(gateway);
  });

  it.each(["", "nonsense", ROUTES.replaceAll(/C0|FE/g, "??")])("lead nowhere when they say %j", (table) => {
    expect(parseRoutes(table, undefined)).toBeUndefined();
  });
});
