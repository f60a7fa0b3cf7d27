// What is at a point: every object of the shown layers, its attributes with titles and units.

import { el, icon, ICONS } from "./dom.js";
import { formatted, number, t } from "./i18n.js";

/** @typedef {import("./map.js").Layer} Layer */

const MOST = 30;

/** @param {string} status */
export function badge(status) {
  return el("span", { class: `badge badge-${status}`, title: t(`status.${status}.help`) }, t(`status.${status}`));
}

export class IdentifyCard {
  /**
   * @param {import("./map.js").MapView} view
   * @param {Map<string, Layer>} layers
   * @param {Map<string, string>} areas titles by id
   * @param {() => void} onClose
   */
  constructor(view, layers, areas, onClose) {
    this.view = view;
    this.layers = layers;
    this.areas = areas;
    this.onClose = onClose;
    /** @type {any} */
    this.back = null;
    this.body = el("div", { class: "card-body" });
    const close = el("button", { type: "button", class: "icon-button", "aria-label": t("map.close"), title: t("map.close"), onclick: () => this.close() }, icon(ICONS.close));
    this.heading = el("h2", { class: "card-title", tabIndex: -1 }, t("map.identify"));
    this.element = el("section", { class: "identify", hidden: true, "aria-label": t("map.identify") }, el("header", { class: "card-head" }, this.heading, close), this.body);
    this.element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.close());
  }

  close() {
    if (this.element.hidden) return;
    const inside = this.element.contains(document.activeElement);
    this.element.hidden = true;
    this.view.mark(null);
    if (inside) this.back?.focus();
    this.onClose();
  }

  /** @param {any[]} features what lies at the point, the topmost first */
  open(features) {
    if (!this.element.contains(document.activeElement)) this.back = document.activeElement;
    this.element.hidden = false;
    this.element.dataset.hits = String(features.length);
    this.view.mark(null);
    if (!features.length) {
      this.body.replaceChildren(el("p", { class: "quiet", role: "status" }, t("map.identify_none")));
      return;
    }
    const hits = features.slice(0, MOST).map((feature, index) => this.#hit(feature, index === 0));
    const more = features.length - hits.length;
    this.body.replaceChildren(
      el("p", { class: "quiet", role: "status" }, t("map.identify_count", { count: number(features.length) })),
      ...hits,
      ...(more > 0 ? [el("p", { class: "quiet" }, t("map.identify_more", { count: number(more) }))] : []),
    );
    this.heading.focus({ preventScroll: true });
  }

  /**
   * @param {any} feature
   * @param {boolean} open
   */
  #hit(feature, open) {
    const layer = /** @type {Layer} */ (this.layers.get(feature.source));
    const status = feature.properties.status ?? layer.statuses[0];
    const attributes = el("div", { class: "attributes" }, this.#table(layer, feature.properties));
    const summary = el("summary", {}, el("span", { class: "hit-title" }, this.#title(layer, feature)), el("span", { class: "hit-layer" }, layer.title, " ", badge(status)));
    const links = el("p", { class: "hit-links" }, this.#link(layer, feature));
    const element = el("details", { class: "hit", name: "hit" }, summary, attributes, links);
    let read = false;
    element.addEventListener("toggle", () => {
      if (!element.open) return;
      this.view.mark(feature.geometry);
      if (!read) this.#complete(layer, feature, attributes);
      read = true;
    });
    element.open = open;
    return element;
  }

  /**
   * A tile holds only what drawing needs: the rest comes from the API.
   * @param {Layer} layer
   * @param {any} feature
   * @param {HTMLElement} attributes
   */
  async #complete(layer, feature, attributes) {
    if (feature.id === undefined) return;
    try {
      const answer = await fetch(`${layer.url}/items/${feature.id}?f=json`, { headers: { Accept: "application/geo+json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const whole = await answer.json();
      attributes.replaceChildren(this.#table(layer, whole.properties));
      attributes.dataset.complete = "true";
      if (attributes.closest("details")?.open && !this.element.hidden) this.view.mark(whole.geometry);
    } catch {
      attributes.append(el("p", { class: "quiet" }, t("map.identify_failed")));
    }
  }

  /**
   * @param {Layer} layer
   * @param {any} feature
   */
  #title(layer, feature) {
    const given = layer.titleField && feature.properties[layer.titleField];
    if (given) return String(given);
    const coded = layer.fields.filter((field) => field.name !== "status" && !Array.isArray(feature.properties[field.name]) && field.codes[feature.properties[field.name]]);
    if (!coded.length) return t("map.no_title");
    // One class is chosen for the whole map; what differs from object to object is the other code.
    const chosen = layer.selector?.field;
    const telling = coded.filter((field) => field.name !== chosen).slice(0, 1);
    const shown = [...coded.filter((field) => field.name === chosen), ...telling];
    return shown.map((field) => formatted(feature.properties[field.name], field)).join(": ");
  }

  /**
   * @param {Layer} layer
   * @param {Record<string, unknown>} properties
   */
  #table(layer, properties) {
    const rows = layer.fields
      .filter((field) => properties[field.name] !== undefined && properties[field.name] !== null && properties[field.name] !== "")
      .map((field) => {
        const value = properties[field.name];
        const area = field.name === "area" ? this.areas.get(String(value)) : undefined;
        const shown = field.name === "status" ? badge(String(value)) : (area ?? formatted(value, field));
        return el("div", { "data-field": field.name }, el("dt", {}, field.title), el("dd", {}, shown));
      });
    return el("dl", {}, ...rows);
  }

  /**
   * @param {Layer} layer
   * @param {any} feature
   */
  #link(layer, feature) {
    if (feature.id === undefined) return null;
    const query = new URLSearchParams(location.search);
    const language = query.get("lang");
    return el("a", { href: `${layer.url}/items/${feature.id}${language ? `?lang=${language}` : ""}` }, t("map.open_api"));
  }
}
