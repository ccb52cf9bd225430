/**
 * Builds what the browser loads, from static/src to static/dist: the page's script and styles, and one sprite of icons.
 *
 * Entries keep their names (Django's manifest hashes them); what they load gets its hash here.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { ICONS } from "./src/icons.js";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const watching = process.argv.includes("--watch");

/** What the parser brings along and we have smaller. @type {esbuild.Plugin} */
const smaller = {
  name: "smaller",
  setup(build) {
    const ours = /** @type {Record<string, string>} */ ({ entities: "entities.js", "linkify-it": "no-linkify.js" });
    build.onResolve({ filter: /^(entities|linkify-it)$/ }, ({ path }) => ({ path: join(here, "src", ours[path]) }));
  },
};

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: here,
  entryPoints: ["src/app.js", "src/app.css", "src/admin.css", "src/maths.css"],
  outdir: dist,
  bundle: true,
  plugins: [smaller],
  format: "esm",
  splitting: true,
  entryNames: "[name]",
  chunkNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  // Every browser we serve reads woff2.
  loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
  target: ["chrome123", "firefox121", "safari17.5"],
  minify: !watching,
  sourcemap: watching ? "linked" : false,
  logLevel: watching ? "info" : "warning",
};

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
if (watching) await (await esbuild.context(options)).watch();
else await esbuild.build(options);
