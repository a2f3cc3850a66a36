// The licences of other people's code that is passed on with the program and the page.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** What the page is built with: its build does not tell. */
const PAGE_DEPENDENCIES = Object.keys(
  JSON.parse(readFileSync(`${root}packages/web/package.json`, "utf8")).dependencies ?? {},
)
  .filter((name) => !name.startsWith("@riptide/"))
  .map((name) => `${root}node_modules/${name}`);

/** `modules` are paths of files in node_modules. Throws if a package says nothing about its licence. */
export function writeLicenses(path, modules) {
  const folders = new Set([...modules.map(packageFolder), ...PAGE_DEPENDENCIES]);
  writeFileSync(path, [...folders].map(licenseOf).join(`\n\n${"-".repeat(80)}\n\n`));
}

/** `…/node_modules/name` or `…/node_modules/@scope/name`. */
function packageFolder(module) {
  const match = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module);
  if (match === null) throw new Error(`${module} is in no package`);
  return match[0];
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry));
  if (license === undefined && file === undefined) throw new Error(`${name} names no licence`);
  const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8").trim();
  return `${name} ${version} (${license ?? "see below"})\n\n${text}`.trimEnd();
}
