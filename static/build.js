/**
 * Builds what the browser loads, from static/src to static/dist: the page's script and styles, and one sprite of icons.
 *
 * Entries keep their names (Django's manifest hashes them); what they load gets its hash here.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";
import { here, options } from "./options.js";
import { ICONS } from "./src/icons.js";

const dist = join(here, "dist");
const watching = process.argv.includes("--watch");

/** @type {import("./options.js").BuildOptions} */
const ours = watching ? { ...options, minify: false, sourcemap: "linked", logLevel: "info" } : options;

/** One `<symbol>` per icon. Strokes do not scale, so that they are 1.5 px at any size. */
async function sprite() {
  const icons = dirname(createRequire(import.meta.url).resolve("lucide-static/icons/x.svg"));
  const symbols = await Promise.all(ICONS.map(async (name) => symbol(name, await readFile(join(icons, `${name}.svg`), "utf8"))));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
  await writeFile(join(dist, "sprite.svg"), svg);
}

/** @param {string} name @param {string} source */
function symbol(name, source) {
  const shapes = source.slice(source.indexOf(">", source.indexOf("<svg")) + 1, source.lastIndexOf("</svg>"));
  const fixed = shapes.replaceAll(/\s*\n\s*/g, "").replaceAll(/<(path|rect|circle|line|polyline|polygon|ellipse) /g, '<$1 vector-effect="non-scaling-stroke" ');
  return `<symbol id="${name}" viewBox="0 0 24 24">${fixed}</symbol>`;
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await sprite();
if (watching) await (await esbuild.context(ours)).watch();
else await esbuild.build(ours);
