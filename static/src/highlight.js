/** Colours for code, by highlight.js: its scopes as plain values, never as HTML. Loaded when the first code is whole. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
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
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = { bash, c, cpp, csharp, css, diff, dockerfile, go, graphql, ini, java, javascript, json, kotlin, latex, lua, makefile, markdown, nginx, perl, php, powershell, python, r, ruby, rust, sql, swift, typescript, xml, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** The kinds we have colours for, by the first word of a scope. */
const KINDS = /** @type {Record<string, string>} */ ({
  comment: "comment",
  quote: "comment",
  doctag: "comment",
  keyword: "keyword",
  literal: "keyword",
  meta: "keyword",
  "meta-keyword": "keyword",
  "selector-tag": "keyword",
  string: "string",
  regexp: "string",
  "meta-string": "string",
  char: "string",
  link: "string",
  code: "string",
  number: "number",
  symbol: "number",
  bullet: "number",
  built_in: "name",
  title: "name",
  function: "name",
  section: "name",
  name: "name",
  attr: "name",
  attribute: "name",
  property: "name",
  "selector-id": "name",
  "selector-class": "name",
  type: "type",
  class: "type",
  tag: "",
  variable: "type",
  "template-variable": "type",
  addition: "added",
  deletion: "removed",
});

/**
 * @typedef {string | {scope?: string, children: Scope[]}} Scope
 * @param {string} text @param {string} language as it was written
 * @returns {[string, string][] | null} kinds and texts, in order; nothing for a language we do not know
 */
export function colours(text, language) {
  if (!hljs.getLanguage(language)) return null;
  const result = hljs.highlight(text, { language, ignoreIllegals: true });
  const root = /** @type {any} */ (result)._emitter?.rootNode;
  if (result.illegal || result.errorRaised || !root) return null;
  /** @type {[string, string][]} */
  const parts = [];
  collect(root, "", parts);
  return parts.map(([, piece]) => piece).join("") === text ? parts : null;
}

/** @param {Scope} scope @param {string} kind @param {[string, string][]} parts */
function collect(scope, kind, parts) {
  if (typeof scope === "string") {
    if (scope) parts.push([kind, scope]);
    return;
  }
  const own = scope.scope?.split(".")[0];
  const inner = own === undefined ? kind : (KINDS[own] ?? kind);
  for (const child of scope.children) collect(child, inner, parts);
}
