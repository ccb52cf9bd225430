/**
 * The parts of a component, as its template names them.
 *
 * @param {ParentNode} root
 * @param {string} name
 * @returns {HTMLElement}
 */
export function part(root, name) {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (!(found instanceof HTMLElement)) throw new Error(`the template has no part ${name}`);
  return found;
}

/** A copy of what a `<template>` of the page holds. @param {string} id @returns {HTMLElement | SVGElement} */
export function stamp(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (document.importNode(/** @type {Element} */ (template.content.firstElementChild), true));
}
