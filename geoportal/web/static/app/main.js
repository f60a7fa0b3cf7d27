// The map page: reads the catalogue, puts panel, map and card together, keeps the address current.

import { el, icon, ICONS } from "./dom.js";
import { t, useTexts } from "./i18n.js";
import { IdentifyCard } from "./identify.js";
import { firstZoom, loadFonts, MapView } from "./map.js";
import { readState, writeState } from "./state.js";
import { Panel } from "./tree.js";

/** @typedef {import("./map.js").Layer} Layer */
/** @typedef {import("./tree.js").Area} Area */

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const testing = new URLSearchParams(location.search).get("test") === "1";
const narrow = matchMedia("(max-width: 45rem)");

/** @param {string} words */
function tell(words) {
  const message = /** @type {HTMLElement} */ (document.getElementById("map-message"));
  message.firstChild?.replaceWith(document.createTextNode(`${words} `));
  message.hidden = false;
  message.querySelector("a")?.removeAttribute("hidden");
  app.dataset.mapState = "failed";
}

class MapPage {
  /** @param {any} catalogue */
  constructor(catalogue) {
    /** @type {Layer[]} */
    this.layers = catalogue.themes.flatMap((/** @type {any} */ theme) => theme.layers);
    this.byId = new Map(this.layers.map((layer) => [layer.id, layer]));
    /** @type {Area[]} */
    this.areas = catalogue.areas;
    /** @type {Record<string, string>} */
    this.chosen = {};
    /** @type {Set<string>} */
    this.shown = new Set();
    this.canvas = el("div", { class: "map-canvas" });
    this.view = new MapView(this.canvas, this.layers);
    this.panel = new Panel(catalogue.themes, this.areas, {
      toggle: (layer, on) => this.#toggle(layer, on),
      choose: (layer, value) => this.#choose(layer, value),
      zoomTo: (layer) => layer.bbox && this.view.fit(layer.bbox),
      zoomIn: (layer) => this.#zoomIn(layer),
      jump: (area) => this.#jump(area),
      clear: () => this.#showOnly([]),
    });
    this.card = new IdentifyCard(this.view, this.byId, new Map(this.areas.map((area) => [area.id, area.title])), () => {});
    this.opener = el("button", { type: "button", class: "button panel-toggle", "aria-controls": "panel", onclick: () => this.#panel(!app.classList.contains("panel-open")) });
    this.note = el("p", { class: "map-note badge badge-demonstration", role: "status", hidden: true }, t("map.demonstration"));
    app.append(this.panel.element, el("div", { class: "map-view" }, this.canvas, this.note, el("div", { class: "crosshair", "aria-hidden": "true" }), this.opener, this.card.element));
    this.#panel(!narrow.matches);
  }

  async start() {
    await this.view.ready();
    this.#apply(readState(location.hash));
    this.#listen();
    this.#remember();
    if (narrow.matches) this.view.map.once("idle", () => this.view.foldSources());
  }

  #listen() {
    const { map } = this.view;
    map.on("moveend", () => this.#remember());
    map.on("movestart", () => this.#busy());
    map.on("dataloading", () => this.#busy());
    map.on("idle", () => this.#idle());
    map.on("click", (/** @type {any} */ event) => {
      const touch = matchMedia("(pointer: coarse)").matches;
      this.card.open(this.view.at(event.point, touch ? 12 : 4));
      this.#uncover(event.point);
    });
    map.on("mousemove", (/** @type {any} */ event) => {
      map.getCanvas().style.cursor = this.view.at(event.point, 3).length ? "pointer" : "";
    });
    map.getCanvas().addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") this.card.open(this.view.at(map.project(map.getCenter()), 12));
      if (event.key === "Escape") this.card.close();
    });
    addEventListener("hashchange", () => {
      if (location.hash !== this.written) this.#apply(readState(location.hash));
    });
    narrow.addEventListener("change", () => this.#panel(!narrow.matches));
  }

  /** @param {import("./state.js").State} state */
  #apply(state) {
    for (const layer of this.layers.filter((one) => one.selector)) {
      const codes = layer.selector?.codes.map((code) => code.value) ?? [];
      const wanted = state.chosen[layer.id];
      this.#choose(layer, codes.includes(wanted) ? wanted : codes[0]);
    }
    this.#showOnly(state.layers ?? this.layers.filter((layer) => layer.visible).map((layer) => layer.id));
    const area = this.areas.find((one) => one.id === state.area);
    const [only] = state.layers ?? [];
    if (state.view) this.view.goTo(state.view);
    else if (area) this.#jump(area);
    else if (only && this.byId.get(only)?.bbox) this.view.fit(/** @type {any} */ (this.byId.get(only)).bbox);
    else if (this.areas.length) this.#jump(this.areas[0]);
  }

  /** @param {string[]} ids */
  #showOnly(ids) {
    for (const layer of this.layers) {
      const on = ids.includes(layer.id);
      if (on !== this.shown.has(layer.id)) this.#switch(layer, on);
    }
    this.#remember();
  }

  /**
   * @param {Layer} layer
   * @param {boolean} on
   */
  #switch(layer, on) {
    if (on) this.shown.add(layer.id);
    else this.shown.delete(layer.id);
    this.view.show(layer, on);
  }

  /**
   * @param {Layer} layer
   * @param {boolean} on
   */
  #toggle(layer, on) {
    this.#switch(layer, on);
    this.#remember();
  }

  /**
   * @param {Layer} layer
   * @param {string} value
   */
  #choose(layer, value) {
    this.chosen[layer.id] = value;
    this.view.choose(layer, value);
    this.#remember();
  }

  /** @param {Layer} layer */
  #zoomIn(layer) {
    const { lat, lon } = this.view.view;
    const [w, s, e, n] = layer.bbox ?? [lon, lat, lon, lat];
    const inside = lon >= w && lon <= e && lat >= s && lat <= n;
    this.view.goTo({ zoom: firstZoom(layer) + 0.5, lat: inside ? lat : (s + n) / 2, lon: inside ? lon : (w + e) / 2 });
  }

  /** @param {Area} area */
  #jump(area) {
    if (area.bbox) this.view.fit(area.bbox);
    else this.view.goTo({ zoom: area.zoom, lat: area.center[1], lon: area.center[0] });
  }

  /** @param {boolean} open */
  #panel(open) {
    app.classList.toggle("panel-open", open);
    this.opener.replaceChildren(icon(ICONS.layers), el("span", {}, t(open ? "map.panel_close" : "map.panel_open")));
    this.opener.setAttribute("aria-expanded", String(open));
    this.view.map.resize();
  }

  /** Move the map when the card lies over the place it tells about. @param {{x: number, y: number}} point */
  #uncover(point) {
    const frame = this.canvas.getBoundingClientRect();
    const card = this.card.element.getBoundingClientRect();
    const [left, top] = [card.left - frame.left, card.top - frame.top];
    const hidden = point.x > left - 20 && point.y > top - 20 && point.y < card.bottom - frame.top + 20;
    if (!hidden) return;
    const by = left < 40 ? [0, point.y - top / 2] : [point.x - left / 2, 0];
    this.view.map.panBy(by, { animate: false });
  }

  #busy() {
    app.dataset.mapState = "loading";
  }

  #idle() {
    app.dataset.mapState = "idle";
    if (testing) app.dataset.features = JSON.stringify(this.view.counts());
  }

  /** Put what is seen into the address, the language links and the panel. */
  #remember() {
    this.#busy();
    const layers = this.layers.filter((layer) => this.shown.has(layer.id)).map((layer) => layer.id);
    this.written = writeState(this.view.view, layers, this.chosen);
    history.replaceState(null, "", this.written);
    app.dataset.state = this.written;
    for (const link of document.querySelectorAll("a[data-language]")) {
      /** @type {HTMLAnchorElement} */ (link).hash = this.written;
    }
    this.panel.update(this.shown, this.chosen);
    this.panel.atZoom(this.view.view.zoom);
    this.note.hidden = !this.layers.some((layer) => layer.statuses.includes("demonstration") && this.view.isSeen(layer));
    // Also when nothing has to be drawn anew the map tells that it is idle.
    this.view.map.triggerRepaint();
  }
}

async function main() {
  const answer = await fetch(/** @type {string} */ (app.dataset.catalogue));
  if (!answer.ok) throw new Error(`catalogue: ${answer.status}`);
  const catalogue = await answer.json();
  useTexts(catalogue.language, catalogue.texts);
  if (!document.createElement("canvas").getContext("webgl2")) {
    tell(t("map.no_webgl"));
    return;
  }
  await loadFonts();
  const page = new MapPage(catalogue);
  await page.start();
  /** @type {HTMLElement} */ (document.getElementById("map-message")).hidden = true;
  if (testing) Reflect.set(window, "geoportalMap", page.view.map);
}

main().catch((error) => {
  console.error(error);
  tell(app.dataset.failed ?? "");
});
