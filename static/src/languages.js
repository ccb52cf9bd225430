/** The languages that code is coloured in. A grammar is made when code in it is met: to make all of them takes longer than most code. */
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import dos from "highlight.js/lib/languages/dos";
import go from "highlight.js/lib/languages/go";
import graphql from "highlight.js/lib/languages/graphql";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import latex from "highlight.js/lib/languages/latex";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import nginx from "highlight.js/lib/languages/nginx";
import perl from "highlight.js/lib/languages/perl";
import php from "highlight.js/lib/languages/php";
import powershell from "highlight.js/lib/languages/powershell";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

export const GRAMMARS = { bash, c, cpp, csharp, css, diff, dockerfile, dos, go, graphql, ini, java, javascript, json, kotlin, latex, lua, makefile, markdown, nginx, perl, php, powershell, python, r, ruby, rust, shell, sql, swift, typescript, xml, yaml };
/** What else they are called. */
const ALSO = {
  bash: "sh zsh",
  c: "h",
  cpp: "cc c++ h++ hpp hh hxx cxx",
  csharp: "cs c#",
  css: "scss less",
  diff: "patch",
  dockerfile: "docker",
  dos: "bat cmd batch",
  go: "golang",
  graphql: "gql",
  ini: "toml",
  java: "jsp",
  javascript: "js jsx mjs cjs",
  json: "jsonc json5 jsonl ndjson",
  kotlin: "kt kts ktm ktx",
  latex: "tex",
  lua: "pluto",
  makefile: "mk mak make",
  markdown: "md mkdown mkd",
  nginx: "nginxconf",
  perl: "pl pm",
  powershell: "pwsh ps ps1",
  python: "py python3 gyp ipython",
  ruby: "rb gemspec podspec thor irb",
  rust: "rs",
  shell: "console shellsession sh-session",
  sql: "postgresql postgres psql mysql sqlite",
  typescript: "ts tsx mts cts",
  xml: "html xhtml rss atom xjb xsd xsl plist wsf svg vue svelte",
  yaml: "yml",
};
/** What may stand within them. */
const WITHIN = /** @type {Record<string, string>} */ ({
  dockerfile: "bash",
  javascript: "css graphql xml",
  markdown: "xml",
  shell: "bash",
  typescript: "css graphql xml",
  xml: "css javascript",
  yaml: "ruby",
});

/** @type {Map<string, string>} */
const names = new Map(Object.keys(GRAMMARS).map((name) => [name, name]));
for (const [name, others] of Object.entries(ALSO)) for (const other of others.split(" ")) names.set(other, name);

/** Sees to it that this language is known there, and what may stand within it. @param {import("highlight.js").HLJSApi} hljs @param {string} language @returns {string} its first name; none where it cannot be */
export function learn(hljs, language) {
  const name = /** @type {keyof typeof GRAMMARS | undefined} */ (names.get(language.toLowerCase()));
  if (!name) return "";
  if (hljs.getLanguage(name)) return name;
  hljs.registerLanguage(name, GRAMMARS[name]);
  for (const inner of WITHIN[name]?.split(" ") ?? []) learn(hljs, inner);
  return name;
}
