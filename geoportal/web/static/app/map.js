// The map itself: sources and layers from the catalogue, what is shown, what is under a point.

import * as maplibre from "../vendor/maplibre-gl/maplibre-gl.mjs";
import { t } from "./i18n.js";

/** @typedef {{id: string, title: string, description: string, keywords: string[], statuses: string[],
 *   supplier: string, licence: string, attribution: string[], visible: boolean, order: number,
 *   titleField: string | null, fields: import("./i18n.js").Field[], rows: number,
 *   selector: {field: string, title: string, codes: {value: string, title: string}[]} | null,
 *   bbox: [number, number, number, number] | null, url: string, tiles: string, minzoom: number,
 *   maxzoom: number, style: any[], legend: import("./legend.js").Group[]}} Layer */

const GROUND = "#eceeed";
const MARK = "#b3005e";
const FONT = "Noto Sans Regular";
const SLACK = 0.0005;

/** Labels are drawn from web fonts: they must be there before the first label is. */
export async function loadFonts() {
  await Promise.all([document.fonts.load(`24px "${FONT}"`, "Орша ўі"), document.fonts.load(`24px "${FONT}"`, "Aa1")]);
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** @param {Layer} layer */
function source(layer) {
  const [w, s, e, n] = layer.bbox ?? [-180, -85, 180, 85];
  return {
    type: "vector",
    tiles: [new URL(layer.tiles, location.origin).href.replaceAll("%7B", "{").replaceAll("%7D", "}")],
    minzoom: layer.minzoom,
    maxzoom: layer.maxzoom,
    bounds: [w - SLACK, s - SLACK, e + SLACK, n + SLACK],
    attribution: layer.attribution.map(escaped).join("; "),
  };
}

const EMPTY = { type: "FeatureCollection", features: [] };

/** What is told about in the side card, drawn above everything. */
const MARK_LAYERS = [
  { id: "mark-fill", type: "fill", source: "mark", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": MARK, "fill-opacity": 0.12 } },
  { id: "mark-line", type: "line", source: "mark", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": MARK, "line-width": 3 } },
  { id: "mark-point", type: "circle", source: "mark", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 10, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": MARK, "circle-stroke-width": 3 } },
];

/** The zoom from which anything of a layer is drawn. @param {Layer} layer */
export function firstZoom(layer) {
  return Math.max(layer.minzoom, Math.min(...layer.style.map((one) => one.minzoom ?? 0)));
}

export class MapView {
  /**
   * @param {HTMLElement} container
   * @param {Layer[]} layers
   */
  constructor(container, layers) {
    this.layers = [...layers].sort((a, b) => a.order - b.order);
    /** @type {Set<string>} */
    this.shown = new Set();
    /** @type {Map<string, string[]>} */
    this.parts = new Map(this.layers.map((layer) => [layer.id, layer.style.map((one) => one.id)]));
    this.map = new maplibre.Map({
      container,
      style: this.#style(),
      bounds: [23.1, 51.2, 32.9, 56.2],
      fitBoundsOptions: { padding: 20 },
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      rollEnabled: false,
      maxPitch: 0,
      maxZoom: 20,
      locale: {
        "Map.Title": t("map.region"),
        "NavigationControl.ZoomIn": t("map.zoom_in"),
        "NavigationControl.ZoomOut": t("map.zoom_out"),
        "AttributionControl.ToggleAttribution": t("map.attribution_toggle"),
        "ScaleControl.Meters": t("map.scale_m"),
        "ScaleControl.Kilometers": t("map.scale_km"),
      },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new maplibre.ScaleControl({ unit: "metric", maxWidth: 120 }), "bottom-left");
    this.map.addControl(new maplibre.AttributionControl({}), "bottom-right");
  }

  #style() {
    const sources = { mark: { type: "geojson", data: EMPTY } };
    for (const layer of this.layers) Object.assign(sources, { [layer.id]: source(layer) });
    const drawn = this.layers.flatMap((layer) =>
      layer.style.map((one) => ({ ...one, layout: { ...one.layout, visibility: "none" } })),
    );
    return {
      version: 8,
      sources,
      // Names lie above every surface, whatever layer they belong to.
      layers: [
        { id: "ground", type: "background", paint: { "background-color": GROUND } },
        ...drawn.filter((one) => one.type !== "symbol"),
        ...drawn.filter((one) => one.type === "symbol"),
        ...MARK_LAYERS,
      ],
    };
  }

  /** Resolves when layers may be switched. */
  async ready() {
    if (!this.map.loaded()) await this.map.once("load");
  }

  /** On a phone the list of sources would lie over the map: folded, it is one touch away. */
  foldSources() {
    const list = this.map.getContainer().querySelector(".maplibregl-ctrl-attrib.maplibregl-compact-show");
    list?.classList.remove("maplibregl-compact-show");
  }

  /**
   * @param {Layer} layer
   * @param {boolean} on
   */
  show(layer, on) {
    if (on) this.shown.add(layer.id);
    else this.shown.delete(layer.id);
    for (const id of this.parts.get(layer.id) ?? []) {
      this.map.setLayoutProperty(id, "visibility", on ? "visible" : "none");
    }
  }

  /**
   * Show one class of a layer that has a selector.
   * @param {Layer} layer
   * @param {string} value
   */
  choose(layer, value) {
    if (!layer.selector) return;
    const only = ["==", ["get", layer.selector.field], value];
    for (const one of layer.style) this.map.setFilter(one.id, one.filter ? ["all", one.filter, only] : only);
  }

  /** Drawn parts of the layers that are on. */
  #visibleParts() {
    return [...this.shown].flatMap((id) => this.parts.get(id) ?? []);
  }

  /**
   * Every feature of the shown layers at a point, the topmost first, each once.
   * @param {{x: number, y: number}} point
   * @param {number} reach pixels
   */
  at(point, reach) {
    const box = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
    const found = this.map.queryRenderedFeatures(box, { layers: this.#visibleParts() });
    const seen = new Set();
    return found.filter((/** @type {any} */ feature) => {
      const key = `${feature.source} ${feature.id ?? JSON.stringify(feature.properties)}`;
      return !seen.has(key) && seen.add(key);
    });
  }

  /** Number of drawn features by layer. */
  counts() {
    /** @type {Record<string, number>} */
    const found = {};
    const parts = this.#visibleParts();
    if (!parts.length) return found;
    for (const feature of this.map.queryRenderedFeatures({ layers: parts })) {
      found[feature.source] = (found[feature.source] ?? 0) + 1;
    }
    return found;
  }

  /** @param {object | null} geometry GeoJSON, WGS 84 */
  mark(geometry) {
    this.map.getSource("mark")?.setData(geometry ? { type: "Feature", properties: {}, geometry } : EMPTY);
  }

  /** Whether a layer is on and has data within what is seen. @param {Layer} layer */
  isSeen(layer) {
    if (!this.shown.has(layer.id) || !layer.bbox || this.map.getZoom() < firstZoom(layer)) return false;
    const [w, s, e, n] = layer.bbox;
    const seen = this.map.getBounds();
    return w <= seen.getEast() && e >= seen.getWest() && s <= seen.getNorth() && n >= seen.getSouth();
  }

  get view() {
    const { lng, lat } = this.map.getCenter();
    return { zoom: this.map.getZoom(), lat, lon: lng };
  }

  /** @param {{zoom: number, lat: number, lon: number}} view */
  goTo(view) {
    this.map.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom });
  }

  /** @param {[number, number, number, number]} box west, south, east, north */
  fit(box) {
    const narrow = this.map.getContainer().clientWidth < 640;
    this.map.fitBounds(box, { padding: narrow ? 24 : 48, maxZoom: 17, animate: false });
  }
}
