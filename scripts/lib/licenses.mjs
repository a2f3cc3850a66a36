// The licences of other people's code that is passed on with the program and the page.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** `modules` are paths of files in node_modules. Throws if a package says nothing about its licence, or has one that ours is not enough for. */
export function writeLicenses(path, modules) {
  const folders = new Set([...modules.map(packageFolder), ...pageDependencies()]);
  writeFileSync(path, [...folders].map(licenseOf).join(`\n\n${"-".repeat(80)}\n\n`));
}

/** The page is built without it (packages/web/vite.config.ts), because of its licence. */
const LEFT_OUT = ["rvfc-polyfill"];

/** What the page is built with, and what that needs in turn: its build does not tell. */
function pageDependencies() {
  const folders = new Set(dependenciesOf(`${root}packages/web`));
  for (const folder of folders) for (const needed of dependenciesOf(folder)) folders.add(needed);
  return folders;
}

function dependenciesOf(folder) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.keys(dependencies)
    .filter((name) => !name.startsWith("@riptide/") && !LEFT_OUT.includes(name))
    .map((name) => [join(folder, "node_modules", name), `${root}node_modules/${name}`].find(existsSync))
    .filter((found) => found !== undefined);
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
  if (/^A?GPL/.test(license)) throw new Error(`${name} is under ${license}, which the whole would have to be, too`);
  const files = [file, ...compiledIn(folder)].filter((path) => path !== undefined);
  const text = files.map((path) => readFileSync(join(folder, path), "utf8").trim()).join("\n\n");
  return `${name} ${version} (${license ?? "see below"})\n\n${text}`.trimEnd();
}

/** The licences of what a package holds of others as machine code. */
function compiledIn(folder) {
  const libraries = existsSync(join(folder, "deps")) ? readdirSync(join(folder, "deps")) : [];
  return libraries.map((name) => join("deps", name, "LICENSE")).filter((path) => existsSync(join(folder, path)));
}
